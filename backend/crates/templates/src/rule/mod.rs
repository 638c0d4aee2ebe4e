//! Templates of rules: the texts of labels and annotations in Prometheus' rule files.

mod functions;

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use crate::error::TemplateError;
use crate::exec::{self, Functions, Trees, function};
use crate::funcs::{BUILTINS, Context};
use crate::limits::{LONGEST_SOURCE, Limits};
use crate::syntax::{Source, Tree, is_empty, parse};
use crate::value::{TextMap, Value};

const FUNCTIONS: Functions = &[functions::FUNCTIONS, BUILTINS];

/// What stands before each text, so that templates find their data under these names.
const VARIABLES: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// Evaluates an instant query at the time of the rule's evaluation.
pub type Query<'a> = dyn Fn(&str) -> Result<Vec<Sample>, String> + Sync + 'a;

/// An element of a query's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels, with the name of the metric.
    pub labels: Arc<BTreeMap<String, String>>,
    /// The value.
    pub value: SampleValue,
}

/// The value of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    /// A float.
    Float(f64),
    /// A native histogram, as PromQL writes it.
    Histogram(Arc<str>),
}

impl SampleValue {
    pub(crate) fn to_template(&self) -> Value {
        match self {
            Self::Float(value) => Value::Float(*value),
            Self::Histogram(text) => Value::Histogram(Arc::clone(text)),
        }
    }
}

/// What the template of a rule sees.
#[derive(Clone)]
pub struct RuleData<'a> {
    /// Labels of the element that the rule's expression gave.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Labels that the configuration adds to everything that leaves.
    pub external_labels: Arc<BTreeMap<String, String>>,
    /// The address under which people reach the program.
    pub external_url: Arc<str>,
    /// Value of the element.
    pub value: SampleValue,
    /// The time of evaluation, in milliseconds.
    pub now_ms: i64,
    /// Answers `query`.
    pub query: &'a Query<'a>,
    /// Bounds on the expansion.
    pub limits: Limits,
}

impl Debug for RuleData<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleData")
            .field("labels", &self.labels)
            .field("value", &self.value)
            .field("now_ms", &self.now_ms)
            .finish_non_exhaustive()
    }
}

/// The same as templates see it.
#[derive(Debug)]
pub(crate) struct RuleScope {
    pub(crate) labels: Arc<TextMap>,
    pub(crate) external_labels: Arc<TextMap>,
    pub(crate) external_url: Arc<str>,
    pub(crate) value: Value,
}

/// The text of a label or an annotation, read and checked.
#[derive(Clone, Debug)]
pub struct RuleTemplate {
    name: String,
    program: Program,
}

#[derive(Clone, Debug)]
enum Program {
    /// A text without actions.
    Text(Arc<str>),
    Template {
        main: Arc<Tree>,
        trees: Arc<Trees>,
    },
}

impl RuleTemplate {
    /// Reads the text of a label or an annotation of the alert `alert`.
    ///
    /// # Errors
    /// When it is no template, calls functions that there are not, or is too long.
    pub fn parse(alert: &str, text: &str) -> Result<Self, TemplateError> {
        let name = format!("__alert_{alert}");
        if !text.contains("{{") {
            return Ok(Self { name, program: Program::Text(text.into()) });
        }
        if text.len() > LONGEST_SOURCE {
            return Err(TemplateError::parse(&name, 1, format!("longer than {LONGEST_SOURCE} bytes")));
        }
        let source = Source { name: name.clone(), text: format!("{VARIABLES}{text}") };
        let parsed = parse(source, &name, &|name| function(FUNCTIONS, name).is_some())?;
        let mut main = Arc::new(parsed.main);
        let mut trees: Trees =
            parsed.defined.into_iter().map(|tree| (Arc::clone(&tree.name), Arc::new(tree))).collect();
        match trees.get(&main.name) {
            Some(own) if is_empty(&main.body) => main = Arc::clone(own),
            _ => {
                trees.insert(Arc::clone(&main.name), Arc::clone(&main));
            }
        }
        Ok(Self { name, program: Program::Template { main, trees: Arc::new(trees) } })
    }

    /// Whether the text is the same for all data.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self.program, Program::Text(_))
    }

    /// The text with its actions replaced.
    ///
    /// # Errors
    /// When an action fails. A label or an annotation shows [`failed`] then.
    pub fn expand(&self, data: &RuleData<'_>) -> Result<String, TemplateError> {
        let (main, trees) = match &self.program {
            Program::Text(text) => return Ok(text.to_string()),
            Program::Template { main, trees } => (main, trees),
        };
        let context =
            Context::new(data.limits, data.now_ms, Some(data.query), Arc::clone(&data.external_url));
        let scope = RuleScope {
            labels: Arc::clone(&data.labels),
            external_labels: Arc::clone(&data.external_labels),
            external_url: Arc::clone(&data.external_url),
            value: data.value.to_template(),
        };
        exec::run(main, trees, FUNCTIONS, &context, &Value::Rule(Arc::new(scope)))
            .map_err(|error| error.under(format_args!("error executing template {}", self.name)))
    }
}

/// What a label or an annotation says when its template failed.
#[must_use]
pub fn failed(error: &TemplateError) -> String {
    format!("<error expanding template: {error}>")
}
