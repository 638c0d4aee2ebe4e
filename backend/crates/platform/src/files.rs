//! Small files that configuration names: reading whole ones with a bound, patterns, and change stamps.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The text of a file of at most `limit` bytes.
///
/// # Errors
/// As the operating system says; `FileTooLarge`; `InvalidData` when it is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}

/// The files that match a shell pattern, by name; a pattern that names an existing file literally is that file.
///
/// # Errors
/// When the pattern is malformed.
pub fn matching(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let text = pattern.to_str().ok_or_else(|| format!("{} is not UTF-8", pattern.display()))?;
    if !text.contains(['*', '?', '[']) {
        return Ok(if pattern.is_file() { vec![pattern.to_owned()] } else { Vec::new() });
    }
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: false,
    };
    let mut found: Vec<PathBuf> = glob::glob_with(text, options)
        .map_err(|error| format!("{text:?} is not a pattern: {error}"))?
        .filter_map(Result::ok)
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    Ok(found)
}

/// Tells whether a file may have changed: its modification time and length. `None` if it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(Option<(SystemTime, u64)>);

impl Stamp {
    /// Seconds since the modification, by the machine's clock; `None` if the file is not there.
    #[must_use]
    pub fn age_s(&self) -> Option<f64> {
        let (time, _) = self.0?;
        Some(time.elapsed().map_or(0.0, |age| age.as_secs_f64()))
    }

    /// Modification time in seconds since the Unix epoch, if the file is there.
    #[must_use]
    pub fn modified_s(&self) -> Option<f64> {
        let (time, _) = self.0?;
        time.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs_f64())
    }
}

/// The stamp of a file as it is now.
#[must_use]
pub fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok();
    Stamp(metadata.and_then(|m| Some((m.modified().ok()?, m.len()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_with_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert_eq!(read_text(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        fs::write(&path, b"a\nb\xff").unwrap();
        assert_eq!(read_text(&path, 9).unwrap_err().to_string(), "line 2 is not UTF-8");
    }

    #[test]
    fn patterns_are_sorted_and_stay_in_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        for name in ["b.yml", "a.yml", "c.json", "sub/d.yml"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let found = matching(&dir.path().join(pattern)).unwrap();
            found.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names("*.yml"), ["a.yml", "b.yml"]);
        assert_eq!(names("a.yml"), ["a.yml"]);
        assert_eq!(names("nothing.yml"), Vec::<String>::new());
        assert!(matching(&dir.path().join("[")).is_err());
    }
}
