//! Opening and closing the file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use platform::{Clock, Entropy};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::{Metastore, MetastoreError};

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations");

/// Readers work beside one writer; more connections than this only wait for the disk.
const CONNECTIONS_MAX: u32 = 4;
/// How long a writer waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl Metastore {
    /// Opens the file at `path`, creates it where it is missing, and brings it up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or was written by a newer program.
    pub async fn open(
        path: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, MetastoreError> {
        let failed = |error: sqlx::Error| MetastoreError::Open {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With a WAL this loses at most the last saves on a power cut, and never breaks the file;
            // a save is rare and worth a sync.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_with(options)
            .await
            .map_err(failed)?;
        MIGRATIONS.run(&pool).await.map_err(|error| MetastoreError::Open {
            path: path.display().to_string(),
            reason: match error {
                MigrateError::VersionMissing(version) => format!(
                    "it was written by a newer version of the program (migration {version} is not known here)"
                ),
                other => other.to_string(),
            },
        })?;
        Ok(Self { pool, clock, entropy })
    }

    /// Waits for running statements and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
