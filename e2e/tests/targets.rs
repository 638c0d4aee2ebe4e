//! The targets page tells the truth about a real exporter: up while it runs, down with the reason after.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use e2e::{Browser, Name, Program, Theme};

/// Debian's node exporter on a free port.
struct Exporter {
    process: Child,
    port: u16,
}

impl Exporter {
    /// `None` where it is not installed.
    fn start() -> Result<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("prometheus-node-exporter")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match process {
            Ok(process) => Ok(Some(Self { process, port })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("prometheus-node-exporter"),
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // It may have been stopped by the test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_exporter_is_up_and_when_it_stops_down_with_the_reason() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let Some(mut exporter) = Exporter::start()? else {
        testkit::skip("prometheus-node-exporter is not installed");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("prometheus.yml");
    std::fs::write(
        &config,
        format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: node\n    static_configs:\n      \
             - targets: ['127.0.0.1:{}']\n",
            exporter.port
        ),
    )?;
    let program = Program::start(&binary, "serve", &[format!("--config.file={}", config.display())])?;
    let browser = Browser::start(&chromium).await?;
    let tab = browser.open(&format!("{}/targets", program.address()), 1440, 900, Theme::Light).await?;
    tab.find("main", Name::Has("")).await?;
    tab.see("1 of 1 up").await?;
    tab.wait("samples of the exporter", || async {
        Ok(program.query_one("count(node_cpu_seconds_total)").ok().filter(|count| *count > 0.0))
    })
    .await?;

    exporter.process.kill()?;
    exporter.process.wait()?;
    tab.see("0 of 1 up").await?;
    tab.see("refused").await?;
    tab.screenshot("target-down-light-1440").await?;
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}
