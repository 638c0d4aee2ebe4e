//! Reading documents and their versions.

use dashboard::Dashboard;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::list::number;
use crate::{Metastore, MetastoreError};

/// A saved version, without its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counts from 1.
    pub version: u32,
    /// Who saved it.
    pub author: String,
    /// What was changed, in the author's words.
    pub message: String,
    /// When, milliseconds since the epoch.
    pub created_ms: i64,
}

/// A version with its document.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The document.
    pub dashboard: Dashboard,
    /// The version it is.
    pub version: Version,
    /// Number of the newest version.
    pub latest: u32,
    /// Comes from a file.
    pub provisioned: bool,
}

impl Metastore {
    /// A dashboard, in its newest version or the one asked for.
    ///
    /// # Errors
    /// When there is no such dashboard or version, or the database fails.
    pub async fn read(&self, uid: &str, version: Option<u32>) -> Result<Record, MetastoreError> {
        // One transaction, so that `latest` and the document belong to the same moment.
        let mut transaction = self.pool.begin().await?;
        let record = read(&mut transaction, uid, version).await?;
        transaction.commit().await?;
        Ok(record)
    }

    /// All versions of a dashboard, newest first.
    ///
    /// # Errors
    /// When there is no such dashboard, or the database fails.
    pub async fn versions(&self, uid: &str) -> Result<Vec<Version>, MetastoreError> {
        let rows = sqlx::query(
            "SELECT version, author, message, created_ms FROM dashboard_versions
             WHERE uid = $1 ORDER BY version DESC",
        )
        .bind(uid)
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() {
            return Err(MetastoreError::NotFound(uid.to_owned()));
        }
        rows.iter().map(version_of).collect()
    }
}

pub(crate) async fn read(
    connection: &mut SqliteConnection,
    uid: &str,
    version: Option<u32>,
) -> Result<Record, MetastoreError> {
    let head = sqlx::query("SELECT latest, provisioned FROM dashboards WHERE uid = $1")
        .bind(uid)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| MetastoreError::NotFound(uid.to_owned()))?;
    let latest = number(&head, "latest")?;
    let wanted = version.unwrap_or(latest);
    let row = sqlx::query(
        "SELECT version, author, message, created_ms, document FROM dashboard_versions
         WHERE uid = $1 AND version = $2",
    )
    .bind(uid)
    .bind(i64::from(wanted))
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| MetastoreError::NoSuchVersion { uid: uid.to_owned(), version: wanted })?;
    let document: String = row.try_get("document")?;
    let dashboard = serde_json::from_str(&document).map_err(|error| MetastoreError::Unreadable {
        uid: uid.to_owned(),
        version: wanted,
        reason: error.to_string(),
    })?;
    Ok(Record { dashboard, version: version_of(&row)?, latest, provisioned: head.try_get("provisioned")? })
}

fn version_of(row: &SqliteRow) -> Result<Version, MetastoreError> {
    Ok(Version {
        version: number(row, "version")?,
        author: row.try_get("author")?,
        message: row.try_get("message")?,
        created_ms: row.try_get("created_ms")?,
    })
}
