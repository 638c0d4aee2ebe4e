//! Records in a segment of Prometheus' log.
//!
//! A segment is a row of pages of 32 KiB. A record stands in one fragment, or in several of which each but
//! the last reaches to the end of its page; a fragment has a checksum of its own. So after a damage the next
//! fragment is searched for, and no later than at the next page everything can be read again.

use std::ops::Range;

use super::search::Budget;
use super::unpack::{MAX_RECORD, Packing, Unpacker};

/// Length of a page.
pub(super) const PAGE: usize = 32 << 10;
/// Length of a fragment's header: kind, length (u16), CRC32C of the payload.
pub(super) const HEADER: usize = 7;

/// What a scan comes across, in order.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'a> {
    /// A record, decompressed, and where it begins.
    Record { offset: usize, bytes: &'a [u8] },
    /// A stretch that cannot be read, with something readable behind it.
    Damage { at: Range<usize>, reason: &'static str },
    /// A stretch at the end that cannot be read: mostly a write that was not finished.
    Tail { at: Range<usize>, reason: &'static str },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Full,
    First,
    Middle,
    Last,
}

enum Step<'a> {
    Fragment {
        part: Part,
        packing: Packing,
        payload: &'a [u8],
    },
    /// Zeros to the end of the page.
    Padding(usize),
    Bad(&'static str),
}

/// A record whose end has not come yet.
struct Open {
    start: usize,
    packing: Packing,
}

/// Finds the records of a segment.
pub(super) fn scan(data: &[u8], unpacker: &mut Unpacker, mut visit: impl FnMut(Found<'_>)) {
    let mut budget = Budget::of(data.len());
    let mut packed: Vec<u8> = Vec::new();
    let mut open: Option<Open> = None;
    // Where the stretch begins that cannot be read, and why.
    let mut bad: Option<(usize, &'static str)> = None;
    let mut at = 0;
    while at < data.len() {
        let fault = match step(data, at) {
            Step::Fragment { part, packing, payload } => {
                let next = at + HEADER + payload.len();
                let begins = matches!(part, Part::Full | Part::First);
                if begins {
                    if let Some(cut) = open.take() {
                        bad.get_or_insert((cut.start, "a record has no end"));
                    }
                    if let Some((start, reason)) = bad.take() {
                        visit(Found::Damage { at: start..at, reason });
                    }
                    packed.clear();
                } else if open.is_none() {
                    bad.get_or_insert((at, "a record has no beginning"));
                    at = next;
                    continue;
                }
                let start = open.as_ref().map_or(at, |open| open.start);
                if packed.len() + payload.len() > MAX_RECORD {
                    bad = Some((start, "a record is too long"));
                    open = None;
                    at = next;
                    continue;
                }
                let packing = open.as_ref().map_or(packing, |open| open.packing);
                let whole = match part {
                    Part::Full => payload,
                    _ => {
                        packed.extend_from_slice(payload);
                        &packed
                    }
                };
                if matches!(part, Part::Full | Part::Last) {
                    open = None;
                    match unpacker.unpack(packing, whole) {
                        Some(bytes) => visit(Found::Record { offset: start, bytes }),
                        None => bad = Some((start, "a record cannot be decompressed")),
                    }
                } else {
                    open = Some(Open { start, packing });
                }
                at = next;
                continue;
            }
            Step::Padding(length) if open.is_none() || length < HEADER => {
                at += length;
                continue;
            }
            Step::Padding(_) => "a record breaks off",
            Step::Bad(reason) => reason,
        };
        let start = open.take().map_or(at, |open| open.start);
        bad.get_or_insert((start, fault));
        at = search(data, at + 1, &mut budget);
    }
    if let Some(open) = open {
        bad.get_or_insert((open.start, "a record has no end"));
    }
    if let Some((start, reason)) = bad {
        visit(Found::Tail { at: start..data.len(), reason });
    }
}

/// What stands at `at`.
fn step(data: &[u8], at: usize) -> Step<'_> {
    let rest = rest_of_page(data, at);
    match rest.first() {
        None => return Step::Padding(0),
        Some(0) if rest.iter().any(|byte| *byte != 0) => {
            return Step::Bad("bytes where there should be none");
        }
        Some(0) if at.is_multiple_of(PAGE) => return Step::Bad("a page of zeros"),
        Some(0) => return Step::Padding(rest.len()),
        Some(_) => {}
    }
    match header(rest) {
        None => Step::Bad("no record begins here"),
        Some((part, packing, length)) => match rest.get(HEADER..HEADER + length) {
            None => Step::Bad("a fragment is cut off"),
            Some(payload) if sum(rest) != crc32c::crc32c(payload) => Step::Bad("a checksum is wrong"),
            Some(payload) => Step::Fragment { part, packing, payload },
        },
    }
}

fn rest_of_page(data: &[u8], at: usize) -> &[u8] {
    let end = ((at / PAGE + 1) * PAGE).min(data.len());
    data.get(at..end).unwrap_or(&[])
}

/// Part, compression and length that a fragment's header tells.
fn header(rest: &[u8]) -> Option<(Part, Packing, usize)> {
    let header = rest.get(..HEADER)?;
    let part = match header[0] & 0x7 {
        1 => Part::Full,
        2 => Part::First,
        3 => Part::Middle,
        4 => Part::Last,
        _ => return None,
    };
    let packing = match header[0] & !0x7 {
        0 => Packing::None,
        0x8 => Packing::Snappy,
        0x10 => Packing::Zstd,
        _ => return None,
    };
    Some((part, packing, usize::from(u16::from_be_bytes([header[1], header[2]]))))
}

fn sum(rest: &[u8]) -> u32 {
    rest.get(3..HEADER).map_or(0, |sum| u32::from_be_bytes([sum[0], sum[1], sum[2], sum[3]]))
}

/// Where the next fragment begins within the page of `from - 1`, or the next page.
fn search(data: &[u8], from: usize, budget: &mut Budget) -> usize {
    let end = (((from - 1) / PAGE + 1) * PAGE).min(data.len());
    (from..end)
        .find(|at| {
            let rest = rest_of_page(data, *at);
            let Some((_, _, length)) = header(rest) else { return false };
            match rest.get(HEADER..HEADER + length) {
                // An empty payload would have a checksum of zero, like any run of zeros.
                Some(payload) if length > 0 && budget.take(length) => sum(rest) == crc32c::crc32c(payload),
                _ => false,
            }
        })
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode::{fill_page, segment};
    use super::*;

    /// Records, damages and the tail.
    type Scanned = (Vec<Vec<u8>>, Vec<Range<usize>>, Option<Range<usize>>);

    fn records_of(data: &[u8]) -> Scanned {
        let (mut records, mut gaps, mut tail) = (Vec::new(), Vec::new(), None);
        scan(data, &mut Unpacker::default(), |found| match found {
            Found::Record { bytes, .. } => records.push(bytes.to_vec()),
            Found::Damage { at, .. } => gaps.push(at),
            Found::Tail { at, .. } => tail = Some(at),
        });
        (records, gaps, tail)
    }

    fn record() -> impl Strategy<Value = Vec<u8>> {
        // No byte of it looks like a header, or the search behind a damage would give up over thousands of them.
        let filler = (any::<u8>(), 1usize..100_000).prop_map(|(byte, length)| {
            (0..length).map(|i| byte.wrapping_mul(i as u8).wrapping_add((i >> 7) as u8) | 0x20).collect()
        });
        prop_oneof![4 => proptest::collection::vec(any::<u8>(), 1..60), 1 => filler]
    }

    fn packing() -> impl Strategy<Value = Packing> {
        prop_oneof![Just(Packing::None), Just(Packing::Snappy), Just(Packing::Zstd)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_read(
            records in proptest::collection::vec(record(), 0..12),
            packing in packing(),
            filled in any::<bool>(),
        ) {
            let mut data = segment(&records, packing);
            if filled {
                fill_page(&mut data);
            }
            prop_assert_eq!(records_of(&data), (records, vec![], None));
        }

        /// One changed byte costs one record, and no other is invented.
        #[test]
        fn a_changed_byte_costs_one_record(
            records in proptest::collection::vec(record(), 1..12),
            packing in packing(),
            at in any::<prop::sample::Index>(),
            change in 1u8..,
        ) {
            let mut data = segment(&records, packing);
            let at = at.index(data.len());
            // Zeros at the end of a page belong to no record.
            let padding = data[at] == 0 && data[at..(at / PAGE + 1).saturating_mul(PAGE).min(data.len())].iter().all(|b| *b == 0);
            data[at] ^= change;
            let (found, gaps, tail) = records_of(&data);
            let lost = records.len() - found.len();
            // Only the first fragment of a record says how it is packed.
            if lost == 0 && change & !0x18 == 0 {
                return Ok(());
            }
            prop_assert!(lost <= 1 && (lost == 1 || padding));
            prop_assert_eq!(gaps.len() + usize::from(tail.is_some()), 1);
            let mut rest = records.iter();
            prop_assert!(found.iter().all(|record| rest.any(|known| known == record)));
        }

        #[test]
        fn a_cut_segment_has_a_tail(
            records in proptest::collection::vec(record(), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let data = segment(&records, Packing::None);
            let (found, gaps, tail) = records_of(&data[..cut.index(data.len())]);
            prop_assert!(gaps.is_empty());
            prop_assert_eq!(&records[..found.len()], &found);
            prop_assert!(found.len() < records.len());
            prop_assert!(tail.is_none_or(|tail| tail.end == cut.index(data.len())));
        }

        #[test]
        fn any_bytes_are_read(data in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let _ = records_of(&data);
        }
    }

    /// A page that a power cut left empty is missed, not taken for padding.
    #[test]
    fn a_page_of_zeros_is_damage() {
        let mut data = segment(&vec![vec![7; 1000]; 100], Packing::None);
        data[PAGE..2 * PAGE].fill(0);
        let (found, gaps, tail) = records_of(&data);
        assert!(found.len() < 70 && found.len() > 60);
        assert!(gaps.len() == 1 && gaps[0].contains(&PAGE) && tail.is_none());
    }

    /// Headers that promise much do not make the search take for ever.
    #[test]
    fn the_search_is_bounded() {
        let (found, _, tail) = records_of(&vec![0x14; 1 << 20]);
        assert!(found.is_empty() && tail == Some(0..1 << 20));
    }
}
