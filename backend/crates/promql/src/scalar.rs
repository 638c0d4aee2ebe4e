//! Scalars over the steps of a query.

/// A number for every step.
#[derive(Clone, Debug)]
pub(crate) enum ScalarColumn {
    /// The same at every step.
    Constant(f64),
    /// `[steps]`.
    Steps(Vec<f64>),
}

impl ScalarColumn {
    #[inline]
    pub(crate) fn get(&self, step: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Steps(values) => values[step],
        }
    }

    /// `f` of every value.
    pub(crate) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(f(value)),
            Self::Steps(values) => Self::Steps(values.into_iter().map(f).collect()),
        }
    }

    /// `f` of two scalars, step by step.
    pub(crate) fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => Self::Constant(f(*a, *b)),
            (Self::Steps(a), _) => {
                Self::Steps(a.iter().enumerate().map(|(i, a)| f(*a, other.get(i))).collect())
            }
            (_, Self::Steps(b)) => {
                Self::Steps(b.iter().enumerate().map(|(i, b)| f(self.get(i), *b)).collect())
            }
        }
    }
}
