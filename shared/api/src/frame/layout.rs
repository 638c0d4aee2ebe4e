//! Numbers of the format that reader and writer share.

/// First four bytes.
pub(super) const MAGIC: [u8; 4] = *b"WFRM";
/// Version of the format.
pub(super) const VERSION: u16 = 1;
/// Length of the fixed head in bytes.
pub(super) const HEAD_LEN: usize = 48;

/// Every step has a value of its own.
pub(super) const DENSE: u32 = 0;
/// All steps have the same bits; one value stands for them.
pub(super) const CONSTANT: u32 = 1;

/// Most values a reader makes of one frame: 160 MB of floats.
pub(super) const VALUES_MAX: u64 = 20_000_000;
