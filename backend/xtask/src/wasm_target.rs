//! A compiler for the browser. Asked in this order: the toolchain's own wasm32 target, `rustup target add`,
//! Debian's rustc for the web with a standard library built here, a clear message.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, in_path, output, root, run};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// How to call cargo for the browser.
#[derive(Clone, Debug, Default)]
pub(crate) struct WasmToolchain {
    /// A rustup toolchain name, if it is not the default one.
    toolchain: Option<&'static str>,
    /// A linker, if the compiler does not bring its own.
    linker: Option<PathBuf>,
}

impl WasmToolchain {
    /// A cargo command that compiles for the browser into a target directory of its own.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = match self.toolchain {
            None => cargo(args),
            // `+toolchain` is understood by rustup's proxy only, not by the cargo that runs us.
            Some(name) => {
                let mut command = Command::new("cargo");
                command.arg(format!("+{name}")).args(args).current_dir(root()).env_remove("RUSTUP_TOOLCHAIN");
                // This compiler's standard library carries no bitcode, so that link-time optimisation fails.
                command.env("CARGO_PROFILE_WASM_RELEASE_LTO", "off");
                command
            }
        };
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }

    /// Keeps builds by different compilers apart.
    pub(crate) fn target_dir(&self) -> PathBuf {
        crate::run::target_dir().join(if self.toolchain.is_some() { "wasm-debian" } else { "wasm" })
    }
}

const DEBIAN: &str = "debian-web";
/// Skips the first two ways; for testing the third.
const FORCE_DEBIAN: &str = "WATCHFIRE_WASM_FROM_DEBIAN";

/// Finds or installs a compiler for the browser.
pub(crate) fn ensure() -> Result<WasmToolchain> {
    if std::env::var_os(FORCE_DEBIAN).is_none() {
        if has_target(&sysroot(&["rustc"])?) {
            return Ok(WasmToolchain::default());
        }
        println!("      the {TARGET} target is missing; asking rustup for it");
        let added = Command::new("rustup").args(["target", "add", TARGET]).current_dir(root()).status();
        if added.is_ok_and(|status| status.success()) && has_target(&sysroot(&["rustc"])?) {
            return Ok(WasmToolchain::default());
        }
        println!("      rustup could not add it; trying Debian's rustc for the web");
    }
    debian().with_context(|| {
        format!(
            "the app needs the {TARGET} target. Run `rustup target add {TARGET}`; where the network forbids \
             that, on Debian `apt-get install rustc-web rust-web-src lld` (as root) and start again"
        )
    })
}

fn sysroot(rustc: &[&str]) -> Result<PathBuf> {
    let mut command = Command::new(rustc[0]);
    command.args(&rustc[1..]).args(["--print", "sysroot"]).current_dir(root());
    Ok(output(&mut command).context("failed to run rustc; is Rust installed (https://rustup.rs)?")?.into())
}

fn has_target(sysroot: &Path) -> bool {
    let lib = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    lib.read_dir().is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
    })
}

fn debian() -> Result<WasmToolchain> {
    let linker = sysroot(&["rustc"])?.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    let toolchain = WasmToolchain { toolchain: Some(DEBIAN), linker: linker.is_file().then_some(linker) };
    let usr = Path::new("/usr");
    let linked = output(Command::new("rustup").args(["toolchain", "list"]))
        .is_some_and(|list| list.lines().any(|line| line.starts_with(DEBIAN)));
    if linked && has_target(usr) {
        return Ok(toolchain);
    }
    if in_path("apt-get").is_none() {
        bail!("this is no Debian system");
    }
    run(Command::new("apt-get")
        .args(["install", "-y", "--no-install-recommends", "rustc-web", "rust-web-src"])
        .env("DEBIAN_FRONTEND", "noninteractive"))?;
    build_standard_library(usr)?;
    run(Command::new("rustup").args(["toolchain", "link", DEBIAN, "/usr"]))?;
    Ok(toolchain)
}

/// Debian ships the compiler with its sources, but no compiled standard library for the bare target.
fn build_standard_library(usr: &Path) -> Result<()> {
    let dir = crate::run::target_dir().join("wasm-std");
    std::fs::create_dir_all(dir.join("src"))?;
    std::fs::write(dir.join("src/lib.rs"), "")?;
    std::fs::write(
        dir.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    run(cargo(&["build", "--release", "--target", TARGET, "-Z", "build-std=std,panic_abort"])
        .current_dir(&dir)
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", dir.join("target")))?;
    let lib = usr.join("lib/rustlib").join(TARGET).join("lib");
    std::fs::create_dir_all(&lib)
        .with_context(|| format!("failed to create {}; run once as root", lib.display()))?;
    for file in dir.join("target").join(TARGET).join("release/deps").read_dir()? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty") {
            std::fs::copy(file.path(), lib.join(name))?;
        }
    }
    Ok(())
}
