//! The work that a PDF may cost: bytes that are looked at, and bytes that are inflated.

use crate::{DocumentFault, Limits};
use std::cell::Cell;

/// What looking at an entry of a list costs, which was read before.
const ENTRY_BYTES: usize = 16;

/// What is left of both.
#[derive(Debug)]
pub(crate) struct Work {
    bytes: Cell<u64>,
    inflated: Cell<usize>,
    inflated_bytes_max: usize,
}

impl Work {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            bytes: Cell::new(limits.work_bytes_max),
            inflated: Cell::new(limits.inflated_bytes_max),
            inflated_bytes_max: limits.inflated_bytes_max,
        }
    }

    /// So many bytes were, or will be, looked at.
    pub(crate) fn look(&self, bytes: usize) -> Result<(), DocumentFault> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let left = self.bytes.get().checked_sub(bytes).ok_or(DocumentFault::TooMuchWork)?;
        self.bytes.set(left);
        Ok(())
    }

    /// So many bytes were read as values, which takes twice as long.
    pub(crate) fn lex(&self, bytes: usize) -> Result<(), DocumentFault> {
        self.look(bytes.saturating_mul(2))
    }

    /// So many entries of a list were, or will be, looked at.
    pub(crate) fn look_at_entries(&self, count: usize) -> Result<(), DocumentFault> {
        self.look(count.saturating_mul(ENTRY_BYTES))
    }

    /// How much may still be inflated.
    pub(crate) const fn inflatable(&self) -> usize {
        self.inflated.get()
    }

    /// So much was inflated.
    pub(crate) fn inflated(&self, bytes: usize) -> Result<(), DocumentFault> {
        self.inflated.set(self.inflated.get().checked_sub(bytes).ok_or(self.over())?);
        self.look(bytes)
    }

    /// It would be more than the limit.
    pub(crate) const fn over(&self) -> DocumentFault {
        DocumentFault::InflatesTooLarge { bytes_max: self.inflated_bytes_max }
    }
}
