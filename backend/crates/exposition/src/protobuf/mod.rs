//! Protobuf expositions: length-delimited `io.prometheus.client.MetricFamily` messages, and the OpenMetrics
//! `MetricSet`. A metric at a time is decoded into a batch of entries; the messages are read in place
//! (`wire`), field by field, because the schemas are small and fixed.

mod batch;
mod openmetrics;
mod prometheus;
mod wire;

use model::MetricType;

use crate::entry::Entry;
use crate::error::ParseError;
use batch::Batch;
use wire::Reader;

#[derive(Clone, Copy)]
enum Schema {
    Prometheus,
    OpenMetrics,
}

/// A family whose metrics are being read.
#[derive(Clone, Copy)]
struct Family<'a> {
    name: &'a str,
    metric_type: MetricType,
    /// What is left of the message.
    fields: Reader<'a>,
}

pub(crate) struct ProtobufParser<'a> {
    reader: Reader<'a>,
    schema: Schema,
    family: Option<Family<'a>>,
    batch: Batch<'a>,
}

impl<'a> ProtobufParser<'a> {
    pub(crate) fn prometheus(body: &'a [u8]) -> Self {
        Self::new(body, Schema::Prometheus)
    }

    pub(crate) fn openmetrics(body: &'a [u8]) -> Self {
        Self::new(body, Schema::OpenMetrics)
    }

    fn new(body: &'a [u8], schema: Schema) -> Self {
        Self { reader: Reader::new(body), schema, family: None, batch: Batch::default() }
    }

    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<'_>>, ParseError> {
        while self.batch.is_drained() {
            self.batch.clear();
            if !self.next_metric()? && !self.next_family()? {
                return Ok(None);
            }
        }
        Ok(self.batch.next_entry())
    }

    /// Decodes a field of the current family; `false` at its end.
    fn next_metric(&mut self) -> Result<bool, ParseError> {
        let Some(family) = &mut self.family else { return Ok(false) };
        let Some(field) = family.fields.field()? else {
            self.family = None;
            return Ok(false);
        };
        match (self.schema, field.number) {
            (Schema::Prometheus, prometheus::METRIC) => {
                prometheus::decode_metric(field.message()?, *family, &mut self.batch)?;
            }
            (Schema::OpenMetrics, openmetrics::METRIC) => {
                openmetrics::decode_metric(field.message()?, *family, &mut self.batch)?;
            }
            _ => {}
        }
        self.batch.check_size(family.fields)?;
        Ok(true)
    }

    /// Opens the next family; `false` at the end of the body.
    fn next_family(&mut self) -> Result<bool, ParseError> {
        match self.schema {
            Schema::Prometheus => {
                let Some(message) = self.reader.delimited()? else { return Ok(false) };
                self.family = Some(prometheus::decode_family(message, &mut self.batch)?);
            }
            Schema::OpenMetrics => {
                let Some(field) = self.reader.field()? else { return Ok(false) };
                if field.number == openmetrics::FAMILY {
                    self.family = Some(openmetrics::decode_family(field.message()?, &mut self.batch)?);
                }
            }
        }
        Ok(true)
    }
}
