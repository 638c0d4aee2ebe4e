//! Writing a frame: the head with all strings first, then series by series, so that a server can send
//! what is finished while it still writes the rest.

use std::collections::HashMap;
use std::collections::VecDeque;

use super::ABSENT_BITS;
use super::layout::{CONSTANT, DENSE, HEAD_LEN, MAGIC, VERSION};

/// Writes a frame piece by piece.
#[derive(Debug)]
pub struct FrameWriter {
    out: Vec<u8>,
    steps: usize,
    /// String numbers of the labels of the series that are still to come.
    labels: VecDeque<Vec<(u32, u32)>>,
}

impl FrameWriter {
    /// Starts a frame over the grid `(start_ms, step_ms, steps)` with the labels of all its series, each
    /// sorted by name. The values follow with [`FrameWriter::series`], once for each series, in order.
    pub fn new<'a, L>(
        (start_ms, step_ms, steps): (i64, i64, u32),
        labels: impl IntoIterator<Item = L>,
        warnings: &'a [String],
        infos: &'a [String],
    ) -> Self
    where
        L: IntoIterator<Item = (&'a str, &'a str)>,
    {
        let mut table = Table::default();
        let labels: VecDeque<Vec<(u32, u32)>> = labels
            .into_iter()
            .map(|pairs| pairs.into_iter().map(|(n, v)| (table.number(n), table.number(v))).collect())
            .collect();
        let warnings: Vec<u32> = warnings.iter().map(|text| table.number(text)).collect();
        let infos: Vec<u32> = infos.iter().map(|text| table.number(text)).collect();

        let mut out = Vec::with_capacity(HEAD_LEN + table.ends.len() * 4 + table.text.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(&start_ms.to_le_bytes());
        out.extend_from_slice(&step_ms.to_le_bytes());
        for number in [
            steps,
            labels.len() as u32,
            table.ends.len() as u32,
            table.text.len() as u32,
            warnings.len() as u32,
            infos.len() as u32,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        debug_assert_eq!(out.len(), HEAD_LEN);
        for number in table.ends.iter().chain(&warnings).chain(&infos) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(table.text.as_bytes());
        pad(&mut out);
        Self { out, steps: steps as usize, labels }
    }

    /// Adds the values of the next series. A step beyond `values` has no sample.
    ///
    /// # Panics
    /// When there are more series than labels were given.
    #[expect(
        clippy::expect_used,
        reason = "one call for each label set is the caller's side of the contract"
    )]
    pub fn series(&mut self, values: &[f64]) {
        let labels = self.labels.pop_front().expect("one call for each label set");
        let values = &values[..values.len().min(self.steps)];
        let constant = values.len() == self.steps
            && self.steps > 1
            && values.iter().all(|value| value.to_bits() == values[0].to_bits());
        self.out.extend_from_slice(&(labels.len() as u32).to_le_bytes());
        self.out.extend_from_slice(&(if constant { CONSTANT } else { DENSE }).to_le_bytes());
        for (name, value) in &labels {
            self.out.extend_from_slice(&name.to_le_bytes());
            self.out.extend_from_slice(&value.to_le_bytes());
        }
        if constant {
            self.out.extend_from_slice(&values[0].to_le_bytes());
            return;
        }
        self.out.reserve(self.steps * 8);
        for value in values {
            self.out.extend_from_slice(&value.to_le_bytes());
        }
        for _ in values.len()..self.steps {
            self.out.extend_from_slice(&ABSENT_BITS.to_le_bytes());
        }
    }

    /// Bytes that wait to be taken.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.out.len()
    }

    /// Takes the bytes written since the last call.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

/// Strings, each once.
#[derive(Default)]
struct Table {
    numbers: HashMap<String, u32>,
    /// Where each string ends in `text`.
    ends: Vec<u32>,
    text: String,
}

impl Table {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.ends.len() as u32;
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        self.numbers.insert(text.to_owned(), number);
        number
    }
}
