//! A log line as `time=… level=INFO component=tsdb msg="…" key=value`.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::registry::LookupSpan;

/// The format.
#[derive(Debug)]
pub(crate) struct Logfmt;

impl<S, N> FormatEvent<S, N> for Logfmt
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let component = metadata.target().split("::").next().unwrap_or_default();
        let mut fields = Fields::default();
        event.record(&mut fields);
        writer.write_str("time=")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, " level={} component={component} msg=", metadata.level())?;
        push_value(&mut writer, &fields.message)?;
        writeln!(writer, "{}", fields.rest)
    }
}

/// Fields of an event; the message comes first whatever its place.
#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.rest.push(' ');
            self.rest.push_str(field.name());
            self.rest.push('=');
            // Writing into a String cannot fail.
            let _ = push_value(&mut self.rest, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Writes a value, in quotes where it would not be one word.
fn push_value(out: &mut impl fmt::Write, value: &str) -> fmt::Result {
    let word = !value.is_empty()
        && value.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '=' | '\\'));
    if word { out.write_str(value) } else { write!(out, "{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_more_than_one_word_is_quoted() {
        let show = |value: &str| {
            let mut out = String::new();
            push_value(&mut out, value).unwrap();
            out
        };
        assert_eq!(show("plain/path:1"), "plain/path:1");
        assert_eq!(show("two words"), "\"two words\"");
        assert_eq!(show(""), "\"\"");
        assert_eq!(show("a\"b\nc=d"), "\"a\\\"b\\nc=d\"");
    }
}
