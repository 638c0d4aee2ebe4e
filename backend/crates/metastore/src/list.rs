//! Lists and searches.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::{Metastore, MetastoreError};

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Text that the title contains, in any case; "" for all.
    pub search: String,
    /// Tags that it must have, all of them.
    pub tags: Vec<String>,
}

/// A dashboard in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Identity.
    pub uid: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Number of panels.
    pub panels: u32,
    /// Number of the newest version.
    pub version: u32,
    /// When that was saved, milliseconds since the epoch.
    pub updated_ms: i64,
    /// Who saved it.
    pub author: String,
    /// Comes from a file.
    pub provisioned: bool,
}

impl Metastore {
    /// The dashboards that `filter` lets through, by title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, MetastoreError> {
        let pattern = like_pattern(&filter.search.trim().to_lowercase());
        let rows = sqlx::query(
            "SELECT uid, title, description, panels, latest, updated_ms, author, provisioned
             FROM dashboards WHERE title_folded LIKE $1 ESCAPE '\\' ORDER BY title_folded, uid",
        )
        .bind(pattern)
        .fetch_all(&self.pool)
        .await?;
        let mut tags = self.tags_by_dashboard().await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let summary = summary(&row, &mut tags)?;
            if filter.tags.iter().all(|tag| summary.tags.contains(tag)) {
                found.push(summary);
            }
        }
        Ok(found)
    }

    /// All tags with their number of dashboards, sorted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tags(&self) -> Result<Vec<(String, u32)>, MetastoreError> {
        let rows = sqlx::query("SELECT tag, COUNT(*) AS uses FROM dashboard_tags GROUP BY tag ORDER BY tag")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get("tag")?, number(row, "uses")?))).collect()
    }

    async fn tags_by_dashboard(&self) -> Result<HashMap<String, Vec<String>>, MetastoreError> {
        let rows = sqlx::query("SELECT uid, tag FROM dashboard_tags ORDER BY uid, tag")
            .fetch_all(&self.pool)
            .await?;
        let mut tags: HashMap<String, Vec<String>> = HashMap::new();
        for row in rows {
            tags.entry(row.try_get("uid")?).or_default().push(row.try_get("tag")?);
        }
        Ok(tags)
    }
}

fn summary(row: &SqliteRow, tags: &mut HashMap<String, Vec<String>>) -> Result<Summary, MetastoreError> {
    let uid: String = row.try_get("uid")?;
    Ok(Summary {
        tags: tags.remove(&uid).unwrap_or_default(),
        uid,
        title: row.try_get("title")?,
        description: row.try_get("description")?,
        panels: number(row, "panels")?,
        version: number(row, "latest")?,
        updated_ms: row.try_get("updated_ms")?,
        author: row.try_get("author")?,
        provisioned: row.try_get("provisioned")?,
    })
}

/// A column that counts.
pub(crate) fn number(row: &SqliteRow, column: &str) -> Result<u32, MetastoreError> {
    let number: i64 = row.try_get(column)?;
    u32::try_from(number).map_err(|_| MetastoreError::Database(format!("{column} holds {number}")))
}

/// A `LIKE` pattern for "contains `text`".
fn like_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
