//! Reading configuration: YAML with places, unknown keys, secrets, durations, HTTP client settings.
//!
//! A file becomes a [`Document`], a tree of [`Node`]s that know their line and column. Sections are read
//! with [`Section`]: every key is asked for by name, and what nobody asked for is refused. Each engine
//! defines its own section on top of this; here are only those that no engine owns: `global`, the sections of
//! `prometheus.yml` as raw nodes ([`MainFile`]), and the settings of an HTTP client ([`read_http_client`]).

mod document;
mod error;
mod global;
mod http_client;
mod main_file;
mod node;
mod read;
mod secret;
mod section;
mod storage_section;
mod yaml_out;

pub use document::{Document, MOST_FILE_BYTES, Place};
pub use error::{ConfigError, Problem};
pub use global::{GlobalConfig, NameValidation, ScrapeProtocol, expand_environment};
pub use http_client::read_http_client;
pub use main_file::MainFile;
pub use node::{Entry, Node, Scalar, ScalarKind, Tree};
pub use read::{ByteSize, Duration, Read};
pub use secret::Secret;
pub use section::Section;
pub use storage_section::StorageConfig;
pub use yaml_out::redacted_yaml;
