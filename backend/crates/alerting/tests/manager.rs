//! The alert manager by the clock: who is told, what is kept, and what a restart makes of it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alerting::config::AlertingConfig;
use alerting::{
    AlertManager, Deliver, Delivering, DispatchLimits, ManagerDeps, NewAlert, NewSilence, RecordStore,
    Records, Send as Notification,
};
use config::Document;
use model::{Labels, Matcher};
use parking_lot::Mutex;
use platform::{Clock, SeededEntropy, SimulatedClock};
use tokio::sync::watch;

const START_MS: i64 = 1_704_067_200_000;

const CONFIG: &str = "route: {receiver: r, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 1h}\n\
                      receivers: [{name: r, webhook_configs: [{url: 'http://x/'}]}]\n";

/// What is on the disk.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<(Records, usize, bool)>>);

impl RecordStore for Disk {
    type Error = String;

    fn load(&mut self) -> Result<Records, String> {
        Ok(self.0.lock().0.clone())
    }

    fn save(&mut self, records: &Records) -> Result<(), String> {
        let mut disk = self.0.lock();
        if disk.2 {
            return Err("no space left".to_owned());
        }
        disk.0 = records.clone();
        disk.1 += 1;
        Ok(())
    }
}

/// Takes everything, or refuses it.
#[derive(Default)]
struct Post {
    told: Mutex<Vec<(i64, String)>>,
    refuses: Mutex<bool>,
    clock: Option<SimulatedClock>,
}

impl Deliver for Post {
    fn deliver(&self, notification: Notification) -> Delivering {
        if *self.refuses.lock() {
            return Box::pin(async { Err("the receiver is down".to_owned()) });
        }
        let alerts: Vec<String> = notification
            .alerts
            .iter()
            .map(|told| format!("{}{}", told.alert.name(), if told.resolved { " resolved" } else { "" }))
            .collect();
        let at = self.clock.as_ref().unwrap().now_ms() - START_MS;
        self.told.lock().push((at / 1000, alerts.join(", ")));
        Box::pin(async { Ok(()) })
    }
}

struct World {
    clock: SimulatedClock,
    post: Arc<Post>,
    disk: Disk,
    manager: AlertManager,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl World {
    fn new(disk: Disk, now_ms: i64) -> Self {
        let clock = SimulatedClock::new(now_ms);
        let post = Arc::new(Post { clock: Some(clock.clone()), ..Post::default() });
        let config = AlertingConfig::load(&Document::parse(Path::new("a.yml"), CONFIG).unwrap()).unwrap();
        let deps = ManagerDeps {
            clock: Arc::new(clock.clone()),
            entropy: SeededEntropy::shared(1),
            deliver: Arc::clone(&post) as Arc<dyn Deliver>,
            records: Box::new(disk.clone()),
        };
        let (manager, left_out) =
            AlertManager::new(Arc::new(config), DispatchLimits::default(), deps).unwrap();
        assert_eq!(left_out, [""; 0]);
        let (stop, stopped) = watch::channel(false);
        let running = manager.clone();
        let task = tokio::spawn(async move { running.run(stopped).await });
        Self { clock, post, disk, manager, stop, task }
    }

    fn fire(&self, name: &str) {
        let alert = NewAlert {
            labels: Labels::from_pairs([("alertname", name)]),
            starts_at_ms: Some(self.clock.now_ms()),
            ends_at_ms: Some(self.clock.now_ms() + 86_400_000),
            ..NewAlert::default()
        };
        assert!(self.manager.put_alerts(vec![alert])[0].is_ok());
    }

    async fn advance(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let give_up = std::time::Instant::now() + Duration::from_secs(30);
        while !holds(self) {
            assert!(
                std::time::Instant::now() < give_up,
                "waited in vain until {what}: {:?}",
                self.post.told.lock()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn told(&self) -> Vec<String> {
        self.post.told.lock().iter().map(|(_, alerts)| alerts.clone()).collect()
    }
}

#[tokio::test]
async fn groups_wait_and_are_told_once() {
    let world = World::new(Disk::default(), START_MS);
    world.fire("A");
    world.advance(9).await;
    assert!(world.told().is_empty(), "the group waits");
    world.advance(2).await;
    world.until("A is told", |world| world.told() == ["A"]).await;
    world.advance(300).await;
    assert_eq!(world.told(), ["A"], "nothing changed");
    world.until("it is kept", |world| world.disk.0.lock().0.notifications.len() == 1).await;
}

#[tokio::test]
async fn after_a_crash_nobody_is_told_again_of_what_was_kept() {
    let world = World::new(Disk::default(), START_MS);
    world.fire("A");
    world.advance(13).await;
    world.until("A is told", |world| world.told() == ["A"]).await;
    world.advance(2).await;
    world.until("it is kept", |world| world.disk.0.lock().0.notifications.len() == 1).await;
    // No orderly end: the task is thrown away.
    world.task.abort();
    let after = World::new(world.disk.clone(), START_MS + 60_000);
    after.fire("A");
    after.advance(70).await;
    assert!(after.told().is_empty(), "{:?}", after.told());
    after.fire("B");
    after.advance(20).await;
    after.until("B is told", |world| world.told() == ["B"]).await;
}

#[tokio::test]
async fn what_could_not_be_delivered_is_tried_again() {
    let world = World::new(Disk::default(), START_MS);
    *world.post.refuses.lock() = true;
    world.fire("A");
    world.advance(30).await;
    assert!(world.told().is_empty());
    *world.post.refuses.lock() = false;
    world.advance(90).await;
    world.until("A is told", |world| world.told() == ["A"]).await;
}

#[tokio::test]
async fn a_silence_is_kept_before_it_is_acknowledged() {
    let world = World::new(Disk::default(), START_MS);
    let silence = || NewSilence {
        matchers: vec![Matcher::equal("alertname", "A")],
        ends_at_ms: START_MS + 3_600_000,
        created_by: "me".to_owned(),
        comment: "maintenance".to_owned(),
        ..NewSilence::default()
    };
    let id = world.manager.set_silence(silence()).unwrap();
    assert_eq!(world.disk.0.lock().0.silences[0].id, *id);
    world.fire("A");
    world.fire("B");
    world.advance(15).await;
    world.until("B alone is told", |world| world.told() == ["B"]).await;
    let after = World::new(world.disk.clone(), START_MS + 60_000);
    assert_eq!(after.manager.look(|dispatcher, now| dispatcher.silences().query(&[], now).len()), 1);
    after.manager.expire_silence(&id).unwrap();
    after.disk.0.lock().2 = true;
    let error = after.manager.set_silence(silence()).unwrap_err();
    assert!(error.to_string().contains("no space left"), "{error}");
}

#[tokio::test]
async fn an_orderly_end_keeps_what_was_told() {
    let world = World::new(Disk::default(), START_MS);
    world.fire("A");
    world.advance(11).await;
    world.until("A is told", |world| world.told() == ["A"]).await;
    let World { disk, stop, task, .. } = world;
    stop.send(true).unwrap();
    task.await.unwrap();
    assert_eq!(disk.0.lock().0.notifications.len(), 1);
}
