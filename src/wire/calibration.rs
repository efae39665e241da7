//! Calibrations in: parsed and checked.

use crate::canonical::{canonical, sha256};
use crate::parse::parse;
use crate::price_book::{Unreadable, check_schema, list};
use crate::read::from_tree;
use crate::write::CanonicalFault;
use kumari_engine::calibration::{Calibration, SCHEMA, check};
use kumari_engine::id::CalibrationVersion;
use kumari_engine::price_book_check::RuleFault;
use kumari_engine::tree::Tree;

/// Why a calibration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationFault {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It has the right shape and breaks rules; all of them.
    #[error("{}", list(.0))]
    Rules(Vec<RuleFault>),
}

/// Reads a calibration and checks it.
///
/// # Errors
/// [`CalibrationFault`] with the first fault of its shape, or all faults of its rules.
pub fn read_calibration(text: &str) -> Result<Calibration, CalibrationFault> {
    let calibration = calibration_from_tree(&parse(text).map_err(Unreadable::Shape)?)?;
    let faults = check(&calibration);
    if faults.is_empty() { Ok(calibration) } else { Err(CalibrationFault::Rules(faults)) }
}

/// Reads a calibration that is in force, and so was checked.
///
/// # Errors
/// [`Unreadable`] with the first fault of its shape.
pub fn calibration_from_tree(tree: &Tree<'_>) -> Result<Calibration, Unreadable> {
    check_schema(tree, SCHEMA)?;
    from_tree(tree).map_err(Unreadable::Shape)
}

/// The version of a calibration: the SHA-256 of its canonical form.
///
/// # Errors
/// [`CanonicalFault`] as [`canonical`].
pub fn calibration_version(
    calibration: &Calibration,
) -> Result<CalibrationVersion, CanonicalFault> {
    sha256(&canonical(calibration)?).parse().map_err(serde::ser::Error::custom)
}
