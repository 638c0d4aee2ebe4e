//! `cargo xtask demo` and `cargo xtask build`: from a clone to a running program.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::run::{self, cargo, step, target_dir};
use crate::{ui, wasm_target};

/// Builds the release binary with the app in it.
pub(crate) fn build() -> Result<PathBuf> {
    step(1, 3, "look for a compiler for the browser", wasm_target::ensure)?;
    step(2, 3, "build the app (a few minutes the first time)", ui::build)?;
    step(3, 3, "build the server (several minutes the first time)", || {
        run::run(&mut cargo(&["build", "--release", "--package", "watchfire"]))
    })?;
    Ok(target_dir().join("release").join("watchfire"))
}

/// Builds and starts the demo; it prints its address itself, and ends with Ctrl-C.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let binary = build()?;
    println!("starting {} demo", binary.display());
    run::run(Command::new(binary).arg("demo").args(args))
}
