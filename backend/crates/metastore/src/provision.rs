//! Dashboards from files. The files win: whatever the store holds under a file's uid becomes that file's
//! content, as a new version if it differs. A file that has a mistake is left out and named; the dashboard
//! it made before stays. A dashboard whose file is gone stays too, and can be edited from then on.

use std::collections::HashSet;

use dashboard::Dashboard;
use sqlx::{Row as _, SqliteConnection};

use crate::save::{Write, checked, write};
use crate::{Metastore, MetastoreError};

/// Who the versions made from files are by.
const AUTHOR: &str = "file";

/// A file with a dashboard in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionedFile {
    /// Name, for messages.
    pub name: String,
    /// Content.
    pub text: String,
}

/// What provisioning did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvisionReport {
    /// Number of dashboards that got a new version.
    pub updated: usize,
    /// Number of dashboards that were up to date.
    pub unchanged: usize,
    /// Number of dashboards whose file is gone.
    pub released: usize,
    /// Files that were left out, with the reason: `(name, reason)`.
    pub refused: Vec<(String, String)>,
}

impl Metastore {
    /// Makes the store hold what the files say.
    ///
    /// # Errors
    /// When the database fails; then nothing has changed.
    pub async fn provision(&self, files: &[ProvisionedFile]) -> Result<ProvisionReport, MetastoreError> {
        let mut report = ProvisionReport::default();
        let mut kept = HashSet::new();
        let mut documents = Vec::new();
        for file in files {
            match parse(&file.text) {
                Ok((dashboard, _)) if !kept.insert(dashboard.uid.clone()) => {
                    let reason = format!("uid: {:?} is the uid of another file too", dashboard.uid);
                    report.refused.push((file.name.clone(), reason));
                }
                Ok(parsed) => documents.push(parsed),
                Err(reason) => {
                    // Its dashboard must not be let go only because the file is broken at the moment.
                    kept.extend(uid_of_broken(&file.text));
                    report.refused.push((file.name.clone(), reason));
                }
            }
        }

        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for (dashboard, document) in &documents {
            if self.provision_one(&mut transaction, dashboard, document).await? {
                report.updated += 1;
            } else {
                report.unchanged += 1;
            }
        }
        let rows = sqlx::query("SELECT uid FROM dashboards WHERE provisioned = $1")
            .bind(true)
            .fetch_all(&mut *transaction)
            .await?;
        for row in rows {
            let uid: String = row.try_get("uid")?;
            if !kept.contains(&uid) {
                sqlx::query("UPDATE dashboards SET provisioned = $1 WHERE uid = $2")
                    .bind(false)
                    .bind(&uid)
                    .execute(&mut *transaction)
                    .await?;
                report.released += 1;
            }
        }
        transaction.commit().await?;
        Ok(report)
    }

    /// Whether a new version was needed.
    async fn provision_one(
        &self,
        connection: &mut SqliteConnection,
        dashboard: &Dashboard,
        document: &str,
    ) -> Result<bool, MetastoreError> {
        let there = sqlx::query(
            "SELECT d.latest, d.provisioned, v.document FROM dashboards d
             JOIN dashboard_versions v ON v.uid = d.uid AND v.version = d.latest WHERE d.uid = $1",
        )
        .bind(&dashboard.uid)
        .fetch_optional(&mut *connection)
        .await?;
        let mut latest: i64 = 0;
        if let Some(row) = there {
            latest = row.try_get("latest")?;
            let held: String = row.try_get("document")?;
            let provisioned: bool = row.try_get("provisioned")?;
            if held == document {
                if !provisioned {
                    sqlx::query("UPDATE dashboards SET provisioned = $1 WHERE uid = $2")
                        .bind(true)
                        .bind(&dashboard.uid)
                        .execute(connection)
                        .await?;
                }
                return Ok(false);
            }
        }
        let new = Write {
            dashboard,
            document,
            version: u32::try_from(latest + 1).unwrap_or(u32::MAX),
            author: AUTHOR,
            message: "Provisioned from file",
            created_ms: self.clock.now_ms(),
            provisioned: true,
        };
        write(connection, &new).await?;
        Ok(true)
    }
}

fn parse(text: &str) -> Result<(Dashboard, String), String> {
    let dashboard: Dashboard = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if dashboard.uid.is_empty() {
        return Err("uid: must be there, so that the file keeps its dashboard".to_owned());
    }
    let document = checked(&dashboard).map_err(|error| error.to_string())?;
    Ok((dashboard, document))
}

fn uid_of_broken(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    value.get("uid")?.as_str().map(str::to_owned)
}
