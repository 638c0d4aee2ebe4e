//! Says where the app's bundle lies, and puts a page there that tells how to build it where there is none,
//! so that the server compiles on its own.

use std::path::{Path, PathBuf};
use std::{env, fs};

const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>Watchfire</title></head>
<body>
<h1>Watchfire is running, but this binary was built without its app</h1>
<p>Build it with <code>cargo xtask build</code>, then start <code>target/release/watchfire</code>. <code>cargo xtask demo</code> does both.</p>
<p>The HTTP API works as it is: see <code>/api/v1/query</code> and <code>/metrics</code>.</p>
</body>
</html>
";

fn main() {
    println!("cargo:rerun-if-env-changed=WATCHFIRE_UI_DIR");
    let folder = env::var_os("WATCHFIRE_UI_DIR").map_or_else(|| target_dir().join("ui"), PathBuf::from);
    let index = folder.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&folder).expect("the target directory can be written");
        fs::write(&index, PLACEHOLDER).expect("the target directory can be written");
    }
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rustc-env=WATCHFIRE_UI={}", folder.display());
}

/// Cargo's target directory: the one above `OUT_DIR` that carries Cargo's mark, else the workspace's.
fn target_dir() -> PathBuf {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo"));
    let marked = out.ancestors().find(|dir| dir.join("CACHEDIR.TAG").exists()).map(Path::to_owned);
    marked.unwrap_or_else(|| {
        let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by Cargo"));
        manifest.join("../../../target")
    })
}
