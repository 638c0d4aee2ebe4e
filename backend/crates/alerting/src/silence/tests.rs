//! Making, changing, ending, asking for and keeping silences.

use platform::SeededEntropy;
use proptest::prelude::*;

use super::*;
use crate::matcher::parse_matchers;
use crate::records::SilenceRecord;

fn new(matchers: &str, starts_at_ms: i64, ends_at_ms: i64) -> NewSilence {
    NewSilence {
        matchers: parse_matchers(matchers).unwrap().matchers,
        starts_at_ms: Some(starts_at_ms),
        ends_at_ms,
        ..NewSilence::default()
    }
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(text.split_whitespace().filter_map(|pair| pair.split_once('=')))
}

fn silenced(silences: &Silences, text: &str, at: i64) -> usize {
    silences.silencing(&labels(text), at).len()
}

#[test]
fn states_in_time() {
    let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
    let id = silences.set(new("a=b", 100, 200), 50, &entropy).unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(&id[14..15], "4", "a UUID of version 4: {id}");
    let states = [99, 100, 199, 200].map(|at| silences.get(&id).unwrap().state(at));
    use SilenceState::{Active, Expired, Pending};
    assert_eq!(states, [Pending, Active, Active, Expired]);
    assert_eq!([99, 100, 199, 200].map(|at| silenced(&silences, "a=b c=d", at)), [0, 1, 1, 0]);
    assert_eq!(silenced(&silences, "a=c", 150), 0);
    let id = silences.set(new("a=b", 0, 300), 250, &entropy).unwrap();
    assert_eq!(silences.get(&id).unwrap().starts_at_ms, 250, "the past is not silenced");
}

#[test]
fn changed_in_place_or_ended_and_made_anew() {
    let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
    let id = silences.set(new("a=b", 1000, 9000), 1000, &entropy).unwrap();
    let change = |silences: &mut Silences, matchers: &str, from, to, now| {
        let new = NewSilence { id: Some(id.to_string()), ..new(matchers, from, to) };
        silences.set(new, now, &entropy).unwrap()
    };
    assert_eq!(change(&mut silences, "a=b", 1999, 5000, 2000), id, "the same second");
    assert_eq!(silences.get(&id).unwrap().ends_at_ms, 5000);
    let second = change(&mut silences, "a=c", 1999, 6000, 3000);
    assert_ne!(second, id);
    assert_eq!(silences.get(&id).unwrap().ends_at_ms, 3000);
    assert_eq!(silences.get(&second).unwrap().starts_at_ms, 3000);
    let third = change(&mut silences, "a=b", 1999, 7000, 4000);
    assert_ne!(third, id, "one that is over is not opened again");
    assert_eq!(silences.counts(4000), [2, 0, 1]);
    let unknown = NewSilence { id: Some("x".to_owned()), ..new("a=b", 1, 9000) };
    assert_eq!(silences.set(unknown, 5, &entropy), Err(SilenceError::NotFound("x".to_owned())));
}

#[test]
fn a_pending_one_moves_but_not_into_the_past() {
    let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
    let id = silences.set(new("a=b", 5000, 9000), 1000, &entropy).unwrap();
    let moved = NewSilence { id: Some(id.to_string()), ..new("a=b", 6000, 9000) };
    assert_eq!(silences.set(moved, 2000, &entropy).unwrap(), id);
    let back = NewSilence { id: Some(id.to_string()), ..new("a=b", 1500, 9000) };
    let other = silences.set(back, 2000, &entropy).unwrap();
    assert_ne!(other, id);
    let first = silences.get(&id).unwrap();
    assert_eq!((first.starts_at_ms, first.ends_at_ms), (2000, 2000));
}

#[test]
fn ended_kept_and_forgotten() {
    let limits = SilenceLimits { retention_ms: 100, ..SilenceLimits::default() };
    let (mut silences, entropy) = (Silences::new(limits), SeededEntropy::new(1));
    let id = silences.set(new("a=b", 0, 1000), 0, &entropy).unwrap();
    silences.expire(&id, 500).unwrap();
    assert_eq!(silenced(&silences, "a=b", 500), 0);
    silences.expire(&id, 550).unwrap();
    assert_eq!(silences.get(&id).unwrap().ends_at_ms, 500);
    assert_eq!(silences.maintain(599), 0);
    assert_eq!(silences.maintain(600), 1);
    assert!(silences.expire(&id, 600).is_err());
}

#[test]
fn refused() {
    let limits = SilenceLimits { most: 1, most_bytes: 50, ..SilenceLimits::default() };
    let (mut silences, entropy) = (Silences::new(limits), SeededEntropy::new(1));
    for (matchers, from, to, why) in [
        ("", 1, 100, "at least one matcher"),
        ("a=\"\"", 1, 100, "must not match an empty value"),
        ("a=~\".*\",b=\"\"", 1, 100, "must not match an empty value"),
        ("a=b", 100, 100, "after the start"),
        ("a=b", 1, 5, "in the past"),
        ("a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", 1, 100, "at most 50"),
    ] {
        let error = silences.set(new(matchers, from, to), 10, &entropy).unwrap_err().to_string();
        assert!(error.contains(why), "{matchers}: {error}");
    }
    silences.set(new("a!=b", 1, 100), 10, &entropy).unwrap();
    assert_eq!(silences.set(new("a=c", 1, 100), 10, &entropy), Err(SilenceError::TooMany(1, 1)));
}

#[test]
fn asked_for_in_the_order_of_the_api() {
    let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
    for (matchers, from, to) in [
        ("a=b", 0, 900),
        ("a=b,c=d", 0, 800),
        ("a=b", 700, 900),
        ("a=b", 600, 900),
        ("a=b", 0, 100),
        ("a=b", 0, 200),
    ] {
        silences.set(new(matchers, from, to), 0, &entropy).unwrap();
    }
    let filter = parse_matchers("a=b").unwrap().matchers;
    let found = silences.query(&filter, 500);
    let times: Vec<(i64, i64)> = found.iter().map(|s| (s.starts_at_ms, s.ends_at_ms)).collect();
    assert_eq!(times, [(0, 800), (0, 900), (600, 900), (700, 900), (0, 200), (0, 100)]);
    assert_eq!(silences.query(&parse_matchers("c=d").unwrap().matchers, 500).len(), 1);
    assert_eq!(silences.query(&parse_matchers("c=~d").unwrap().matchers, 500).len(), 0);
}

#[test]
fn kept_as_records() {
    let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
    silences.set(new("a=b,c!~\"d|e\"", 0, 900), 0, &entropy).unwrap();
    let text = serde_json::to_string(&silences.records()).unwrap();
    let mut records: Vec<SilenceRecord> = serde_json::from_str(&text).unwrap();
    let mut bad = records[0].clone();
    "bad".clone_into(&mut bad.id);
    "(".clone_into(&mut bad.matchers[1].value);
    records.push(bad);
    let mut other = Silences::default();
    assert_eq!(other.restore(records.clone()).len(), 1);
    assert_eq!(other.records(), silences.records());
    assert_eq!(silenced(&other, "a=b", 10), 1);
    let mut older = records[0].clone();
    older.updated_at_ms = -1;
    "older".clone_into(&mut older.comment);
    other.restore(vec![older]);
    assert_eq!(other.records(), silences.records());
}

#[test]
fn ten_thousand_silences_are_looked_up() {
    let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
    for n in 0..10_000 {
        let text = format!("alertname=A,severity=~\"page|ticket\",instance=i{n}");
        silences.set(new(&text, 0, 1000), 0, &entropy).unwrap();
    }
    let alert = labels("alertname=A severity=page instance=i77");
    assert_eq!(silences.silencing(&alert, 10).len(), 1);
    assert!(silences.index.candidates(&alert).count() < 20, "few are asked");
}

proptest! {
    /// The index finds what asking every silence finds, also after changes.
    #[test]
    fn the_index_misses_nothing(
        texts in proptest::collection::vec("[ab](=|!=|=~|!~)[xy]?(,[ab](=|=~)(x|y|\"x[|]y\"|\"x[.][*]\"))?", 1..12),
        expire in proptest::collection::vec(any::<bool>(), 12),
        a in "[xy]?", b in "[xy]?",
    ) {
        let (mut silences, entropy) = (Silences::default(), SeededEntropy::new(1));
        for (text, expire) in texts.iter().zip(expire) {
            if let Ok(id) = silences.set(new(text, 0, 100), 0, &entropy) && expire {
                silences.expire(&id, 5).unwrap();
            }
        }
        silences.maintain(7);
        let alert = Labels::from_pairs([("a", a), ("b", b)]);
        let asked = silences.silences.values().filter(|s| {
            s.state(10) == SilenceState::Active && s.matchers.matches(&alert)
        });
        prop_assert_eq!(silences.silencing(&alert, 10).len(), asked.count());
    }
}
