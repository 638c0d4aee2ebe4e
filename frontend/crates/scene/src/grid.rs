//! Placing panels on the grid: moving and resizing push others down, and everything falls up.

use dashboard::{GRID_COLUMNS, GridPos};

use crate::order::sort_by;

/// A panel's id and place.
pub type Item = (u32, GridPos);

/// Height of a grid row in CSS pixels.
pub const ROW_PX: f64 = 32.0;
/// Space between panels in CSS pixels.
pub const GAP_PX: f64 = 8.0;

/// Whether two rectangles share a cell.
#[must_use]
pub fn overlaps(a: GridPos, b: GridPos) -> bool {
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/// Puts panel `id` at `to` (kept within the grid); others make room and then all fall up.
#[must_use]
pub fn place(items: &[Item], id: u32, to: GridPos) -> Vec<Item> {
    let to = clamp(to);
    let others = items.iter().filter(|(other, _)| *other != id).copied();
    let mut order: Vec<Item> = std::iter::once((id, to)).chain(others).collect();
    // The moved panel wins its row against those it overlaps, so it is settled before them.
    sort_by(&mut order, |a, b| (a.1.y, a.0 != id, a.1.x).cmp(&(b.1.y, b.0 != id, b.1.x)));
    settle(&order)
}

/// Lets every panel fall up as far as it can.
#[must_use]
pub fn compact(items: &[Item]) -> Vec<Item> {
    let mut order = items.to_vec();
    reading_order(&mut order);
    settle(&order)
}

/// Sorts as one reads: row by row, from the left.
pub fn reading_order(items: &mut Vec<Item>) {
    sort_by(items, |a, b| (a.1.y, a.1.x).cmp(&(b.1.y, b.1.x)));
}

/// The place below everything, for a new panel.
#[must_use]
pub fn bottom(items: &[Item], w: u32, h: u32) -> GridPos {
    let y = items.iter().map(|(_, p)| p.y + p.h).max().unwrap_or(0);
    GridPos { x: 0, y, w: w.clamp(1, GRID_COLUMNS), h: h.max(1) }
}

fn clamp(p: GridPos) -> GridPos {
    let w = p.w.clamp(2, GRID_COLUMNS);
    GridPos { x: p.x.min(GRID_COLUMNS - w), y: p.y.min(9_000), w, h: p.h.clamp(2, 200) }
}

fn settle(order: &[Item]) -> Vec<Item> {
    let mut placed: Vec<Item> = Vec::with_capacity(order.len());
    for (id, wanted) in order {
        let mut p = *wanted;
        let free = |p: GridPos, placed: &[Item]| placed.iter().all(|(_, other)| !overlaps(p, *other));
        while p.y > 0 && free(GridPos { y: p.y - 1, ..p }, &placed) && free(p, &placed) {
            p.y -= 1;
        }
        while !free(p, &placed) {
            p.y += 1;
        }
        placed.push((*id, p));
    }
    reading_order(&mut placed);
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pos(x: u32, y: u32, w: u32, h: u32) -> GridPos {
        GridPos { x, y, w, h }
    }

    #[test]
    fn a_moved_panel_pushes_others_down() {
        let items = [(1, pos(0, 0, 12, 4)), (2, pos(12, 0, 12, 4))];
        assert_eq!(place(&items, 1, pos(12, 0, 12, 4)), [(1, pos(12, 0, 12, 4)), (2, pos(12, 4, 12, 4))]);
        assert_eq!(place(&items, 1, pos(0, 9, 99, 4)), [(2, pos(12, 0, 12, 4)), (1, pos(0, 4, 24, 4))]);
        assert_eq!(bottom(&items, 12, 8), pos(0, 4, 12, 8));
    }

    fn items() -> impl Strategy<Value = Vec<Item>> {
        prop::collection::vec((0u32..20, 0u32..30, 2u32..12, 1u32..8), 0..12).prop_map(|v| {
            v.into_iter()
                .enumerate()
                .map(|(i, (x, y, w, h))| (i as u32, pos(x.min(24 - w), y, w, h)))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_nothing_is_lost(items in items(), x in 0u32..40, y in 0u32..40, w in 0u32..40, h in 0u32..40) {
            let placed = place(&items, 0, pos(x, y, w, h));
            prop_assert_eq!(placed.len(), items.len().max(1));
            for (i, (_, a)) in placed.iter().enumerate() {
                prop_assert!(a.x + a.w <= GRID_COLUMNS && a.w > 0 && a.h > 0);
                for (_, b) in &placed[i + 1..] {
                    prop_assert!(!overlaps(*a, *b));
                }
            }
        }
        #[test]
        fn compacting_twice_changes_nothing(items in items()) {
            let once = compact(&items);
            prop_assert_eq!(compact(&once), once);
        }
    }
}
