//! What timelines do not show: bounds, what is remembered, many alerts, and that nothing gets lost whatever
//! happens.

use std::collections::BTreeSet;
use std::path::Path;

use config::Document;
use proptest::prelude::*;

use super::*;

fn config(text: &str) -> AlertingConfig {
    let document = Document::parse(Path::new("t.yml"), text).unwrap();
    AlertingConfig::load(&document).unwrap()
}

fn webhook() -> AlertingConfig {
    config(
        "route: {receiver: a, group_by: [g], group_wait: 30s, group_interval: 5m, repeat_interval: 30d}\n\
         receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]\n",
    )
}

fn alert(text: &str, ends_at_ms: i64) -> NewAlert {
    let labels = Labels::from_pairs(text.split_whitespace().filter_map(|pair| pair.split_once('=')));
    NewAlert { labels, starts_at_ms: Some(0), ends_at_ms: Some(ends_at_ms), ..NewAlert::default() }
}

#[test]
fn bounds_of_alerts_and_groups() {
    let limits = DispatchLimits { alerts: 3, groups: 2, ..DispatchLimits::default() };
    let mut dispatcher = Dispatcher::new(&webhook(), limits);
    let put = ["g=1", "g=2", "g=3", "g=4", "g=1"].map(|text| alert(text, 1_000_000));
    let taken: Vec<bool> = dispatcher.put_alerts(put, 0).iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, true, true, false, true]);
    assert_eq!((dispatcher.group_count(), dispatcher.without_group()), (2, 1));
    assert_eq!(dispatcher.tick(30_000).len(), 2);
}

#[test]
fn an_alert_that_has_left_is_still_explained() {
    let mut dispatcher = Dispatcher::new(&webhook(), DispatchLimits::default());
    dispatcher.put_alerts([alert("g=1 a=1", 10_000), alert("g=1 a=2", 1_000_000)], 0);
    let send = dispatcher.tick(30_000).remove(0);
    assert_eq!(send.alerts.iter().map(|n| n.resolved).collect::<Vec<_>>(), [true, false]);
    let labels = send.alerts[0].alert.labels.clone();
    assert_eq!(dispatcher.explain(&labels)[0].left_at_ms, None);
    dispatcher.sent(send.id, 31_000);
    let past = dispatcher.explain(&labels);
    assert_eq!((past[0].left_at_ms, past[0].next_flush_ms), (Some(31_000), None));
    assert_eq!(past[0].verdict, Verdict::Passed);
    assert!(matches!(past[0].told[0].outcome, Outcome::Sent(_)));
    assert!(dispatcher.explain(&Labels::from_pairs([("g", "9")])).is_empty());
}

#[test]
fn a_receiver_without_integrations_is_told_nothing() {
    let config = config("route: {receiver: a}\nreceivers: [{name: a}]\n");
    let mut dispatcher = Dispatcher::new(&config, DispatchLimits::default());
    dispatcher.put_alerts([alert("g=1", 10_000)], 0);
    assert!(dispatcher.tick(30_000).is_empty());
    assert_eq!(dispatcher.group_count(), 0);
    assert_eq!(dispatcher.next_due(), Some(330_000), "what is left of a group is passed over");
    assert!(dispatcher.tick(330_000).is_empty() && dispatcher.next_due().is_none());
}

#[test]
fn a_hundred_thousand_alerts() {
    let mut dispatcher = Dispatcher::new(&webhook(), DispatchLimits::default());
    let alerts = (0..100_000).map(|n| alert(&format!("g={} n={n}", n % 1000), 1_000_000));
    assert!(dispatcher.put_alerts(alerts, 0).iter().all(Result::is_ok));
    let sends = dispatcher.tick(30_000);
    assert_eq!((sends.len(), sends[0].alerts.len()), (1000, 100));
    for send in sends {
        dispatcher.sent(send.id, 30_000);
    }
    assert!(dispatcher.tick(330_000).is_empty());
}

/// What happens in a run.
#[derive(Clone, Debug)]
enum Event {
    Fire(u8, u8),
    Resolve(u8, u8),
    Answer(bool),
    Reload,
    Maintain,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..3_u8, 0..3_u8).prop_map(|(g, n)| Event::Fire(g, n)),
        3 => (0..3_u8, 0..3_u8).prop_map(|(g, n)| Event::Resolve(g, n)),
        4 => any::<bool>().prop_map(Event::Answer),
        1 => Just(Event::Reload),
        1 => Just(Event::Maintain),
        1 => Just(Event::Restart),
    ]
}

proptest! {
    /// Whatever happens: once receivers answer, they know exactly of what fires, and nothing is sent any more.
    #[test]
    fn in_the_end_receivers_know_what_fires(
        events in proptest::collection::vec((event(), 0..400_000_i64), 1..60),
    ) {
        let config = webhook();
        let mut dispatcher = Dispatcher::new(&config, DispatchLimits::default());
        let mut now = 1_000_000;
        let mut open: Vec<Send> = Vec::new();
        let mut fires = BTreeSet::new();
        let far = 1_i64 << 40;
        let told = |g: u8, n: u8, now: i64, end: i64| NewAlert {
            starts_at_ms: Some(now.min(end)),
            ..alert(&format!("g={g} n={n}"), end)
        };
        for (event, pause) in events {
            now += pause;
            open.extend(dispatcher.tick(now));
            match event {
                Event::Fire(g, n) => {
                    fires.insert((g, n));
                    dispatcher.put_alerts([told(g, n, now, far)], now);
                }
                Event::Resolve(g, n) => {
                    fires.remove(&(g, n));
                    dispatcher.put_alerts([told(g, n, now, now)], now);
                }
                Event::Answer(well) => {
                    for send in open.drain(..) {
                        // Too late means that it never got there.
                        let well = well && now < send.deadline_ms;
                        let known = if well {
                            dispatcher.sent(send.id, now)
                        } else {
                            dispatcher.failed(send.id, "no", now)
                        };
                        prop_assert!(known || now > send.deadline_ms);
                    }
                }
                Event::Reload => open.retain({
                    let stopped = dispatcher.reload(&config, now);
                    move |send| !stopped.contains(&send.id)
                }),
                Event::Maintain => dispatcher.maintain(now),
                Event::Restart => {
                    let records = dispatcher.records();
                    dispatcher = Dispatcher::new(&config, DispatchLimits::default());
                    dispatcher.restore(records);
                    open.clear();
                    // Rules tell again what fires, and what has just ended.
                    for g in 0..3 {
                        for n in 0..3 {
                            let end = if fires.contains(&(g, n)) { far } else { now };
                            dispatcher.put_alerts([told(g, n, now, end)], now);
                        }
                    }
                }
            }
        }
        // From now on everything is answered at once.
        for send in open.into_iter().filter(|send| now < send.deadline_ms) {
            dispatcher.sent(send.id, now);
        }
        let mut sends = 0;
        for _ in 0..5 {
            now += 300_000;
            let round = dispatcher.tick(now);
            sends = round.len();
            for send in round {
                prop_assert!(dispatcher.sent(send.id, now));
            }
        }
        prop_assert_eq!(sends, 0);
        let known: BTreeSet<u64> = dispatcher.records().notifications.into_iter().flat_map(|r| r.firing).collect();
        let firing: BTreeSet<u64> =
            fires.iter().map(|(g, n)| told(*g, *n, now, far).into_alert(now, 1).unwrap().fingerprint.0).collect();
        prop_assert_eq!(known, firing);
        let members: usize = dispatcher.groups().iter().map(|group| group.alerts.len()).sum();
        prop_assert_eq!(members, fires.len());
    }
}
