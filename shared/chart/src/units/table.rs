//! The unit ids that dashboards use, and what they mean.

/// What to do with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Scaled(Scaled),
    /// `2 h 5 min`; `seconds` per unit of the value.
    Span {
        seconds: f64,
    },
    /// `02:05:10`.
    Clock {
        seconds: f64,
    },
    /// A moment; `ms` per unit of the value.
    Date {
        ms: f64,
    },
    /// `1,234,567`.
    Grouped,
    Bool {
        yes: &'static str,
        no: &'static str,
    },
}

/// A value that is divided by a multiple and gets a suffix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scaled {
    pub prefix: String,
    pub suffix: String,
    pub ladder: Ladder,
    /// The value's own multiple of the unit: 1e6 for `decmbytes`; 0.01 for a share shown as percent.
    pub base: f64,
    /// A space between multiple and suffix: `1.2 k tokens/s`, but `1.2 kW`.
    pub apart: bool,
    pub from_zero: bool,
    pub steps: Steps,
}

/// Which multiples there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ladder {
    /// None.
    Flat,
    /// Thousands up: k M G T P E.
    Thousands,
    /// Thousands up and down: n µ m.
    Si,
    /// Thousands of money: K M B T.
    Money,
    /// 1024: Ki Mi Gi …
    Binary,
    /// ns µs ms s min h d.
    Seconds,
}

/// Distances of ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Steps {
    /// 1, 2, 5 × 10ⁿ.
    Decimal,
    /// 2ⁿ × the given number of the value's units.
    Binary(f64),
    /// Those of clocks; the number is one second in the value's unit.
    Seconds(f64),
}

type Rungs = &'static [(f64, &'static str)];
const THOUSANDS: Rungs =
    &[(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
const SI: Rungs = &[
    (1e18, "E"),
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
];
const MONEY: Rungs = &[(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1.0, "")];
const BINARY: Rungs = &[
    (1_152_921_504_606_846_976.0, "Ei"),
    (1_125_899_906_842_624.0, "Pi"),
    (1_099_511_627_776.0, "Ti"),
    (1_073_741_824.0, "Gi"),
    (1_048_576.0, "Mi"),
    (1024.0, "Ki"),
    (1.0, ""),
];
const SECONDS: Rungs =
    &[(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];

impl Scaled {
    fn rungs(&self) -> Rungs {
        match self.ladder {
            Ladder::Flat => &[(1.0, "")],
            Ladder::Thousands => THOUSANDS,
            Ladder::Si => SI,
            Ladder::Money => MONEY,
            Ladder::Binary => BINARY,
            Ladder::Seconds => SECONDS,
        }
    }

    /// What to divide a value by, and the multiple's sign, for values up to `magnitude`.
    pub(super) fn pick(&self, magnitude: f64) -> (f64, &'static str) {
        let rungs = self.rungs();
        let own = magnitude * self.base;
        // Without a fitting multiple the number has an exponent, and needs none.
        let beyond = rungs.first().is_some_and(|(size, _)| own >= *size * 1e6);
        if own == 0.0 || !own.is_finite() || beyond {
            let (size, sign) = rungs.iter().find(|(size, _)| *size == 1.0).copied().unwrap_or((1.0, ""));
            return (size / self.base, sign);
        }
        // Minutes and up begin at two of them: 90 s says more than 1.5 min.
        let slack = |size: f64| {
            if self.ladder == Ladder::Seconds && size >= 60.0 { 2.0 * size } else { size * 0.9995 }
        };
        let (size, sign) =
            rungs.iter().find(|(size, _)| own >= slack(*size)).or(rungs.last()).copied().unwrap_or((1.0, ""));
        (size / self.base, sign)
    }

    /// Whether the suffix changes with the magnitude.
    pub(super) fn has_multiples(&self) -> bool {
        self.ladder != Ladder::Flat
    }
}

fn scaled(ladder: Ladder, suffix: &str, base: f64) -> Kind {
    let steps = match ladder {
        Ladder::Binary => Steps::Binary(1.0 / base),
        Ladder::Seconds => Steps::Seconds(1.0 / base),
        _ => Steps::Decimal,
    };
    Kind::Scaled(Scaled {
        prefix: String::new(),
        suffix: suffix.to_owned(),
        ladder,
        base,
        apart: false,
        from_zero: true,
        steps,
    })
}

fn words(ladder: Ladder, suffix: &str) -> Kind {
    with(scaled(ladder, suffix, 1.0), |s| s.apart = true)
}

fn money(sign: &str) -> Kind {
    with(scaled(Ladder::Money, "", 1.0), |s| sign.clone_into(&mut s.prefix))
}

/// A measure whose zero is arbitrary, so that an axis need not show it.
fn degrees(suffix: &str) -> Kind {
    with(scaled(Ladder::Flat, suffix, 1.0), |s| s.from_zero = false)
}

fn with(mut kind: Kind, change: impl FnOnce(&mut Scaled)) -> Kind {
    if let Kind::Scaled(scaled) = &mut kind {
        change(scaled);
    }
    kind
}

const KIB: f64 = 1024.0;

/// Meaning of a unit id.
pub(super) fn find(id: &str) -> Kind {
    use Ladder::{Binary, Flat, Seconds, Si, Thousands};
    if let Some((how, text)) = id.split_once(':') {
        match how {
            "suffix" => return words(Flat, text),
            "prefix" => return with(scaled(Flat, "", 1.0), |s| text.clone_into(&mut s.prefix)),
            "si" => return scaled(Si, text, 1.0),
            "count" => return words(Thousands, text),
            "currency" => return money(text),
            _ => {}
        }
    }
    match id {
        "" | "short" => scaled(Thousands, "", 1.0),
        "none" | "string" | "sci" => scaled(Flat, "", 1.0),
        "locale" => Kind::Grouped,
        "bool" => Kind::Bool { yes: "true", no: "false" },
        "bool_yes_no" => Kind::Bool { yes: "yes", no: "no" },
        "bool_on_off" => Kind::Bool { yes: "on", no: "off" },

        "percent" | "%" => scaled(Flat, "%", 1.0),
        "percentunit" => scaled(Flat, "%", 100.0),
        "humidity" => scaled(Flat, "% RH", 1.0),

        "bytes" => scaled(Binary, "B", 1.0),
        "kbytes" => scaled(Binary, "B", KIB),
        "mbytes" => scaled(Binary, "B", KIB * KIB),
        "gbytes" => scaled(Binary, "B", KIB * KIB * KIB),
        "tbytes" => scaled(Binary, "B", KIB * KIB * KIB * KIB),
        "decbytes" => scaled(Thousands, "B", 1.0),
        "deckbytes" => scaled(Thousands, "B", 1e3),
        "decmbytes" => scaled(Thousands, "B", 1e6),
        "decgbytes" => scaled(Thousands, "B", 1e9),
        "bits" => scaled(Binary, "b", 1.0),
        "decbits" => scaled(Thousands, "b", 1.0),

        "binBps" => scaled(Binary, "B/s", 1.0),
        "binbps" => scaled(Binary, "b/s", 1.0),
        "KiBs" => scaled(Binary, "B/s", KIB),
        "MiBs" => scaled(Binary, "B/s", KIB * KIB),
        "GiBs" => scaled(Binary, "B/s", KIB * KIB * KIB),
        "Bps" => scaled(Thousands, "B/s", 1.0),
        "KBs" => scaled(Thousands, "B/s", 1e3),
        "MBs" => scaled(Thousands, "B/s", 1e6),
        "GBs" => scaled(Thousands, "B/s", 1e9),
        "bps" => scaled(Thousands, "b/s", 1.0),
        "Kbits" => scaled(Thousands, "b/s", 1e3),
        "Mbits" => scaled(Thousands, "b/s", 1e6),
        "Gbits" => scaled(Thousands, "b/s", 1e9),
        "pps" => words(Thousands, "packets/s"),

        "s" => scaled(Seconds, "", 1.0),
        "ms" => scaled(Seconds, "", 1e-3),
        "µs" | "us" => scaled(Seconds, "", 1e-6),
        "ns" => scaled(Seconds, "", 1e-9),
        "m" => scaled(Seconds, "", 60.0),
        "h" => scaled(Seconds, "", 3_600.0),
        "d" => scaled(Seconds, "", 86_400.0),
        "dtdurations" => Kind::Span { seconds: 1.0 },
        "dtdurationms" => Kind::Span { seconds: 1e-3 },
        "dthms" | "clocks" => Kind::Clock { seconds: 1.0 },
        "clockms" => Kind::Clock { seconds: 1e-3 },
        "timeticks" => Kind::Span { seconds: 1e-2 },
        "dateTimeAsIso"
        | "dateTimeAsIsoNoDateIfToday"
        | "dateTimeAsLocal"
        | "dateTimeAsUS"
        | "dateTimeAsSystem" => Kind::Date { ms: 1.0 },

        "ops" => words(Thousands, "ops/s"),
        "reqps" => words(Thousands, "req/s"),
        "rps" => words(Thousands, "reads/s"),
        "wps" => words(Thousands, "writes/s"),
        "iops" => words(Thousands, "io/s"),
        "eps" => words(Thousands, "events/s"),
        "mps" => words(Thousands, "messages/s"),
        "cps" => words(Thousands, "/s"),
        "rowsps" => words(Thousands, "rows/s"),
        "recps" => words(Thousands, "records/s"),
        "opm" => words(Thousands, "ops/min"),
        "cpm" => words(Thousands, "/min"),
        "reqpm" => words(Thousands, "req/min"),

        "rotrpm" => words(Flat, "rpm"),
        "hertz" | "rothz" | "Hz" => scaled(Si, "Hz", 1.0),
        "MHz" => scaled(Si, "Hz", 1e6),
        "GHz" => scaled(Si, "Hz", 1e9),
        "watt" => scaled(Si, "W", 1.0),
        "kwatt" => scaled(Si, "W", 1e3),
        "watth" => scaled(Si, "Wh", 1.0),
        "kwatth" => scaled(Si, "Wh", 1e3),
        "joule" => scaled(Si, "J", 1.0),
        "volt" => scaled(Si, "V", 1.0),
        "amp" => scaled(Si, "A", 1.0),
        "flops" => scaled(Thousands, "FLOP/s", 1.0),
        "celsius" => degrees("°C"),
        "fahrenheit" => degrees("°F"),
        "kelvin" => degrees("K"),
        "dB" => degrees("dB"),
        "dBm" => degrees("dBm"),

        "currencyUSD" => money("$"),
        "currencyEUR" => money("€"),
        "currencyGBP" => money("£"),
        "currencyJPY" | "currencyCNY" => money("¥"),
        "currencyINR" => money("₹"),
        _ => words(Thousands, id),
    }
}
