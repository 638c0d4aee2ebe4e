//! A table of blocks, and how its numbers are written.

use std::io::{self, Write};

use jiff::Timestamp;
use tsdb::block::BlockMeta;

const TITLES: [&str; 8] =
    ["BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION", "NUM SAMPLES", "NUM CHUNKS", "NUM SERIES", "SIZE"];

/// Writes a line for each block with its size in bytes.
pub(super) fn write(out: &mut impl Write, blocks: &[(BlockMeta, u64)], human: bool) -> io::Result<()> {
    let rows = blocks.iter().map(|(meta, bytes)| {
        let stats = &meta.stats;
        [
            meta.ulid.to_string(),
            if human { time(meta.min_time) } else { meta.min_time.to_string() },
            if human { time(meta.max_time) } else { meta.max_time.to_string() },
            duration(meta.max_time.saturating_sub(meta.min_time)),
            stats.num_samples.to_string(),
            stats.num_chunks.to_string(),
            stats.num_series.to_string(),
            if human { size(*bytes) } else { bytes.to_string() },
        ]
    });
    let rows: Vec<[String; 8]> = std::iter::once(TITLES.map(str::to_owned)).chain(rows).collect();
    let widths: Vec<usize> =
        (0..TITLES.len()).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// A time in UTC, such as `2026-01-02 03:00:00 UTC`.
pub(super) fn time(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => ms.to_string(),
    }
}

/// A duration with its larger units and all below them, such as `2h0m0s`.
pub(super) fn duration(ms: i64) -> String {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
    let fraction = fraction.trim_end_matches('0');
    match (hours, minutes) {
        (0, 0) => format!("{}{fraction}s", seconds % 60),
        (0, _) => format!("{minutes}m{}{fraction}s", seconds % 60),
        _ => format!("{hours}h{minutes}m{}{fraction}s", seconds % 60),
    }
}

/// A number of bytes, such as `1.5MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(duration(7_200_000), "2h0m0s");
        assert_eq!(duration(61_500), "1m1.5s");
        assert_eq!(duration(1), "0.001s");
        assert_eq!(size(1023), "1023B");
        assert_eq!(size(3 << 19), "1.5MiB");
        assert_eq!(size(u64::MAX), "16.0EiB");
        assert_eq!(time(1_700_000_000_000), "2023-11-14 22:13:20 UTC");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
