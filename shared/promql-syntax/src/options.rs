//! What a query may use: Prometheus' feature flags that concern the language, and bounds on its size.

/// Switches named as Prometheus names them after `--enable-feature`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// `promql-experimental-functions`: functions and aggregations marked experimental.
    pub experimental_functions: bool,
    /// `promql-duration-expr`: arithmetic, `step()` and `range()` in durations.
    pub duration_expr: bool,
    /// `promql-extended-range-selectors`: `anchored` and `smoothed`.
    pub extended_range_selectors: bool,
    /// `promql-binop-fill-modifiers`: `fill`, `fill_left`, `fill_right`.
    pub binop_fill_modifiers: bool,
}

impl Features {
    /// Everything on.
    #[must_use]
    pub fn all() -> Self {
        Self {
            experimental_functions: true,
            duration_expr: true,
            extended_range_selectors: true,
            binop_fill_modifiers: true,
        }
    }

    /// Switches on the feature of this name. Says whether there is one that concerns the language.
    pub fn enable(&mut self, name: &str) -> bool {
        let switch = match name {
            "promql-experimental-functions" => &mut self.experimental_functions,
            "promql-duration-expr" => &mut self.duration_expr,
            "promql-extended-range-selectors" => &mut self.extended_range_selectors,
            "promql-binop-fill-modifiers" => &mut self.binop_fill_modifiers,
            _ => return false,
        };
        *switch = true;
        true
    }
}

/// How to read a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// What is switched on.
    pub features: Features,
}

impl ParseOptions {
    /// With everything switched on.
    #[must_use]
    pub fn all_features() -> Self {
        Self { features: Features::all() }
    }
}

/// The longest query that is read, in bytes.
pub const MAX_QUERY_BYTES: usize = 256 * 1024;

/// How deep a tree may be: parentheses, calls, signs and operators in a row all add to it. Whoever walks
/// the tree by recursion can rely on this bound. A debug build of this crate needs up to 6 KiB of stack per
/// level, which leaves room on a thread of 2 MiB.
pub const MAX_DEPTH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switched_on_by_the_names_prometheus_uses() {
        let mut features = Features::default();
        for name in [
            "promql-experimental-functions",
            "promql-duration-expr",
            "promql-extended-range-selectors",
            "promql-binop-fill-modifiers",
        ] {
            assert_ne!(features, Features::all());
            assert!(features.enable(name), "{name}");
        }
        assert_eq!(features, Features::all());
        assert!(!features.enable("promql-per-step-stats"));
    }
}
