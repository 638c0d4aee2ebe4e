//! Timelines: who is told what and when, in simulated time. Each file of `tests/timelines` is one.
//!
//! A file has lines `start TIME`, blocks `config NAME` up to `end`, and events `AT VERB …`, sorted by time:
//!
//! - `fire NAME label=value … [since AT] [until AT]`, `resolve NAME label=value …`
//! - `silence ID until AT MATCHERS`, `expire ID`
//! - `reload NAME`, `restart` (only records survive), `maintain`
//! - `receiver NAME works|fails|hangs`, `answer NAME sent|failed` (the oldest that hangs)
//! - `send NAME/INDEX (REASON): +NAME label=value, -NAME …`: expected; + fires, - is resolved
//! - `why NAME label=value …: TEXT`: the explanations hold the text; `groups N`: expected
//! - `end`: nothing more happened until then
//!
//! In a configuration `receivers: a, b/quiet, c/two` stands for webhooks; `quiet` is not told of resolved alerts,
//! `two` has two webhooks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on shall stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use alerting::config::AlertingConfig;
use alerting::matcher::parse_matchers;
use alerting::{DispatchLimits, Dispatcher, NewAlert, NewSilence, Records, Send, SendId, TellReason};
use config::Document;
use model::{Labels, format_duration, parse_duration};
use platform::SeededEntropy;

struct Run<'t> {
    configs: BTreeMap<&'t str, AlertingConfig>,
    config: &'t str,
    dispatcher: Dispatcher,
    start_ms: i64,
    fails: BTreeSet<String>,
    hangs: BTreeSet<String>,
    hanging: Vec<(String, SendId)>,
    silences: BTreeMap<&'t str, String>,
    entropy: SeededEntropy,
    happened: Vec<String>,
    expected: Vec<String>,
}

fn receivers(line: &str) -> String {
    let mut text = "receivers:\n".to_owned();
    for entry in line.split(',').map(str::trim) {
        let (name, kind) = entry.split_once('/').unwrap_or((entry, ""));
        let hook = format!("{{url: 'http://{name}/', send_resolved: {}}}", kind != "quiet");
        let hooks = if kind == "two" { format!("{hook}, {hook}") } else { hook };
        writeln!(text, "- {{name: {name}, webhook_configs: [{hooks}]}}").unwrap();
    }
    text
}

fn load(text: &str) -> AlertingConfig {
    let written: Vec<String> = text
        .lines()
        .map(|line| line.trim().strip_prefix("receivers: ").map_or_else(|| line.to_owned(), receivers))
        .collect();
    let document = Document::parse(Path::new("timeline.yml"), &written.join("\n")).unwrap();
    AlertingConfig::load(&document).unwrap_or_else(|error| panic!("{error}"))
}

/// `NAME label=value …`
fn labels(text: &str) -> Labels {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or("");
    Labels::from_pairs(words.filter_map(|word| word.split_once('=')).chain([("alertname", name)]))
}

fn label_text(labels: &Labels) -> String {
    let rest = labels.iter().filter(|(name, _)| *name != "alertname").map(|(n, v)| format!(" {n}={v}"));
    rest.fold(labels.get("alertname").unwrap_or("").to_owned(), |text, pair| text + &pair)
}

fn send_text(send: &Send) -> String {
    let reason = match send.reason {
        TellReason::First => "first",
        TellReason::NewAlerts => "new",
        TellReason::SomeResolved => "some resolved",
        TellReason::AllResolved => "all resolved",
        TellReason::RepeatIntervalPassed => "repeat",
    };
    let sign = |resolved| if resolved { '-' } else { '+' };
    let alerts: Vec<String> =
        send.alerts.iter().map(|n| format!("{}{}", sign(n.resolved), label_text(&n.alert.labels))).collect();
    let index = send.settings().unwrap().index;
    format!("send {}/{index} ({reason}): {}", send.receiver.name, alerts.join(", "))
}

/// A moment as it is written, which may be negative.
fn moment(text: &str) -> i64 {
    match text.strip_prefix('-') {
        Some(text) => -parse_duration(text).unwrap(),
        None => parse_duration(text).unwrap_or_else(|error| panic!("{text}: {error}")),
    }
}

impl<'t> Run<'t> {
    fn tick(&mut self, at_ms: i64) {
        let now = self.start_ms + at_ms;
        let mut lines = Vec::new();
        for send in self.dispatcher.tick(now) {
            let name = send.receiver.name.clone();
            let (id, mut line) = (send.id, send_text(&send));
            assert!(send.deadline_ms > now && !send.alerts.is_empty() && send.at_ms == now);
            if self.hangs.contains(&name) {
                line.push_str(" hangs");
                self.hanging.push((name, id));
            } else if self.fails.contains(&name) {
                line.push_str(" fails");
                assert!(self.dispatcher.failed(id, "refused", now));
            } else {
                assert!(self.dispatcher.sent(id, now));
                assert!(!self.dispatcher.sent(id, now), "an answer counts once");
            }
            lines.push(format!("{} {line}", format_duration(at_ms)));
        }
        lines.sort();
        self.happened.extend(lines);
    }

    /// Lets time pass up to a moment, which itself is not over yet.
    fn pass(&mut self, to_ms: i64) {
        while let Some(due) = self.dispatcher.next_due().filter(|due| *due < self.start_ms + to_ms) {
            self.tick(due - self.start_ms);
        }
    }

    fn event(&mut self, at_ms: i64, verb: &str, rest: &'t str) {
        let now = self.start_ms + at_ms;
        match verb {
            "fire" | "resolve" => self.alert(at_ms, verb, rest),
            "silence" => {
                let mut words = rest.splitn(4, ' ');
                let (id, until) = (words.next().unwrap(), words.nth(1).unwrap());
                let matchers = parse_matchers(words.next().unwrap()).unwrap().matchers;
                let ends_at_ms = self.start_ms + moment(until);
                let known = self.silences.get(id).cloned();
                let new = NewSilence { id: known, matchers, ends_at_ms, ..NewSilence::default() };
                let made = self.dispatcher.silences_mut().set(new, now, &self.entropy).unwrap();
                self.silences.insert(id, made.to_string());
            }
            "expire" => self.dispatcher.silences_mut().expire(&self.silences[rest], now).unwrap(),
            "reload" => {
                self.config = rest;
                let stopped = self.dispatcher.reload(&self.configs[rest], now);
                self.hanging.retain(|(_, id)| !stopped.contains(id));
            }
            "restart" => {
                let text = serde_json::to_string(&self.dispatcher.records()).unwrap();
                let records: Records = serde_json::from_str(&text).unwrap();
                self.dispatcher = Dispatcher::new(&self.configs[self.config], DispatchLimits::default());
                assert!(self.dispatcher.restore(records).is_empty());
                self.hanging.clear();
            }
            "maintain" => self.dispatcher.maintain(now),
            "receiver" => {
                let (name, how) = rest.split_once(' ').unwrap();
                self.fails.remove(name);
                self.hangs.remove(name);
                match how {
                    "fails" => self.fails.insert(name.to_owned()),
                    "hangs" => self.hangs.insert(name.to_owned()),
                    "works" => true,
                    other => panic!("receiver {other}?"),
                };
            }
            "answer" => {
                let (name, how) = rest.split_once(' ').unwrap();
                let at = self.hanging.iter().position(|(other, _)| other == name).unwrap();
                let (_, id) = self.hanging.remove(at);
                match how {
                    "sent" => assert!(self.dispatcher.sent(id, now)),
                    _ => assert!(self.dispatcher.failed(id, how, now)),
                }
            }
            "send" => self.expected.push(format!("{} send {rest}", format_duration(at_ms))),
            "why" => {
                self.tick(at_ms);
                let (alert, text) = rest.split_once(": ").unwrap();
                let mut found = String::new();
                for explanation in self.dispatcher.explain(&labels(alert)) {
                    write!(found, "{}: {}", explanation.receiver, explanation.verdict).unwrap();
                    for told in explanation.told {
                        write!(found, ", {} {}", told.index, told.outcome).unwrap();
                    }
                    found.push_str("; ");
                }
                assert!(
                    found.contains(text),
                    "at {}: {found:?} does not hold {text:?}",
                    format_duration(at_ms)
                );
            }
            "groups" => {
                self.tick(at_ms);
                let groups = self.dispatcher.groups();
                assert_eq!(groups.len(), rest.parse::<usize>().unwrap(), "{groups:#?}");
                assert_eq!(groups.len(), self.dispatcher.group_count());
            }
            "end" => {}
            other => panic!("{other}?"),
        }
    }

    fn alert(&mut self, at_ms: i64, verb: &str, rest: &str) {
        let (rest, until) = rest.split_once(" until ").map_or((rest, None), |(a, b)| (a, Some(b)));
        let (rest, since) = rest.split_once(" since ").map_or((rest, None), |(a, b)| (a, Some(b)));
        let absolute = |text: &str| self.start_ms + moment(text);
        let now = self.start_ms + at_ms;
        let resolved = verb == "resolve";
        let new = NewAlert {
            labels: labels(rest),
            starts_at_ms: since.map(absolute).or(Some(if resolved { self.start_ms } else { now })),
            ends_at_ms: until.map(absolute).or(resolved.then_some(now)),
            ..NewAlert::default()
        };
        for taken in self.dispatcher.put_alerts([new], now) {
            taken.unwrap();
        }
    }
}

fn run(text: &str) -> Result<(), String> {
    let mut configs = BTreeMap::new();
    let mut start_ms = "2024-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let mut events = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("config ") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "end").collect();
            configs.insert(name, load(&block.join("\n")));
        } else if let Some(time) = line.strip_prefix("start ") {
            start_ms = time.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        } else if !line.is_empty() && !line.starts_with('#') {
            let (at, rest) = line.split_once(' ').unwrap();
            let (verb, rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            events.push((moment(at), verb, rest.trim()));
        }
    }
    let dispatcher = Dispatcher::new(&configs["main"], DispatchLimits::default());
    let mut run = Run {
        configs,
        config: "main",
        dispatcher,
        start_ms,
        fails: BTreeSet::new(),
        hangs: BTreeSet::new(),
        hanging: Vec::new(),
        silences: BTreeMap::new(),
        entropy: SeededEntropy::new(7),
        happened: Vec::new(),
        expected: Vec::new(),
    };
    let mut before = 0;
    for (at_ms, verb, rest) in events {
        if at_ms < before {
            return Err(format!("{} comes after {}", format_duration(at_ms), format_duration(before)));
        }
        if at_ms > before {
            run.tick(before);
        }
        before = at_ms;
        run.pass(at_ms);
        run.event(at_ms, verb, rest);
    }
    run.tick(before);
    if run.happened == run.expected {
        return Ok(());
    }
    Err(format!("expected\n  {}\nhappened\n  {}", run.expected.join("\n  "), run.happened.join("\n  ")))
}

#[test]
fn every_timeline_happens_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timelines");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut wrong = String::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        // A step that cannot go on tells its reason itself; the name of the file goes before it.
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        println!("timeline {name}");
        if let Err(error) = run(&text) {
            writeln!(wrong, "{name}: {error}").unwrap();
        }
    }
    assert!(files.len() >= 25, "{} timelines", files.len());
    assert!(wrong.is_empty(), "{wrong}");
}
