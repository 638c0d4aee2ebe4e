//! The bytes of a file, mapped or held.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use memmap2::{Mmap, UncheckedAdvice};

/// The bytes of a file that is not written any more. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct FileBytes(Source);

#[derive(Clone)]
enum Source {
    Mapped(Arc<Mmap>),
    Held(Arc<[u8]>),
}

impl FileBytes {
    /// Maps a file; an empty one, which cannot be mapped, is held.
    #[expect(unsafe_code, reason = "mapping a file is sound only while nobody cuts it; see `Disk::map`")]
    pub(super) fn map(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::from(Vec::new()));
        }
        // SAFETY: the files that are mapped are written once, under a lock that keeps other processes of
        // ours out of their directory, and are only ever removed as a whole, which leaves a mapping intact.
        let mapped = unsafe { Mmap::map(file)? };
        Ok(Self(Source::Mapped(Arc::new(mapped))))
    }
}

impl FileBytes {
    /// Gives back the memory that reading took. What is read again comes from the file again.
    pub fn release(&self) {
        if let Source::Mapped(mapped) = &self.0 {
            release(mapped);
        }
    }
}

#[expect(unsafe_code, reason = "telling the kernel that pages are not needed is unsafe in general")]
fn release(mapped: &Mmap) {
    // SAFETY: the mapping is shared with the file and never written to, so its pages can be read in again
    // with the same content. An error means that they stay.
    let _ = unsafe { mapped.unchecked_advise(UncheckedAdvice::DontNeed) };
}

impl From<Vec<u8>> for FileBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Source::Held(bytes.into()))
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Source::Mapped(map) => map,
            Source::Held(bytes) => bytes,
        }
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileBytes({} bytes)", self.len())
    }
}
