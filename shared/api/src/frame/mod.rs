//! Query results as columns: the answer of `/api/v1/query` and `/api/v1/query_range` when the request
//! says `Accept: application/vnd.watchfire.frame`.
//!
//! All series of a frame share one grid of times. A place without a sample holds [`ABSENT_BITS`], so that
//! an ordinary NaN stays a value. The bytes are described in `backend/docs/format/frame.md`.

mod decode;
mod encode;
mod layout;

pub use decode::FrameError;
pub use encode::FrameWriter;

/// Content type of a frame.
pub const CONTENT_TYPE: &str = "application/vnd.watchfire.frame";

/// Bit pattern of a place without a sample (Prometheus' staleness marker).
pub const ABSENT_BITS: u64 = 0x7ff0_0000_0000_0002;

/// A query's result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// First time of the grid, milliseconds since the epoch.
    pub start_ms: i64,
    /// Distance of the grid's times; 0 for an instant query, which has one step.
    pub step_ms: i64,
    /// Number of times.
    pub steps: u32,
    /// Series.
    pub series: Vec<FrameSeries>,
    /// Warnings to show.
    pub warnings: Vec<String>,
    /// Remarks to show.
    pub infos: Vec<String>,
}

/// A series of a frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameSeries {
    /// Labels, sorted by name; none for a scalar.
    pub labels: Vec<(String, String)>,
    /// Values `[steps]`.
    pub values: Vec<f64>,
}

impl Frame {
    /// Time of step `index`.
    #[must_use]
    pub fn time_ms(&self, index: usize) -> i64 {
        self.start_ms.saturating_add(self.step_ms.saturating_mul(index as i64))
    }

    /// The frame as bytes. Values beyond `steps` are left out, missing ones are absent.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let labels = self.series.iter().map(|s| s.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let mut writer =
            FrameWriter::new((self.start_ms, self.step_ms, self.steps), labels, &self.warnings, &self.infos);
        for series in &self.series {
            writer.series(&series.values);
        }
        writer.take()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// When the bytes are not exactly one frame of this version, or more than a browser should hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        decode::decode(bytes)
    }
}

/// Whether `value` marks a place without a sample.
#[must_use]
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT_BITS
}
