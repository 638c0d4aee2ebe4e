//! The watchfire program: `serve` and `demo` run the server, `check` and `test` look at files, `tsdb`
//! after data directories.
//!
//! Only wiring lives here: flags, the order of starting and stopping, reload. What the parts do is in
//! their crates.

mod check;
mod cli;
mod serve;
mod tsdb;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.command {
        Command::Serve(flags) => serve::main(&flags, cli::flag_values(&matches), None),
        Command::Demo(flags) => {
            serve::main(&flags.server, cli::flag_values(&matches), Some(serve::DemoOptions::from(&flags)))
        }
        Command::Check(check) => check::main(&check.what),
        Command::Test(test) => check::test(&test.what),
        Command::Tsdb(chore) => tsdb::main(&chore),
    }
}
