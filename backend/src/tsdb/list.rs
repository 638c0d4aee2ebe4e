//! `tsdb list`: the blocks of a data directory.

use std::io::Write as _;

use tsdb::block::BlockMeta;

use super::flags::ListFlags;
use super::{Outcome, absolute, look_at, open_blocks, output, table};

pub(super) fn run(flags: &ListFlags) -> Outcome {
    let dir = absolute(&flags.dir)?;
    let (blocks, whole) = open_blocks(look_at(&dir)?, &dir)?;
    let list = blocks.list();
    let rows: Vec<_> =
        list.iter().map(|block| (BlockMeta::clone(&block.meta()), block.size_bytes())).collect();
    let mut out = output();
    table::write(&mut out, &rows, flags.human_readable)?;
    out.flush()?;
    Ok(whole)
}
