//! The time range of the view and its refresh: one clock for all panels, so that they ask for the same
//! moments and one round follows the other only when all have answered.

use std::time::Duration;

use leptos::prelude::*;
use model::TimeRange;
use scene::refresh::{self, Moment, Refresh};
use scene::time::RawRange;

use crate::address::Address;
use crate::session::Session;
use crate::{clock, dom};

/// The view's time; kept in the context.
#[derive(Clone, Copy)]
pub(crate) struct ViewTime {
    /// What holds when the address says nothing.
    pub(crate) defaults: RwSignal<(RawRange, Refresh)>,
    /// The range as it was said.
    pub(crate) raw: Memo<RawRange>,
    /// Refresh.
    pub(crate) refresh: Memo<Refresh>,
    /// The range at this round, and the round's number.
    pub(crate) round: Memo<(TimeRange, u32)>,
    /// Queries that have not been answered yet.
    pub(crate) busy: RwSignal<i32>,
    rounds: RwSignal<u32>,
    address: Address,
}

impl ViewTime {
    /// Begins to keep time.
    pub(crate) fn start(address: Address, session: Session) -> Self {
        let defaults = RwSignal::new((RawRange::default(), Refresh::Off));
        let raw = Memo::new(move |_| {
            address.query.with(scene::url::Query::range).unwrap_or_else(|| defaults.get().0)
        });
        let refresh =
            Memo::new(move |_| match address.query.with(|q| q.get("refresh").map(Refresh::parse)) {
                Some(refresh) => refresh,
                None => defaults.get().1,
            });
        let rounds = RwSignal::new(0u32);
        let round = Memo::new(move |_| (raw.get().resolve(clock::now_ms(), &clock::zone), rounds.get()));
        let this = Self { defaults, raw, refresh, round, busy: RwSignal::new(0), rounds, address };
        this.schedule(dom::hidden_signal(), session);
        this
    }

    /// The time of the context.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Asks again now.
    pub(crate) fn again(&self) {
        self.rounds.update(|r| *r = r.wrapping_add(1));
    }

    /// Chooses a range; Back returns to the one before.
    pub(crate) fn set_range(&self, range: RawRange) {
        self.address.push(|q| {
            q.set_range(range);
        });
    }

    /// Chooses the refresh. Off is said in the address too where the default is another.
    pub(crate) fn set_refresh(&self, refresh: Refresh) {
        let default = self.defaults.get_untracked().1;
        let text = if refresh == Refresh::Off && default != Refresh::Off {
            "off".to_owned()
        } else {
            refresh.print()
        };
        self.address.replace(|q| {
            q.set("refresh", &text);
        });
    }

    /// Half a range earlier (`-1`) or later (`1`).
    pub(crate) fn shift(&self, direction: i64) {
        self.set_range(self.raw.get_untracked().shifted(direction, clock::now_ms(), &clock::zone));
    }

    /// Twice as wide.
    pub(crate) fn zoom_out(&self) {
        self.set_range(self.raw.get_untracked().zoomed_out(clock::now_ms(), &clock::zone));
    }

    fn schedule(self, hidden: RwSignal<bool>, session: Session) {
        let began = StoredValue::new(clock::now_ms());
        Effect::new(move |_| {
            self.round.track();
            began.set_value(clock::now_ms());
        });
        let timer: StoredValue<Option<TimeoutHandle>> = StoredValue::new(None);
        Effect::new(move |_| {
            self.round.track();
            let interval = self.refresh.get().interval_ms(session.scrape_interval_ms().unwrap_or(15_000));
            let moment = Moment {
                now_ms: clock::now_ms(),
                last_ms: began.get_value(),
                hidden: hidden.get(),
                busy: self.busy.get() > 0,
            };
            if let Some(old) = timer.try_update_value(Option::take).flatten() {
                old.clear();
            }
            // A range that lies in the past does not change.
            if !self.raw.get().follows_now() {
                return;
            }
            if let Some(wait) = refresh::wait_ms(interval, moment) {
                let handle =
                    set_timeout_with_handle(move || self.again(), Duration::from_millis(wait as u64));
                timer.set_value(handle.ok());
            }
        });
    }
}
