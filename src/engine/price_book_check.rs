//! Placeholder so that the crate builds while the check is written.
