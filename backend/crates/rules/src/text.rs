//! The text of a label or an annotation.

use std::sync::Arc;

use templates::{RuleTemplate, TemplateError};

/// A text as it is written, and as a template where it may be one.
#[derive(Clone, Debug)]
pub struct Text {
    source: Arc<str>,
    template: Option<RuleTemplate>,
}

impl Text {
    /// A text that stands for itself.
    #[must_use]
    pub fn literal(source: &str) -> Self {
        Self { source: Arc::from(source), template: None }
    }

    /// A text of the alert `alert` in which actions may stand.
    ///
    /// # Errors
    /// When they make no sense.
    pub fn template(alert: &str, source: &str) -> Result<Self, TemplateError> {
        let template = RuleTemplate::parse(alert, source)?;
        let template = (!template.is_constant()).then_some(template);
        Ok(Self { source: Arc::from(source), template })
    }

    /// As it is written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The template, if actions stand in it.
    #[must_use]
    pub fn actions(&self) -> Option<&RuleTemplate> {
        self.template.as_ref()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.template.is_some() == other.template.is_some()
    }
}
