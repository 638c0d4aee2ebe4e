//! A set of templates, and texts that call them.

use std::sync::{Arc, LazyLock};

use super::{Notification, functions};
use crate::error::TemplateError;
use crate::exec::{self, Functions, Trees, function};
use crate::funcs::{BUILTINS, Context};
use crate::limits::{LONGEST_SOURCE, Limits};
use crate::syntax::{Parsed, Source, Tree, is_empty, parse};
use crate::value::Value;

const FUNCTIONS: Functions = &[functions::FUNCTIONS, BUILTINS];

/// The templates that are there without any file.
const DEFAULTS: [(&str, &str); 2] =
    [("default.tmpl", include_str!("default.tmpl")), ("email.tmpl", include_str!("email.tmpl"))];

/// Templates by name, and the running of texts that call them.
#[derive(Clone, Debug)]
pub struct NotificationTemplates {
    trees: Trees,
    limits: Limits,
}

impl NotificationTemplates {
    /// The templates that Alertmanager has without any file, under the names that files of its users call.
    #[must_use]
    pub fn with_defaults() -> Self {
        static BUILT_IN: LazyLock<NotificationTemplates> = LazyLock::new(|| {
            let mut set = NotificationTemplates::empty();
            for (name, text) in DEFAULTS {
                set.add(name, text).expect("what is built in is well formed, as every test here shows");
            }
            set
        });
        BUILT_IN.clone()
    }

    /// No templates.
    #[must_use]
    pub fn empty() -> Self {
        Self { trees: Trees::new(), limits: Limits::default() }
    }

    /// The same templates under other bounds.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Adds the templates that a file defines, and the file itself under its name. A template replaces one of
    /// the same name, unless there is nothing in it.
    ///
    /// # Errors
    /// When the text is no template, calls functions that there are not, or is too long.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        let Parsed { main, defined } = read(name, text)?;
        merge(&mut self.trees, defined);
        merge(&mut self.trees, [main]);
        Ok(())
    }

    /// The names of all templates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.trees.keys().map(|name| &**name)
    }

    /// Checks a text as [`render_text`](Self::render_text) does before it runs it.
    ///
    /// # Errors
    /// When the text is no template.
    pub fn check(&self, text: &str) -> Result<(), TemplateError> {
        read("", text).map(|_| ())
    }

    /// Runs a text and gives what it prints; `now_ms` is what counts as now, in milliseconds.
    ///
    /// # Errors
    /// When the text is no template, or fails.
    pub fn render_text(
        &self,
        text: &str,
        data: &Arc<Notification>,
        now_ms: i64,
    ) -> Result<String, TemplateError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let (main, trees) = self.with(text)?;
        let context = self.context(data, now_ms);
        exec::run(&main, &trees, FUNCTIONS, &context, &Value::Notification(Arc::clone(data)))
    }

    /// Runs a text that makes HTML, with each value escaped as its place demands.
    ///
    /// # Errors
    /// When the text is no template, fails, or leaves open what a place demands.
    pub fn render_html(
        &self,
        text: &str,
        data: &Arc<Notification>,
        now_ms: i64,
    ) -> Result<String, TemplateError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let (main, trees) = self.with(text)?;
        let context = self.context(data, now_ms);
        exec::html::run(&main, &trees, FUNCTIONS, context, &Value::Notification(Arc::clone(data)))
    }

    fn context(&self, data: &Notification, now_ms: i64) -> Context<'static> {
        Context::new(self.limits, now_ms, None, data.external_url.as_str().into())
    }

    /// The templates with those that a text defines, and the text itself.
    fn with(&self, text: &str) -> Result<(Arc<Tree>, Trees), TemplateError> {
        let Parsed { main, defined } = read("", text)?;
        let mut trees = self.trees.clone();
        merge(&mut trees, defined);
        let main = Arc::new(main);
        match trees.get(&main.name) {
            Some(own) if is_empty(&main.body) => Ok((Arc::clone(own), trees)),
            _ => {
                trees.insert(Arc::clone(&main.name), Arc::clone(&main));
                Ok((main, trees))
            }
        }
    }
}

fn read(name: &str, text: &str) -> Result<Parsed, TemplateError> {
    if text.len() > LONGEST_SOURCE {
        return Err(TemplateError::parse(name, 1, format!("longer than {LONGEST_SOURCE} bytes")));
    }
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    parse(source, name, &|name| function(FUNCTIONS, name).is_some())
}

fn merge(trees: &mut Trees, new: impl IntoIterator<Item = Tree>) {
    for tree in new {
        if !is_empty(&tree.body) || !trees.contains_key(&tree.name) {
            trees.insert(Arc::clone(&tree.name), Arc::new(tree));
        }
    }
}
