//! Entrances for the fuzz targets: any bytes as each file of a block. Built for fuzzing, checksums are taken
//! for right, because no fuzzer guesses one.

use std::path::Path;

use model::TimeRange;
use platform::FileBytes;
use storage::{Cancel, Samples};

use super::chunks::{ChunkReader, ChunkRef};
use super::codecs;
use super::index::{Index, SymbolCache};
use super::meta::BlockMeta;
use super::select::{select, visit_values};
use super::tombstones::Tombstones;

/// Offsets of a segment at which a chunk is looked for.
const OFFSETS: u64 = 64;

/// Reads the bytes as an index: all values, all postings, all series.
pub fn fuzz_index(data: &[u8]) {
    let Ok(index) = Index::from_bytes(Path::new("index"), FileBytes::from(data.to_vec())) else { return };
    let cancel = Cancel::default();
    for name in index.names() {
        let _ = visit_values(&index, name, None, &cancel, |entry| index.postings(entry).map(|_| ()));
        let _ = index.find(name, "a");
    }
    let Ok(selected) = select(&index, &[], &cancel) else { return };
    let (mut chunks, mut cache) = (Vec::new(), SymbolCache::default());
    for series in selected {
        let _ = index.series(series, &mut cache, &mut chunks, |_| true);
        let _ = index.symbol("a").map(|number| number.map(|number| index.value_of(series, number).is_ok()));
    }
}

/// Reads the bytes as a segment of chunks, and each chunk as samples.
pub fn fuzz_chunks(data: &[u8]) {
    let Ok(reader) = ChunkReader::from_bytes(Path::new("chunks"), FileBytes::from(data.to_vec())) else {
        return;
    };
    for offset in 0..OFFSETS {
        if let Ok((encoding, data)) = reader.read(ChunkRef(offset)) {
            let mut samples = Samples::default();
            let _ = codecs::decode(encoding, data, TimeRange::ALL, &mut samples);
        }
    }
}

/// Reads the bytes as tombstones.
pub fn fuzz_tombstones(data: &[u8]) {
    if let Ok(tombstones) = Tombstones::parse(data) {
        let _ = tombstones.of(1).map(|intervals| (intervals.contain(0), intervals.cover((0, 9))));
    }
}

/// Reads the bytes as `meta.json`.
pub fn fuzz_meta(data: &[u8]) {
    let _ = BlockMeta::parse(Path::new("meta.json"), data);
}
