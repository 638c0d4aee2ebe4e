//! The app's bundle: compile for the browser, generate the JavaScript with the very wasm-bindgen version of
//! the lock file, name every file by its content, compress, write `target/ui` for the server to embed.

mod bundle;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::run::{root, run, target_dir};
use crate::wasm_target;

/// Where the bundle lies; the server embeds this folder.
pub(crate) fn bundle_dir() -> PathBuf {
    target_dir().join("ui")
}

/// Builds the bundle; quick when nothing changed.
pub(crate) fn build() -> Result<PathBuf> {
    let toolchain = wasm_target::ensure()?;
    let target_dir = toolchain.target_dir();
    let mut command = toolchain.cargo(&[
        "build",
        "--package",
        "frontend",
        "--target",
        wasm_target::TARGET,
        "--profile",
        "wasm-release",
    ]);
    command.arg("--target-dir").arg(&target_dir).env("RUSTFLAGS", "--cfg erase_components");
    run(&mut command)?;
    let wasm = target_dir.join(wasm_target::TARGET).join("wasm-release/frontend.wasm");

    let generated = target_dir.join("bindgen");
    bindgen(&wasm, &generated, "app")?;
    let out = bundle_dir();
    bundle::write(&root().join("frontend"), &generated, &out)?;
    Ok(out)
}

/// `cargo xtask bindgen WASM DIR`
pub(crate) fn bindgen_command(args: &[String]) -> Result<()> {
    let [wasm, dir] = args else { anyhow::bail!("usage: cargo xtask bindgen WASM DIR") };
    bindgen(Path::new(wasm), Path::new(dir), "bench")
}

fn bindgen(wasm: &Path, out: &Path, name: &str) -> Result<()> {
    if out.exists() {
        std::fs::remove_dir_all(out)?;
    }
    std::fs::create_dir_all(out)?;
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name(name)
        .generate(out)
        .with_context(|| format!("failed to generate JavaScript for {}", wasm.display()))
}
