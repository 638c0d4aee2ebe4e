//! Go's `text/template` as Prometheus' rule files and Alertmanager's files use it.
//!
//! [`RuleTemplate`] is the text of a label or an annotation of a rule, [`NotificationTemplates`] a set of
//! templates for notifications, from which both text and HTML are made. Existing texts give what they give in
//! the programs they were written for, error messages included.
//!
//! Templates read no files and no clock, and whatever they say they end: output, single values and work are
//! bounded by [`Limits`].

mod error;
mod exec;
mod funcs;
mod limits;
mod notification;
mod rule;
mod syntax;
mod value;

pub use error::TemplateError;
pub use limits::Limits;
pub use notification::{Alert, Notification, NotificationTemplates, Status};
pub use rule::{Query, RuleData, RuleTemplate, Sample, SampleValue, failed};
