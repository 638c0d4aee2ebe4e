//! From generated JavaScript, styles, fonts and the page template to the folder that is served.
//!
//! Layout of the result: `index.html` (never cached) and `assets/…` (cached for ever: a changed file has
//! a changed name). Text and wasm have `.br` and `.gz` beside them, so that the server compresses nothing.
//! In the template `{{css}}` and `{{app}}`, `{{wasm}}` stand for addresses, `{{asset:PATH}}` for the address of
//! `frontend/assets/PATH`; the same works in style sheets.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Files of the bundle by their path below its root.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes the bundle to `out`, unless it is there already with the same content.
pub(crate) fn write(frontend: &Path, generated: &Path, out: &Path) -> Result<()> {
    let mut files = Files::new();
    let assets = hashed_assets(&frontend.join("assets"), &mut files)?;

    let mut css = String::new();
    for path in files_below(&frontend.join("style"))? {
        if path.extension().is_some_and(|e| e == "css") {
            css.push_str(&fs::read_to_string(&path)?);
            css.push('\n');
        }
    }
    let css = fill(&css, &assets).context("in frontend/style")?;
    let css_path = format!("assets/app-{}.css", hash(css.as_bytes()));
    files.insert(css_path.clone(), css.into_bytes());

    let app = app_files(generated)?;
    let folder = format!("assets/{}", hash_all(&app));
    for (path, bytes) in app {
        files.insert(format!("{folder}/{path}"), bytes);
    }

    let mut places = assets;
    places.insert("css".to_owned(), format!("/{css_path}"));
    places.insert("app".to_owned(), format!("/{folder}/app.js"));
    places.insert("wasm".to_owned(), format!("/{folder}/app_bg.wasm"));
    let template =
        fs::read_to_string(frontend.join("index.html")).context("failed to read frontend/index.html")?;
    let index = fill(&template, &places).context("in frontend/index.html")?;
    files.insert("index.html".to_owned(), index.into_bytes());

    store(&files, out)
}

/// What wasm-bindgen made, with the call that starts the app at the end of its script.
fn app_files(generated: &Path) -> Result<Files> {
    let mut app = Files::new();
    for path in files_below(generated)? {
        let name = path.strip_prefix(generated)?.to_string_lossy().replace('\\', "/");
        let mut bytes = fs::read(&path)?;
        if name == "app.js" {
            bytes.extend_from_slice(
                b"\n__wbg_init({ module_or_path: new URL(\"app_bg.wasm\", import.meta.url) });\n",
            );
        }
        app.insert(name, bytes);
    }
    if !app.contains_key("app.js") || !app.contains_key("app_bg.wasm") {
        bail!("{} holds no app.js and app_bg.wasm", generated.display());
    }
    Ok(app)
}

/// Adds the files of `frontend/assets` under hashed names; answers `asset:PATH` → address.
fn hashed_assets(assets: &Path, files: &mut Files) -> Result<BTreeMap<String, String>> {
    let mut addresses = BTreeMap::new();
    for path in files_below(assets)? {
        let bytes = fs::read(&path)?;
        let name = path.strip_prefix(assets)?.to_string_lossy().replace('\\', "/");
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let hashed = format!("assets/{stem}-{}.{extension}", hash(&bytes));
        addresses.insert(format!("asset:{name}"), format!("/{hashed}"));
        files.insert(hashed, bytes);
    }
    Ok(addresses)
}

/// Replaces `{{name}}` by the place of that name; an unknown name is an error.
fn fill(text: &str, places: &BTreeMap<String, String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").context("a `{{` has no `}}`")?;
        let place = places.get(name.trim()).with_context(|| format!("nothing is called `{{{{{name}}}}}`"))?;
        out.push_str(before);
        out.push_str(place);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn store(files: &Files, out: &Path) -> Result<()> {
    let stamp = hash_all(files);
    let stamp_file = out.join(".stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    for (path, bytes) in files {
        let file = out.join(path);
        fs::create_dir_all(file.parent().unwrap_or(out))?;
        fs::write(&file, bytes)?;
        if !path.ends_with(".woff2") && !path.ends_with(".png") {
            fs::write(with_suffix(&file, ".br"), brotli(bytes)?)?;
            fs::write(with_suffix(&file, ".gz"), gzip(bytes)?)?;
        }
    }
    fs::write(stamp_file, stamp)?;
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// All files below `dir`, sorted by path; none if there is no such folder.
fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        if !dir.exists() {
            continue;
        }
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// Enough of a SHA-256 to tell versions of a file apart.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn hash_all(files: &Files) -> String {
    let mut hasher = Sha256::new();
    for (path, bytes) in files {
        hasher.update((path.len() as u64).to_le_bytes());
        hasher.update(path);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(dir: &Path, css: &str) {
        for (path, text) in [
            ("frontend/index.html", "<link href=\"{{css}}\"><script src=\"{{app}}\"></script>{{wasm}}"),
            ("frontend/style/a.css", css),
            ("frontend/assets/fonts/f.woff2", "font"),
            ("generated/app.js", "import './snippets/x/inline0.js'"),
            ("generated/app_bg.wasm", "wasm"),
            ("generated/snippets/x/inline0.js", "export {}"),
        ] {
            let file = dir.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    fn addresses(dir: &Path) -> Vec<String> {
        let mut found: Vec<String> = files_below(dir)
            .unwrap()
            .iter()
            .map(|p| p.strip_prefix(dir).unwrap().to_string_lossy().into_owned())
            .collect();
        found.sort();
        found
    }

    #[test]
    fn every_file_of_the_bundle_is_named_by_its_content_and_compressed() {
        let dir = tempfile::tempdir().unwrap();
        sample(dir.path(), "@font-face { src: url({{asset:fonts/f.woff2}}) }");
        let out = dir.path().join("out");
        write(&dir.path().join("frontend"), &dir.path().join("generated"), &out).unwrap();

        let first = addresses(&out);
        let index = fs::read_to_string(out.join("index.html")).unwrap();
        assert!(!index.contains("{{"), "{index}");
        for address in index.split('"').filter(|part| part.starts_with("/assets/")) {
            assert!(out.join(&address[1..]).is_file(), "{address}");
            assert!(out.join(format!("{}.br", &address[1..])).is_file(), "{address}.br");
        }

        sample(dir.path(), "body { color: red }");
        write(&dir.path().join("frontend"), &dir.path().join("generated"), &out).unwrap();
        let changed: Vec<String> = addresses(&out).into_iter().filter(|f| !first.contains(f)).collect();
        assert_eq!(changed.len(), 3, "only the style sheet gets a new name: {changed:?}");
    }

    #[test]
    fn a_name_that_nothing_has_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        sample(dir.path(), "a { b: url({{asset:none.png}}) }");
        let error =
            write(&dir.path().join("frontend"), &dir.path().join("generated"), &dir.path().join("out"))
                .unwrap_err();
        assert!(format!("{error:#}").contains("asset:none.png"), "{error:#}");
    }
}
