//! A file of YAML (or JSON, which is YAML) as a tree with places. Depth, size and aliases are bounded.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{ConfigError, Problem};
use crate::node::{Node, Tree};

/// Most bytes of a file.
pub const MOST_FILE_BYTES: u64 = 64 << 20;
/// Deepest nesting.
const MOST_DEPTH: usize = 64;
/// Most nodes, after aliases are expanded.
const MOST_NODES: usize = 5_000_000;
/// Most nodes that aliases may add.
const MOST_ALIASED: usize = 100_000;

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A file, read.
#[derive(Clone, Debug)]
pub struct Document {
    path: PathBuf,
    root: Node,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is not well-formed YAML within the bounds.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = platform::files::read_text(path, MOST_FILE_BYTES).map_err(|error| ConfigError {
            file: path.to_owned(),
            place: None,
            message: format!("cannot be read: {error}"),
        })?;
        Self::parse(path, &text)
    }

    /// Reads a text that is shown as `path` in errors.
    ///
    /// # Errors
    /// When it is not well-formed YAML within the bounds.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        match parse_node(text) {
            Ok(root) => Ok(Self { path: path.to_owned(), root }),
            Err((place, message)) => Err(ConfigError { file: path.to_owned(), place, message }),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder against which relative paths in the file are resolved.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// The whole content; null for an empty file.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Tells a problem of this file.
    #[must_use]
    pub fn error(&self, problem: Problem) -> ConfigError {
        problem.in_file(&self.path)
    }
}

fn parse_node(text: &str) -> Result<Node, (Option<Place>, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            max_nodes: MOST_NODES,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_ALIASED },
        strict_booleans: true,
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
    };
    let tree = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        <serde_saphyr::Spanned<Tree> as serde::Deserialize>::deserialize(deserializer)
    });
    match tree {
        Ok(tree) => Ok(Node::from_tree(tree, text)),
        Err(error) => {
            let error = error.without_snippet();
            let place = error.location().filter(|at| at.line() > 0).map(Place::from);
            let formatter = serde_saphyr::UserMessageFormatter;
            let mut message = error.render_with_formatter(&formatter);
            // The place is told in front of the message, in the way of compilers.
            if let Some(at) = message.find(" at line ") {
                message.truncate(at);
            }
            Err((place, message))
        }
    }
}

impl From<serde_saphyr::Location> for Place {
    fn from(at: serde_saphyr::Location) -> Self {
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: small(at.line()), column: small(at.column()) }
    }
}
