//! Current Prometheus and its kin, for tests that compare with the real thing.
//!
//! Debian stable's are years old; those of Debian's unstable suite run on stable as they are. They are fetched
//! with an apt state of its own into `target/peers`, so that nothing of the system changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{in_path, run, target_dir};

const PACKAGES: [&str; 5] =
    ["prometheus", "promtool", "prometheus-alertmanager", "prometheus-node-exporter", "victoria-metrics"];
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The folder with the peers' programs, fetched if need be; `None`, with the reason printed, where they
/// cannot be had. Tests that need one are skipped then.
pub(crate) fn ensure() -> Option<PathBuf> {
    let dir = target_dir().join("peers");
    let programs = dir.join("usr/bin");
    if programs.join("prometheus").is_file() && programs.join("promtool").is_file() {
        return Some(programs);
    }
    println!(
        "      fetching current Prometheus, Alertmanager and VictoriaMetrics from Debian to compare with"
    );
    match fetch(&dir) {
        Ok(()) => Some(programs),
        Err(error) => {
            println!("      {error:#}; tests that compare with them will be skipped");
            None
        }
    }
}

fn fetch(dir: &Path) -> Result<()> {
    if in_path("apt-get").is_none() || !Path::new(KEYRING).is_file() {
        bail!("this is no Debian system");
    }
    let mirror = mirror().context("no Debian mirror in /etc/apt")?;
    let state = dir.join("apt");
    for part in ["lists/partial", "cache/archives/partial", "none"] {
        fs::create_dir_all(state.join(part))?;
    }
    fs::write(state.join("status"), "")?;
    let list = state.join("sources.list");
    fs::write(&list, format!("deb [signed-by={KEYRING}] {mirror} sid main\n"))?;
    let option = |name: &str, path: PathBuf| format!("-oDir::{name}={}", path.display());
    let options = [
        option("State::Lists", state.join("lists")),
        option("State::status", state.join("status")),
        option("Cache", state.join("cache")),
        option("Etc::SourceList", list),
        option("Etc::SourceParts", state.join("none")),
        // As root apt would drop to a user that may not be able to reach the target folder.
        "-oAPT::Sandbox::User=root".to_owned(),
        "-q".to_owned(),
    ];
    let apt = |args: &[&str]| run(Command::new("apt-get").args(&options).args(args).current_dir(&state));
    apt(&["update"])?;
    apt(&[&["download"], PACKAGES.as_slice()].concat())?;
    for entry in fs::read_dir(&state)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(&path).arg(dir))?;
        }
    }
    fs::remove_dir_all(&state).context("failed to clean up")
}

/// The mirror that the system itself uses.
fn mirror() -> Option<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    let texts: Vec<String> = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    let words = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim_start().starts_with('#'));
    words
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
}
