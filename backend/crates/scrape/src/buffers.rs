//! Buffers for bodies, shared by all loops: few scrapes run at the same moment, so few buffers are needed.

use parking_lot::Mutex;

/// Buffers kept while nobody uses them.
const MOST_KEPT: usize = 16;
/// A larger buffer is given back to the system.
const LARGEST_KEPT: usize = 16 << 20;

/// The shared buffers.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    idle: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    pub(crate) fn take(&self) -> Vec<u8> {
        self.idle.lock().pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut idle = self.idle.lock();
        if buffer.capacity() <= LARGEST_KEPT && idle.len() < MOST_KEPT {
            buffer.clear();
            idle.push(buffer);
        }
    }
}
