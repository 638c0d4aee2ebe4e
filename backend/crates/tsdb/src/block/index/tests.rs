//! An index whose checksums are right and whose bytes are not.

use std::ops::ControlFlow;
use std::path::Path;

use model::{CompiledMatcher, Labels, MatchOp, Matcher};
use platform::{Disk, FileBytes, SimulatedDisk};
use proptest::prelude::*;
use storage::Cancel;

use super::reader::Index;
use super::toc::{TOC_BYTES, Toc};
use super::*;
use crate::block::chunks::ChunkRef;
use crate::block::codec::{CRC_BYTES, be32_at};
use crate::block::select::select;

fn small_index() -> Vec<u8> {
    let disk = SimulatedDisk::new(1);
    disk.create_dir_all(Path::new("/b")).unwrap();
    let mut builder = IndexBuilder::create(disk.shared(), Path::new("/b")).unwrap();
    for n in 0..6i64 {
        let labels =
            Labels::from_pairs([("a", format!("{}", n / 2)), ("b", format!("{n}")), ("c", "x".into())]);
        let chunk = |k: i64| ChunkMeta { min_t: k * 10, max_t: k * 10 + n, chunk: ChunkRef(8 + k as u64) };
        builder.add(&labels, &(0..3).map(chunk).collect::<Vec<_>>()).unwrap();
    }
    builder.finish(&mut || ControlFlow::Continue(())).unwrap();
    disk.read(Path::new("/b/index")).unwrap()
}

/// Where the bytes of each checksum are, and where it stands.
fn sums(file: &[u8]) -> Vec<(usize, usize)> {
    let toc = Toc::read(file).unwrap();
    let mut sums = Vec::new();
    let mut section = |offset: usize| {
        let end = offset + 4 + be32_at(file, offset) as usize;
        sums.push((offset + 4, end));
        (end + CRC_BYTES).next_multiple_of(4)
    };
    section(toc.symbols as usize);
    section(toc.label_table as usize);
    section(toc.postings_table as usize);
    let mut at = toc.postings as usize;
    while at < toc.label_table as usize {
        at = section(at);
    }
    let mut at = toc.series as usize;
    while at < toc.label_indices as usize {
        let start = at + 1; // entries this short have a length of one byte
        let end = start + usize::from(file[at]);
        sums.push((start, end));
        at = (end + CRC_BYTES).next_multiple_of(16);
    }
    sums.push((file.len() - TOC_BYTES, file.len() - CRC_BYTES));
    sums
}

/// Reads all there is, by all ways.
fn read_all(file: Vec<u8>) -> Result<usize, crate::block::BlockError> {
    let index = Index::from_bytes(Path::new("index"), FileBytes::from(file))?;
    let cancel = Cancel::default();
    let mut found = 0;
    for (op, value) in [
        (MatchOp::Equal, "2"),
        (MatchOp::NotEqual, "2"),
        (MatchOp::Regex, "[0-3]"),
        (MatchOp::Regex, ".+"),
        (MatchOp::NotRegex, "1.*"),
        (MatchOp::Regex, ".*"),
    ] {
        for name in ["a", "b", "zz"] {
            let matcher = CompiledMatcher::new(Matcher::new(name, op, value)).unwrap();
            let Ok(selected) = select(&index, &[matcher], &cancel) else { continue };
            for series in selected {
                let mut chunks = Vec::new();
                found += usize::from(
                    index.series(series, &mut SymbolCache::default(), &mut chunks, |_| true).is_ok(),
                );
                let _ = index
                    .symbol(name)
                    .map(|number| number.map(|number| index.value_of(series, number).is_ok()));
            }
        }
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_with_right_checksums_do_no_harm(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut file = small_index();
        let sums = sums(&file);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        for (start, end) in sums {
            let crc = crc32c::crc32c(&file[start..end]);
            file[end..end + CRC_BYTES].copy_from_slice(&crc.to_be_bytes());
        }
        let _ = read_all(file);
    }
}

#[test]
fn the_index_is_laid_out_as_prometheus_does() {
    let file = small_index();
    let toc = Toc::read(&file).unwrap();
    assert_eq!(file[..5], [0xba, 0xaa, 0xd7, 0, 2]);
    assert_eq!((toc.symbols, toc.series % 16), (5, 0));
    assert!(read_all(file.clone()).unwrap() > 20);
    let mut older = file;
    older[4] = 1;
    let error = read_all(older).unwrap_err().to_string();
    assert_eq!(error, "index: at byte 4: index version 1 is not supported, only 2 is");
}
