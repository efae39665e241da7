//! What a file may take: each limit is checked before the memory or the time that it bounds is used.

use crate::DocumentFault;

/// How much of a file is read before it is refused. [`Limits::DEFAULT`] is what the product uses;
/// browser and server must use the same ones to come to the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes_max: usize,
    /// Pages of a PDF.
    pub pages_max: u64,
    /// Bytes that all compressed parts of a file may inflate to, together.
    pub inflated_bytes_max: usize,
    /// Bytes of the text in UTF-8.
    pub text_bytes_max: usize,
    /// How deep elements, arrays and dictionaries may lie in each other; at most 256, so that no
    /// stack is too small for it.
    pub nesting_max: usize,
    /// Bytes that may be looked at, those that are looked at again counted again, and what takes
    /// longer counted as more of them. What needs more was made to take long.
    pub work_bytes_max: u64,
}

impl Limits {
    /// 20 MiB, 10 000 pages, 128 MiB inflated, 8 MiB of text, 64 levels, 512 MiB of work.
    pub const DEFAULT: Self = Self {
        file_bytes_max: 20 << 20,
        pages_max: 10_000,
        inflated_bytes_max: 128 << 20,
        text_bytes_max: 8 << 20,
        nesting_max: 64,
        work_bytes_max: 512 << 20,
    };

    /// The deepest that anything may be nested, whatever [`Limits::nesting_max`] says.
    const NESTING_CEILING: usize = 256;

    pub(crate) fn check_file(&self, bytes: usize) -> Result<(), DocumentFault> {
        if bytes <= self.file_bytes_max {
            Ok(())
        } else {
            Err(DocumentFault::FileTooLarge { bytes_max: self.file_bytes_max })
        }
    }

    pub(crate) fn check_text(&self, bytes: usize) -> Result<(), DocumentFault> {
        if bytes <= self.text_bytes_max {
            Ok(())
        } else {
            Err(DocumentFault::TextTooLong { bytes_max: self.text_bytes_max })
        }
    }

    pub(crate) fn nesting(&self) -> usize {
        self.nesting_max.min(Self::NESTING_CEILING)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
