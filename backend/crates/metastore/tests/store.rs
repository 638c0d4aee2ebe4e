//! The store on a real file in a temporary folder.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;
use std::time::Duration;

use dashboard::Dashboard;
use metastore::{Filter, Metastore, MetastoreError, NewVersion, ProvisionedFile};
use platform::{SeededEntropy, SimulatedClock};
use sqlx::{ConnectOptions as _, Connection as _};

struct Fixture {
    store: Metastore,
    clock: SimulatedClock,
    dir: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let clock = SimulatedClock::new(1_000);
    let store = open(&dir, &clock).await.unwrap();
    Fixture { store, clock, dir }
}

async fn open(dir: &tempfile::TempDir, clock: &SimulatedClock) -> Result<Metastore, MetastoreError> {
    let path = dir.path().join("watchfire.db");
    Metastore::open(&path, Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1))).await
}

fn document(uid: &str, title: &str, tags: &[&str]) -> Dashboard {
    serde_json::from_value(serde_json::json!({
        "uid": uid, "title": title, "tags": tags,
        "panels": [{"id": 1, "type": "stat", "options": {}, "grid": {"x": 0, "y": 0, "w": 6, "h": 4},
                    "queries": [{"refId": "A", "expr": "up"}]}]
    }))
    .unwrap()
}

fn version(dashboard: Dashboard, message: &str) -> NewVersion {
    NewVersion { dashboard, author: "ada".into(), message: message.into() }
}

#[tokio::test]
async fn every_save_is_a_version_that_can_be_read_again() {
    let f = fixture().await;
    let first = f.store.create(version(document("", "One", &["a"]), "start")).await.unwrap();
    let uid = first.dashboard.uid.clone();
    assert_eq!((uid.len(), first.version.version, first.version.created_ms), (12, 1, 1_000));

    f.clock.advance(Duration::from_secs(1));
    let second = f.store.save(version(document(&uid, "Two", &["b"]), "rename"), 1).await.unwrap();
    assert_eq!((second.version.version, second.latest, second.version.created_ms), (2, 2, 2_000));

    let old = f.store.read(&uid, Some(1)).await.unwrap();
    assert_eq!((old.dashboard.title.as_str(), old.latest), ("One", 2));
    let messages: Vec<String> =
        f.store.versions(&uid).await.unwrap().into_iter().map(|v| v.message).collect();
    assert_eq!(messages, ["rename", "start"]);
    assert!(matches!(f.store.read(&uid, Some(3)).await, Err(MetastoreError::NoSuchVersion { .. })));
    assert!(matches!(f.store.read("none", None).await, Err(MetastoreError::NotFound(_))));
    assert!(matches!(f.store.versions("none").await, Err(MetastoreError::NotFound(_))));
}

#[tokio::test]
async fn a_stale_save_is_refused_and_told_what_is_there() {
    let f = fixture().await;
    f.store.create(version(document("x", "One", &[]), "")).await.unwrap();
    f.store.save(version(document("x", "Two", &[]), "mine"), 1).await.unwrap();
    let error = f.store.save(version(document("x", "Three", &[]), "late"), 1).await.unwrap_err();
    let MetastoreError::Conflict { current, base, .. } = error else { panic!("{error}") };
    assert_eq!((current.version, current.message.as_str(), base), (2, "mine", 1));
    assert_eq!(f.store.read("x", None).await.unwrap().dashboard.title, "Two");
}

#[tokio::test]
async fn of_many_saves_at_once_exactly_one_wins() {
    let f = fixture().await;
    f.store.create(version(document("x", "One", &[]), "")).await.unwrap();
    let saves: Vec<_> = (0..8)
        .map(|i| {
            let store = f.store.clone();
            tokio::spawn(
                async move { store.save(version(document("x", &format!("T{i}"), &[]), ""), 1).await },
            )
        })
        .collect();
    let mut won = 0;
    for save in saves {
        match save.await.unwrap() {
            Ok(_) => won += 1,
            Err(MetastoreError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((won, f.store.read("x", None).await.unwrap().latest), (1, 2));
}

#[tokio::test]
async fn found_by_part_of_the_title_and_by_tags() {
    let f = fixture().await;
    for (uid, title, tags) in [
        ("a", "GPU fleet", &["gpu", "ai"][..]),
        ("b", "LLM serving 100%", &["ai"][..]),
        ("c", "Größe_Übersicht", &[][..]),
    ] {
        f.store.create(version(document(uid, title, tags), "")).await.unwrap();
    }
    let find = async |search: &str, tags: &[&str]| {
        let filter = Filter { search: search.into(), tags: tags.iter().map(|t| (*t).into()).collect() };
        f.store.list(&filter).await.unwrap().into_iter().map(|s| s.uid).collect::<Vec<_>>()
    };
    assert_eq!(find("", &[]).await, ["a", "c", "b"]);
    assert_eq!(find("fLEe", &[]).await, ["a"]);
    assert_eq!(find("größe_ü", &[]).await, ["c"]);
    assert_eq!(find("0%", &[]).await, ["b"]);
    assert_eq!(find("_", &[]).await, ["c"]);
    assert_eq!(find("", &["ai"]).await, ["a", "b"]);
    assert_eq!(find("", &["ai", "gpu"]).await, ["a"]);
    assert_eq!(find("' OR 1=1 --", &[]).await, [""; 0]);
    assert_eq!(f.store.tags().await.unwrap(), [("ai".into(), 2), ("gpu".into(), 1)]);
}

#[tokio::test]
async fn wrong_documents_change_nothing() {
    let f = fixture().await;
    let mut newer = document("x", "One", &[]);
    newer.schema_version = 99;
    let error = f.store.create(version(newer, "")).await.unwrap_err();
    assert!(error.to_string().contains("schemaVersion"), "{error}");

    let mut huge = document("x", "One", &[]);
    huge.description = "x".repeat(2 << 20);
    assert!(matches!(f.store.create(version(huge, "")).await, Err(MetastoreError::TooLarge { .. })));
    let long = version(document("x", "One", &[]), &"m".repeat(20_000));
    assert!(matches!(f.store.create(long).await, Err(MetastoreError::TextTooLong { .. })));
    assert!(f.store.list(&Filter::default()).await.unwrap().is_empty());

    f.store.create(version(document("x", "One", &[]), "")).await.unwrap();
    assert!(matches!(
        f.store.create(version(document("x", "Two", &[]), "")).await,
        Err(MetastoreError::Exists(_))
    ));
    assert!(matches!(
        f.store.save(version(document("y", "Two", &[]), ""), 1).await,
        Err(MetastoreError::NotFound(_))
    ));
}

fn file(name: &str, text: String) -> ProvisionedFile {
    ProvisionedFile { name: name.into(), text }
}

fn json(uid: &str, title: &str) -> String {
    serde_json::to_string_pretty(&document(uid, title, &[])).unwrap()
}

#[tokio::test]
async fn files_win_and_make_versions_only_when_they_change() {
    let f = fixture().await;
    f.store.create(version(document("p", "Mine", &[]), "")).await.unwrap();
    let report = f.store.provision(&[file("p.json", json("p", "Theirs"))]).await.unwrap();
    assert_eq!((report.updated, report.unchanged), (1, 0));
    let record = f.store.read("p", None).await.unwrap();
    assert_eq!((record.latest, record.provisioned), (2, true));
    assert_eq!(
        (record.dashboard.title.as_str(), record.version.message.as_str()),
        ("Theirs", "Provisioned from file")
    );

    let report = f.store.provision(&[file("p.json", json("p", "Theirs"))]).await.unwrap();
    assert_eq!((report.updated, report.unchanged), (0, 1));
    let refused = f.store.save(version(document("p", "Again", &[]), ""), 2).await;
    assert!(matches!(refused, Err(MetastoreError::Provisioned(_))));

    let report = f.store.provision(&[]).await.unwrap();
    assert_eq!(report.released, 1);
    f.store.save(version(document("p", "Again", &[]), ""), 2).await.unwrap();
}

#[tokio::test]
async fn a_broken_file_is_named_and_its_dashboard_stays() {
    let f = fixture().await;
    f.store.provision(&[file("p.json", json("p", "Good"))]).await.unwrap();
    let broken = json("p", "Good").replace("\"w\": 6", "\"w\": 60");
    let report = f
        .store
        .provision(&[
            file("p.json", broken),
            file("q.json", "{\"title\": 1}".into()),
            file("r.json", json("r", "R")),
            file("s.json", json("r", "S")),
        ])
        .await
        .unwrap();
    let names: Vec<&str> = report.refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, report.updated, report.released), (vec!["p.json", "q.json", "s.json"], 1, 0));
    assert!(report.refused[0].1.contains("24 columns"), "{report:?}");
    assert!(report.refused[1].1.contains("line 1 column"), "{report:?}");
    assert!(f.store.read("p", None).await.unwrap().provisioned);
}

#[tokio::test]
async fn closed_and_opened_again_everything_is_there() {
    let f = fixture().await;
    f.store.create(version(document("x", "One", &["t"]), "m")).await.unwrap();
    f.store.close().await;
    let again = open(&f.dir, &f.clock).await.unwrap();
    assert_eq!(again.read("x", None).await.unwrap().version.message, "m");
}

#[tokio::test]
async fn a_file_of_a_newer_program_or_no_database_is_refused() {
    let f = fixture().await;
    f.store.close().await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(f.dir.path().join("watchfire.db"));
    let mut connection = file.connect().await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let error = open(&f.dir, &f.clock).await.unwrap_err().to_string();
    assert!(error.contains("newer version"), "{error}");

    std::fs::write(
        f.dir.path().join("watchfire.db"),
        "this is text, not a database; it is long enough".repeat(20),
    )
    .unwrap();
    let _ = std::fs::remove_file(f.dir.path().join("watchfire.db-wal"));
    let error = open(&f.dir, &f.clock).await.unwrap_err().to_string();
    assert!(error.contains("watchfire.db") && error.contains("not a database"), "{error}");
}
