//! The table of PromQL functions: names, signatures, and what a completion list says about them.
//!
//! Source: the Prometheus 3.14 documentation, "Query functions". Aggregations are operators of the
//! grammar, not functions: see `aggregations`.

use crate::ast::ValueType;

/// A function's signature.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Name.
    pub name: &'static str,
    /// Types of the arguments. With `variadic` the last ones may be absent or repeated.
    pub args: &'static [ValueType],
    /// 0: exactly `args`; n > 0: the last argument may be left out, and may stand up to `n` times;
    /// −1: the last may be left out or repeated without end.
    pub variadic: i8,
    /// Type of the result.
    pub returns: ValueType,
    /// Needs the feature flag `promql-experimental-functions`.
    pub experimental: bool,
    /// One sentence for people, without a full stop.
    pub help: &'static str,
}

impl Function {
    /// The fewest arguments a call may have.
    #[must_use]
    pub fn min_args(&self) -> usize {
        if self.variadic == 0 { self.args.len() } else { self.args.len().saturating_sub(1) }
    }

    /// The most arguments a call may have; `None` when there is no limit.
    #[must_use]
    pub fn max_args(&self) -> Option<usize> {
        match self.variadic {
            0 => Some(self.args.len()),
            n => Some(self.min_args() + usize::try_from(n).ok()?),
        }
    }

    /// The type of the argument at `index`; the last type holds for all that follow it.
    #[must_use]
    pub fn arg_type(&self, index: usize) -> Option<ValueType> {
        self.args.get(index).or(self.args.last()).copied()
    }

    /// `rate(range vector) instant vector`, as shown to people.
    #[must_use]
    pub fn signature(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (i, kind) in self.args.iter().enumerate() {
            let name = kind.describe();
            parts.push(if i < self.min_args() { name.to_owned() } else { format!("[{name}]") });
        }
        if self.variadic < 0 || self.variadic > 1 {
            parts.push("…".to_owned());
        }
        format!("{}({}) {}", self.name, parts.join(", "), self.returns.describe())
    }
}

/// Shorthand for the rows below.
mod row {
    use super::{Function, ValueType};

    pub(super) const V: ValueType = ValueType::Vector;
    pub(super) const M: ValueType = ValueType::Matrix;
    pub(super) const S: ValueType = ValueType::Scalar;
    pub(super) const T: ValueType = ValueType::String;

    type Args = &'static [ValueType];

    pub(super) const fn stable(name: &'static str, args: Args, variadic: i8, help: &'static str) -> Function {
        Function { name, args, variadic, returns: V, experimental: false, help }
    }

    pub(super) const fn flagged(
        name: &'static str,
        args: Args,
        variadic: i8,
        help: &'static str,
    ) -> Function {
        Function { name, args, variadic, returns: V, experimental: true, help }
    }

    pub(super) const fn scalar(name: &'static str, args: Args, help: &'static str) -> Function {
        Function { name, args, variadic: 0, returns: S, experimental: false, help }
    }

    pub(super) const fn flagged_scalar(name: &'static str, args: Args, help: &'static str) -> Function {
        Function { name, args, variadic: 0, returns: S, experimental: true, help }
    }
}
use row::{M, S, T, V, flagged, flagged_scalar, scalar, stable};

/// All functions, sorted by name.
#[rustfmt::skip]
pub static FUNCTIONS: &[Function] = &[
    stable("abs", &[V], 0, "Absolute value of each sample"),
    stable("absent", &[V], 0, "1 when the vector is empty, else nothing"),
    stable("absent_over_time", &[M], 0, "1 when the range holds no sample, else nothing"),
    stable("acos", &[V], 0, "Arc cosine, in radians"),
    stable("acosh", &[V], 0, "Inverse hyperbolic cosine"),
    stable("asin", &[V], 0, "Arc sine, in radians"),
    stable("asinh", &[V], 0, "Inverse hyperbolic sine"),
    stable("atan", &[V], 0, "Arc tangent, in radians"),
    stable("atanh", &[V], 0, "Inverse hyperbolic tangent"),
    stable("avg_over_time", &[M], 0, "Mean of the samples in the range"),
    stable("ceil", &[V], 0, "Rounds up to the next whole number"),
    stable("changes", &[M], 0, "How often the value changed within the range"),
    stable("clamp", &[V, S, S], 0, "Keeps values between a lower and an upper bound"),
    stable("clamp_max", &[V, S], 0, "Caps values at an upper bound"),
    stable("clamp_min", &[V, S], 0, "Raises values to a lower bound"),
    stable("cos", &[V], 0, "Cosine of an angle in radians"),
    stable("cosh", &[V], 0, "Hyperbolic cosine"),
    stable("count_over_time", &[M], 0, "Number of samples in the range"),
    stable("day_of_month", &[V], 1, "Day of the month (1 to 31, UTC) of a Unix time"),
    stable("day_of_week", &[V], 1, "Day of the week (0 is Sunday, UTC) of a Unix time"),
    stable("day_of_year", &[V], 1, "Day of the year (1 to 366, UTC) of a Unix time"),
    stable("days_in_month", &[V], 1, "Number of days in the month (28 to 31, UTC) of a Unix time"),
    stable("deg", &[V], 0, "Radians to degrees"),
    stable("delta", &[M], 0, "Difference between the last and first value of a gauge, extrapolated to the range"),
    stable("deriv", &[M], 0, "Slope per second of a gauge by linear regression"),
    flagged("double_exponential_smoothing", &[M, S, S], 0, "Smoothed value of a gauge, with a smoothing factor and a trend factor"),
    flagged_scalar("end", &[], "Unix time of the end of the query, in seconds"),
    stable("exp", &[V], 0, "e to the power of each sample"),
    flagged("first_over_time", &[M], 0, "Oldest sample in the range"),
    stable("floor", &[V], 0, "Rounds down to the next whole number"),
    stable("histogram_avg", &[V], 0, "Mean of the observations in a native histogram"),
    stable("histogram_count", &[V], 0, "Number of observations in a native histogram"),
    stable("histogram_fraction", &[S, S, V], 0, "Estimated share of observations between two bounds"),
    stable("histogram_quantile", &[S, V], 0, "Estimated quantile (0 to 1) of a classic or native histogram"),
    flagged("histogram_quantiles", &[V, T, S, S], 9, "Several estimated quantiles at once, each under its own value of a label"),
    stable("histogram_stddev", &[V], 0, "Estimated standard deviation of the observations in a native histogram"),
    stable("histogram_stdvar", &[V], 0, "Estimated variance of the observations in a native histogram"),
    stable("histogram_sum", &[V], 0, "Sum of the observations in a native histogram"),
    stable("hour", &[V], 1, "Hour of the day (0 to 23, UTC) of a Unix time"),
    stable("idelta", &[M], 0, "Difference between the last two samples of a gauge"),
    stable("increase", &[M], 0, "Growth of a counter over the range, extrapolated, mindful of resets"),
    flagged("info", &[V, V], 1, "Adds the labels of matching info metrics"),
    flagged("integral", &[M, S], 1, "Area under a gauge over the range, in value times seconds"),
    stable("irate", &[M], 0, "Growth per second of a counter from its last two samples"),
    stable("label_join", &[V, T, T, T], -1, "Joins the values of labels with a separator into a label"),
    stable("label_replace", &[V, T, T, T, T], 0, "Sets a label from a regular expression on another label"),
    stable("last_over_time", &[M], 0, "Newest sample in the range"),
    stable("ln", &[V], 0, "Natural logarithm"),
    stable("log10", &[V], 0, "Decimal logarithm"),
    stable("log2", &[V], 0, "Binary logarithm"),
    flagged("mad_over_time", &[M], 0, "Median absolute deviation of the samples in the range"),
    flagged_scalar("max_of", &[S, S], "The greater of two numbers"),
    stable("max_over_time", &[M], 0, "Greatest sample in the range"),
    flagged_scalar("min_of", &[S, S], "The smaller of two numbers"),
    stable("min_over_time", &[M], 0, "Smallest sample in the range"),
    stable("minute", &[V], 1, "Minute of the hour (0 to 59, UTC) of a Unix time"),
    stable("month", &[V], 1, "Month of the year (1 to 12, UTC) of a Unix time"),
    scalar("pi", &[], "The number π"),
    stable("predict_linear", &[M, S], 0, "Value of a gauge some seconds from now, by linear regression"),
    stable("present_over_time", &[M], 0, "1 for every series with a sample in the range"),
    stable("quantile_over_time", &[S, M], 0, "Quantile (0 to 1) of the samples in the range"),
    stable("rad", &[V], 0, "Degrees to radians"),
    flagged_scalar("range", &[], "Length of the query's time range, in seconds"),
    stable("rate", &[M], 0, "Growth per second of a counter over the range, extrapolated, mindful of resets"),
    stable("resets", &[M], 0, "How often a counter was reset within the range"),
    stable("round", &[V, S], 1, "Rounds to the nearest multiple of a number, 1 if none is given"),
    scalar("scalar", &[V], "The value of a vector's only sample as a number, else NaN"),
    stable("sgn", &[V], 0, "1, 0 or −1 by the sign of each sample"),
    stable("sin", &[V], 0, "Sine of an angle in radians"),
    stable("sinh", &[V], 0, "Hyperbolic sine"),
    stable("sort", &[V], 0, "Orders by value, smallest first (instant queries only)"),
    flagged("sort_by_label", &[V, T], -1, "Orders by the values of labels, in natural order (instant queries only)"),
    flagged("sort_by_label_desc", &[V, T], -1, "Orders by the values of labels, in reverse natural order (instant queries only)"),
    stable("sort_desc", &[V], 0, "Orders by value, greatest first (instant queries only)"),
    stable("sqrt", &[V], 0, "Square root"),
    flagged_scalar("start", &[], "Unix time of the start of the query, in seconds"),
    flagged("start_timestamp", &[V], 0, "Unix time at which each sample's series started, in seconds"),
    stable("stddev_over_time", &[M], 0, "Population standard deviation of the samples in the range"),
    stable("stdvar_over_time", &[M], 0, "Population variance of the samples in the range"),
    flagged_scalar("step", &[], "The query's step, in seconds"),
    stable("sum_over_time", &[M], 0, "Sum of the samples in the range"),
    stable("tan", &[V], 0, "Tangent of an angle in radians"),
    stable("tanh", &[V], 0, "Hyperbolic tangent"),
    scalar("time", &[], "Unix time of the evaluation, in seconds"),
    stable("timestamp", &[V], 0, "Unix time of each sample, in seconds"),
    flagged("ts_of_first_over_time", &[M], 0, "Unix time of the oldest sample in the range"),
    flagged("ts_of_last_over_time", &[M], 0, "Unix time of the newest sample in the range"),
    flagged("ts_of_max_over_time", &[M], 0, "Unix time of the last sample with the greatest value in the range"),
    flagged("ts_of_min_over_time", &[M], 0, "Unix time of the last sample with the smallest value in the range"),
    stable("vector", &[S], 0, "A number as a vector with one sample and no labels"),
    stable("year", &[V], 1, "Year (UTC) of a Unix time"),
];

/// The function called `name`.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by(|f| f.name.cmp(name)).ok().map(|at| &FUNCTIONS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_unique_and_found() {
        assert!(FUNCTIONS.windows(2).all(|w| w[0].name < w[1].name));
        for f in FUNCTIONS {
            assert!(std::ptr::eq(function(f.name).expect("in the table"), f));
            assert!(!f.help.is_empty() && !f.help.ends_with('.'), "{}", f.name);
        }
        assert!(function("nope").is_none());
        assert_eq!(FUNCTIONS.iter().filter(|f| f.experimental).count(), 19);
    }

    #[test]
    fn how_many_arguments() {
        let counts = |name: &str| function(name).map(|f| (f.min_args(), f.max_args()));
        assert_eq!(counts("rate"), Some((1, Some(1))));
        assert_eq!(counts("round"), Some((1, Some(2))));
        assert_eq!(counts("label_join"), Some((3, None)));
        assert_eq!(counts("sort_by_label"), Some((1, None)));
        assert_eq!(counts("histogram_quantiles"), Some((3, Some(12))));
        assert_eq!(counts("time"), Some((0, Some(0))));
        assert_eq!(counts("hour"), Some((0, Some(1))));
    }

    #[test]
    fn signatures_for_people() {
        let show = |name: &str| function(name).map(Function::signature).unwrap_or_default();
        assert_eq!(show("rate"), "rate(range vector) instant vector");
        assert_eq!(show("round"), "round(instant vector, [scalar]) instant vector");
        assert_eq!(
            show("label_join"),
            "label_join(instant vector, string, string, [string], …) instant vector"
        );
        assert_eq!(show("pi"), "pi() scalar");
    }
}
