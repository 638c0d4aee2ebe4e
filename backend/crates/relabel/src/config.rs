//! Rules as a configuration file has them, and checked.

use model::{AnchoredRegex, RegexError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::action::Action;
use crate::template::{has_variable, is_label_template};

const DEFAULT_SEPARATOR: &str = ";";
const DEFAULT_REGEX: &str = "(.*)";
const DEFAULT_REPLACEMENT: &str = "$1";

/// A rule as written: keys and defaults are Prometheus'. What is `None` was not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleConfig {
    /// Labels whose values, joined, are what the rule looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_labels: Option<Vec<String>>,
    /// Stands between the joined values; ";" by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// Expression in RE2 syntax, anchored at both ends; "(.*)" by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Modulus of `hashmod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modulus: Option<u64>,
    /// Label to write; for `replace` it may hold variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_label: Option<String>,
    /// Text to write, with variables; "$1" by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Action; "replace" by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// Why a rule is refused. The texts are Prometheus'.
#[derive(Clone, Debug, Error)]
pub enum RuleError {
    /// The expression is not valid.
    #[error(transparent)]
    Regex(#[from] RegexError),
    /// `hashmod` without a modulus.
    #[error("relabel configuration for hashmod requires non-zero modulus")]
    NoModulus,
    /// The action needs a target.
    #[error("relabel configuration for {0} action requires 'target_label' value")]
    NoTarget(Action),
    /// The target cannot be a label name.
    #[error("{target:?} is invalid 'target_label' for {action} action")]
    BadTarget {
        /// Action.
        action: Action,
        /// The target as written.
        target: String,
    },
    /// The replacement of `labelmap` cannot be a label name.
    #[error("{replacement:?} is invalid 'replacement' for {action} action")]
    BadReplacement {
        /// Action.
        action: Action,
        /// The replacement as written.
        replacement: String,
    },
    /// The action makes its own replacement.
    #[error("'replacement' can not be set for {0} action")]
    NeedlessReplacement(Action),
    /// `keepequal` and `dropequal` compare, they do not match.
    #[error("{0} action requires only 'source_labels' and 'target_label', and no other fields")]
    OnlySourceAndTarget(Action),
    /// `labeldrop` and `labelkeep` look at names only.
    #[error("{0} action requires only 'regex', and no other fields")]
    OnlyRegex(Action),
    /// A source label has no name.
    #[error("\"\" is not a valid label name")]
    EmptySourceLabel,
}

/// A rule ready to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RuleConfig", into = "RuleConfig")]
pub struct Rule {
    config: RuleConfig,
    pub(crate) action: Action,
    pub(crate) source_labels: Vec<String>,
    pub(crate) separator: String,
    pub(crate) regex: AnchoredRegex,
    /// Whether the expression is the default, which matches everything and captures it as a whole.
    pub(crate) matches_all: bool,
    pub(crate) modulus: u64,
    pub(crate) target_label: String,
    pub(crate) replacement: String,
}

impl Rule {
    /// Checks and compiles a rule.
    ///
    /// # Errors
    /// When the fields do not go together or the expression is not valid.
    pub fn new(config: RuleConfig) -> Result<Self, RuleError> {
        let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
        let pattern = or(&config.regex, DEFAULT_REGEX);
        let rule = Self {
            action: config.action.unwrap_or_default(),
            source_labels: config.source_labels.clone().unwrap_or_default(),
            separator: or(&config.separator, DEFAULT_SEPARATOR),
            regex: AnchoredRegex::new(&pattern)?,
            matches_all: pattern == DEFAULT_REGEX,
            modulus: config.modulus.unwrap_or(0),
            target_label: or(&config.target_label, ""),
            replacement: or(&config.replacement, DEFAULT_REPLACEMENT),
            config,
        };
        rule.check()?;
        Ok(rule)
    }

    /// The rule as written.
    #[must_use]
    pub fn config(&self) -> &RuleConfig {
        &self.config
    }

    /// What the rule does.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    fn check(&self) -> Result<(), RuleError> {
        let action = self.action;
        if self.source_labels.iter().any(String::is_empty) {
            return Err(RuleError::EmptySourceLabel);
        }
        if action == Action::HashMod && self.modulus == 0 {
            return Err(RuleError::NoModulus);
        }
        let writes_target = matches!(
            action,
            Action::Replace
                | Action::HashMod
                | Action::Lowercase
                | Action::Uppercase
                | Action::KeepEqual
                | Action::DropEqual
        );
        if writes_target && self.target_label.is_empty() {
            return Err(RuleError::NoTarget(action));
        }
        let bad_template = has_variable(&self.target_label) && !is_label_template(&self.target_label);
        if action == Action::Replace && bad_template {
            return Err(RuleError::BadTarget { action, target: self.target_label.clone() });
        }
        if action == Action::LabelMap && !is_label_template(&self.replacement) {
            return Err(RuleError::BadReplacement { action, replacement: self.replacement.clone() });
        }
        let default_separator = self.separator == DEFAULT_SEPARATOR;
        let default_replacement = self.replacement == DEFAULT_REPLACEMENT;
        match action {
            Action::Lowercase | Action::Uppercase if !default_replacement => {
                Err(RuleError::NeedlessReplacement(action))
            }
            Action::KeepEqual | Action::DropEqual
                if !(self.matches_all && self.modulus == 0 && default_separator && default_replacement) =>
            {
                Err(RuleError::OnlySourceAndTarget(action))
            }
            Action::LabelDrop | Action::LabelKeep
                if !(self.config.source_labels.is_none()
                    && self.target_label.is_empty()
                    && self.modulus == 0
                    && default_separator
                    && default_replacement) =>
            {
                Err(RuleError::OnlyRegex(action))
            }
            _ => Ok(()),
        }
    }
}

impl TryFrom<RuleConfig> for Rule {
    type Error = RuleError;
    fn try_from(config: RuleConfig) -> Result<Self, RuleError> {
        Self::new(config)
    }
}

impl From<Rule> for RuleConfig {
    fn from(rule: Rule) -> Self {
        rule.config
    }
}
