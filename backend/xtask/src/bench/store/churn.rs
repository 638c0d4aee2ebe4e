//! Pods that come and go: new series all the time on top of some that stay.
//!
//! Unlike the rest of the load this is sent at its time, second by second. A pod that comes has a sample every
//! 15 seconds, four in all, and then the mark that its series have ended.

use std::collections::VecDeque;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::body::Packer;
use super::contender::Contender;
use super::figures::Measured;
use super::fleet::{Line, POD_SERIES, lines};
use super::load::{INTERVAL_MS, Pod, REQUEST_SAMPLES};
use super::options::Churn;
use super::server::Server;

/// Series that stay.
const BASE_SERIES: usize = 10_000;
/// Seconds that the others live.
const LIFE_S: u64 = 60;
const INTERVAL_S: u64 = INTERVAL_MS as u64 / 1_000;
const MIB: f64 = 1_048_576.0;

/// The pods at a moment.
struct Crowd<'a> {
    lines: &'a [Line],
    base: Vec<Pod>,
    /// Pods that came, with the second in which they did.
    passing: VecDeque<(u64, Pod)>,
    /// Number of the next one.
    next: usize,
    packer: Packer,
}

impl Crowd<'_> {
    /// Sends what is due in a second, in which `coming` new pods come.
    fn second(&mut self, second: u64, coming: usize, server: &Server) -> Result<()> {
        let t_ms =
            SystemTime::now().duration_since(UNIX_EPOCH).context("a clock before 1970")?.as_millis() as i64;
        for (at, pod) in self.base.iter_mut().enumerate() {
            if at as u64 % INTERVAL_S == second % INTERVAL_S {
                pod.step(self.lines, t_ms, &mut self.packer)?;
            }
        }
        while self.passing.front().is_some_and(|(born, _)| born + LIFE_S <= second) {
            if let Some((_, pod)) = self.passing.pop_front() {
                pod.end(t_ms, &mut self.packer)?;
            }
        }
        for _ in 0..coming {
            self.passing.push_back((second, Pod::new(self.next, self.lines)));
            self.next += 1;
        }
        for (born, pod) in &mut self.passing {
            if (second - *born).is_multiple_of(INTERVAL_S) {
                pod.step(self.lines, t_ms, &mut self.packer)?;
            }
        }
        self.packer.finish()?.iter().try_for_each(|body| server.client.write(body).map(drop))
    }
}

/// Runs the churn on a fresh server, and goes on with the series that stay until the memory is returned.
///
/// # Errors
/// When the server refuses something.
pub(super) fn churn(contender: &Contender, dir: &Path, plan: &Churn, measured: &mut Measured) -> Result<()> {
    let server = Server::start(contender, dir, Some(&plan.block))?;
    let process = &server.process;
    let lines = lines();
    let base: Vec<Pod> = (0..BASE_SERIES / POD_SERIES).map(|pod| Pod::new(pod, &lines)).collect();
    let next = base.len();
    let mut crowd =
        Crowd { lines: &lines, base, passing: VecDeque::new(), next, packer: Packer::new(REQUEST_SAMPLES) };
    let coming = (plan.per_second / POD_SERIES).max(1);

    // A round in which all that stay are seen.
    for second in 0..INTERVAL_S {
        crowd.second(second, 0, &server)?;
    }
    let before = server.settle()?.resident;
    let mut peak = before;
    let mut late = Duration::ZERO;
    let cpu = process.cpu_s()?;
    let mut begun = Instant::now();
    let first = INTERVAL_S;
    for second in 0..plan.seconds {
        crowd.second(first + second, coming, &server)?;
        peak = peak.max(process.memory()?.resident);
        late = late.max(wait_until(begun, second + 1));
    }
    let came = (crowd.next - next) * POD_SERIES;
    let cpu_churn = process.cpu_s()?;
    measured.set("churn_cpu_us", (cpu_churn - cpu) * 1e6 / came as f64);
    measured.set("churn_late_s", late.as_secs_f64());
    measured.set("churn_base_mib", before / MIB);

    begun = Instant::now();
    let mut returned = f64::INFINITY;
    let mut after = peak;
    for second in 0..plan.after {
        crowd.second(first + plan.seconds + second, 0, &server)?;
        after = process.memory()?.resident;
        peak = peak.max(after);
        if after - before <= (peak - before) / 10.0 {
            returned = (second + 1) as f64;
            break;
        }
        wait_until(begun, second + 1);
    }
    measured.set("churn_peak_mib", (peak - before) / MIB);
    measured.set("churn_after_mib", (after - before) / MIB);
    measured.set("churn_return_s", returned);
    measured.set("churn_after_cpu", process.cpu_s()? - cpu_churn);
    Ok(())
}

/// Sleeps until so many seconds have passed; by how much it was too late already.
fn wait_until(begun: Instant, seconds: u64) -> Duration {
    let (due, passed) = (Duration::from_secs(seconds), begun.elapsed());
    sleep(due.saturating_sub(passed));
    passed.saturating_sub(due)
}
