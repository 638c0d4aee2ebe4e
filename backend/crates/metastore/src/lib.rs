//! Dashboards and all their versions in one SQLite file. The only home of SQL; owns `migrations/`.
//!
//! A save is a new version and happens in one transaction with the columns that lists and searches use.
//! Nothing is ever overwritten. Dashboards that come from files ("provisioned") cannot be saved here: the
//! files win at every start and reload.

mod database;
mod error;
mod list;
mod provision;
mod read;
mod save;

use std::sync::Arc;

use platform::{Clock, Entropy};
use sqlx::SqlitePool;

pub use error::MetastoreError;
pub use list::{Filter, Summary};
pub use provision::{ProvisionReport, ProvisionedFile};
pub use read::{Record, Version};
pub use save::{DOCUMENT_BYTES_MAX, NewVersion};

/// The store. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Metastore {
    pool: SqlitePool,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl std::fmt::Debug for Metastore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metastore").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}
