//! Who takes part, and what each needs to be told.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::client::Client;
use super::disk::{Usage, usage};
use crate::peers;
use crate::run::{cargo, in_path, output, run, target_dir};

/// A server that is measured.
#[derive(Clone, Debug)]
pub(super) struct Contender {
    pub(super) kind: Kind,
    program: PathBuf,
    /// Whether the program has the flag that opens the admin API.
    admin: bool,
}

/// Which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Watchfire,
    Prometheus,
    VictoriaMetrics,
}

impl Kind {
    /// The name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Watchfire => "Watchfire",
            Self::Prometheus => "Prometheus",
            Self::VictoriaMetrics => "VictoriaMetrics",
        }
    }

    /// The kind of a name as given on the command line.
    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Watchfire, Self::Prometheus, Self::VictoriaMetrics]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Variable that names the program, and the program's name in the PATH.
    fn program(self) -> (&'static str, &'static str) {
        match self {
            Self::Watchfire => ("WATCHFIRE_BIN", "watchfire"),
            Self::Prometheus => ("WATCHFIRE_PROMETHEUS", "prometheus"),
            Self::VictoriaMetrics => ("WATCHFIRE_VICTORIA_METRICS", "victoria-metrics"),
        }
    }
}

const ADMIN: &str = "--web.enable-admin-api";

impl Contender {
    /// Ours is built unless `WATCHFIRE_BIN` names one; a peer is looked for by its variable, in the PATH and
    /// among the fetched ones. `None` where a peer cannot be had.
    ///
    /// # Errors
    /// When ours cannot be built.
    pub(super) fn find(kind: Kind) -> Result<Option<Self>> {
        let (variable, name) = kind.program();
        let named = std::env::var_os(variable).map(PathBuf::from);
        let program = if kind == Kind::Watchfire && named.is_none() {
            run(&mut cargo(&["build", "--release", "--package", "watchfire"]))?;
            Some(target_dir().join("release").join(name))
        } else {
            named
                .or_else(|| in_path(name))
                .or_else(|| peers::ensure().map(|dir| dir.join(name)).filter(|path| path.is_file()))
        };
        Ok(program.map(|program| {
            let admin = match kind {
                Kind::Watchfire => output(Command::new(&program).args(["serve", "--help"]))
                    .is_some_and(|help| help.contains(ADMIN)),
                Kind::Prometheus => true,
                Kind::VictoriaMetrics => false,
            };
            Self { kind, program, admin }
        }))
    }

    /// The command that starts it with the configuration and folder given; `block` is the length of the
    /// shortest blocks, where it is not to be what it is by default.
    pub(super) fn command(&self, config: &Path, data: &Path, address: &str, block: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        let (config, data) = (config.display(), data.display());
        if self.kind == Kind::VictoriaMetrics {
            command.args([
                format!("-storageDataPath={data}"),
                format!("-httpListenAddr={address}"),
                format!("-promscrape.config={config}"),
                "-loggerLevel=WARN".to_owned(),
            ]);
            return command;
        }
        if self.kind == Kind::Watchfire {
            command.arg("serve");
        }
        command.args([
            format!("--config.file={config}"),
            format!("--storage.tsdb.path={data}"),
            format!("--web.listen-address={address}"),
            "--web.enable-remote-write-receiver".to_owned(),
            "--log.level=warn".to_owned(),
        ]);
        if self.admin {
            command.arg(ADMIN);
        }
        if let Some(block) = block {
            command.args(["min", "max"].map(|end| format!("--storage.tsdb.{end}-block-duration={block}")));
        }
        command
    }

    /// The address that answers 200 once the server takes requests.
    pub(super) fn ready_path(&self) -> &'static str {
        if self.kind == Kind::VictoriaMetrics { "/health" } else { "/-/ready" }
    }

    /// Brings the data into the form in which it is kept for long, and measures that: a snapshot where there is
    /// one, or everything merged into one part. `None` where the server has no way. `settle` waits until the
    /// server is calm.
    ///
    /// # Errors
    /// When the server fails to.
    pub(super) fn compact(
        &self,
        client: &Client,
        data: &Path,
        mut settle: impl FnMut() -> Result<()>,
    ) -> Result<Option<Usage>> {
        if self.kind == Kind::VictoriaMetrics {
            for path in ["/internal/force_flush", "/internal/force_merge"] {
                let (status, text) = client.get(path)?;
                if status != 200 {
                    bail!("{path} was answered with {status}: {}", text.trim());
                }
                settle()?;
            }
            return usage(data).map(Some);
        }
        if !self.admin {
            return Ok(None);
        }
        let (status, text) = client.post("/api/v1/admin/tsdb/snapshot")?;
        if status != 200 {
            bail!("the snapshot was answered with {status}: {}", text.trim());
        }
        let snapshots = data.join("snapshots");
        let measured = usage(&snapshots)?;
        std::fs::remove_dir_all(&snapshots).context("failed to remove the snapshot")?;
        Ok(Some(measured))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, admin: bool, block: Option<&str>) -> String {
        let contender = Contender { kind, program: "program".into(), admin };
        let command = contender.command(Path::new("c.yml"), Path::new("data"), "127.0.0.1:1", block);
        command.get_args().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_is_told_in_its_own_words() {
        assert_eq!(
            shown(Kind::Watchfire, false, None),
            "serve --config.file=c.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:1 \
             --web.enable-remote-write-receiver --log.level=warn"
        );
        let prometheus = shown(Kind::Prometheus, true, Some("2m"));
        assert!(prometheus.contains(ADMIN) && !prometheus.contains("serve"), "{prometheus}");
        assert!(prometheus.ends_with("min-block-duration=2m --storage.tsdb.max-block-duration=2m"));
        assert!(shown(Kind::VictoriaMetrics, false, Some("2m")).starts_with("-storageDataPath=data"));
    }

    #[test]
    fn names_are_taken_in_any_case() {
        assert_eq!(Kind::of("victoriametrics"), Some(Kind::VictoriaMetrics));
        assert_eq!(Kind::of("Prometheus"), Some(Kind::Prometheus));
        assert_eq!(Kind::of("thanos"), None);
    }
}
