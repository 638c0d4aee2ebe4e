//! Saving: every save is a new version on top of the one that was edited.

use dashboard::Dashboard;
use sqlx::SqliteConnection;

use crate::read::read;
use crate::{Metastore, MetastoreError, Record};

/// Largest document, in bytes of JSON.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Longest message and author, in bytes.
const TEXT_BYTES_MAX: usize = 10_000;
/// Letters of a made-up uid: easy to read aloud, no two alike.
const UID_LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
const UID_LEN: usize = 12;

/// A version to be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVersion {
    /// The document.
    pub dashboard: Dashboard,
    /// Who saves it.
    pub author: String,
    /// What was changed.
    pub message: String,
}

/// A dashboard's row as [`write`] puts it down.
pub(crate) struct Write<'a> {
    pub(crate) dashboard: &'a Dashboard,
    pub(crate) document: &'a str,
    pub(crate) version: u32,
    pub(crate) author: &'a str,
    pub(crate) message: &'a str,
    pub(crate) created_ms: i64,
    pub(crate) provisioned: bool,
}

impl Metastore {
    /// Adds a dashboard as version 1. An empty uid is replaced by a new one.
    ///
    /// # Errors
    /// When the document is not valid or too large, or its uid is taken.
    pub async fn create(&self, new: NewVersion) -> Result<Record, MetastoreError> {
        let mut new = new;
        if new.dashboard.uid.is_empty() {
            new.dashboard.uid = self.new_uid();
        }
        self.put(&new, None).await
    }

    /// Saves a new version of the dashboard with the document's uid, made from version `base`.
    ///
    /// # Errors
    /// When the document is not valid or too large, there is no such dashboard, it comes from a file, or
    /// somebody saved since `base` ([`MetastoreError::Conflict`]).
    pub async fn save(&self, new: NewVersion, base: u32) -> Result<Record, MetastoreError> {
        self.put(&new, Some(base)).await
    }

    async fn put(&self, new: &NewVersion, base: Option<u32>) -> Result<Record, MetastoreError> {
        let document = checked(&new.dashboard)?;
        for (field, text) in [("author", &new.author), ("message", &new.message)] {
            if text.len() > TEXT_BYTES_MAX {
                return Err(MetastoreError::TextTooLong { field, bytes: text.len(), limit: TEXT_BYTES_MAX });
            }
        }
        let uid = new.dashboard.uid.as_str();
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let there = match read(&mut transaction, uid, None).await {
            Ok(record) => Some(record),
            Err(MetastoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        let version = match (there, base) {
            (None, None) => 1,
            (None, Some(_)) => return Err(MetastoreError::NotFound(uid.to_owned())),
            (Some(_), None) => return Err(MetastoreError::Exists(uid.to_owned())),
            (Some(record), Some(_)) if record.provisioned => {
                return Err(MetastoreError::Provisioned(uid.to_owned()));
            }
            (Some(record), Some(base)) if record.latest != base => {
                return Err(MetastoreError::Conflict { uid: uid.to_owned(), base, current: record.version });
            }
            (Some(record), Some(_)) => record.latest + 1,
        };
        let write_down = Write {
            dashboard: &new.dashboard,
            document: &document,
            version,
            author: &new.author,
            message: &new.message,
            created_ms: self.clock.now_ms(),
            provisioned: false,
        };
        write(&mut transaction, &write_down).await?;
        let record = read(&mut transaction, uid, None).await?;
        transaction.commit().await?;
        Ok(record)
    }

    fn new_uid(&self) -> String {
        let mut bits = self.entropy.next_u64();
        let mut uid = String::with_capacity(UID_LEN);
        for _ in 0..UID_LEN {
            uid.push(char::from(UID_LETTERS[(bits & 31) as usize]));
            bits >>= 5;
        }
        uid
    }
}

/// The document as it is stored, after it was found to be right.
pub(crate) fn checked(dashboard: &Dashboard) -> Result<String, MetastoreError> {
    let problems = dashboard::validate(dashboard);
    if !problems.is_empty() {
        return Err(MetastoreError::Invalid(problems));
    }
    let document = serde_json::to_string(dashboard)
        .map_err(|error| MetastoreError::Database(format!("the dashboard cannot be written: {error}")))?;
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(MetastoreError::TooLarge { bytes: document.len(), limit: DOCUMENT_BYTES_MAX });
    }
    Ok(document)
}

/// Adds a version and brings the dashboard's row and tags in line with it.
pub(crate) async fn write(connection: &mut SqliteConnection, new: &Write<'_>) -> Result<(), MetastoreError> {
    let dashboard = new.dashboard;
    sqlx::query(
        "INSERT INTO dashboards
           (uid, title, title_folded, description, panels, latest, updated_ms, author, provisioned)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (uid) DO UPDATE SET title = excluded.title, title_folded = excluded.title_folded,
           description = excluded.description, panels = excluded.panels, latest = excluded.latest,
           updated_ms = excluded.updated_ms, author = excluded.author, provisioned = excluded.provisioned",
    )
    .bind(&dashboard.uid)
    .bind(&dashboard.title)
    .bind(dashboard.title.to_lowercase())
    .bind(&dashboard.description)
    .bind(dashboard.panels.len() as i64)
    .bind(i64::from(new.version))
    .bind(new.created_ms)
    .bind(new.author)
    .bind(new.provisioned)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO dashboard_versions (uid, version, document, author, message, created_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&dashboard.uid)
    .bind(i64::from(new.version))
    .bind(new.document)
    .bind(new.author)
    .bind(new.message)
    .bind(new.created_ms)
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM dashboard_tags WHERE uid = $1")
        .bind(&dashboard.uid)
        .execute(&mut *connection)
        .await?;
    for tag in &dashboard.tags {
        sqlx::query(
            "INSERT INTO dashboard_tags (uid, tag) VALUES ($1, $2) ON CONFLICT (uid, tag) DO NOTHING",
        )
        .bind(&dashboard.uid)
        .bind(tag)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
