//! One line of JSON from a file that people keep, and what is wrong with it in their words.

use kumari_engine::read::Read;
use kumari_wire::FaultKind;

/// The longest line, in bytes.
pub(crate) const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads a line.
///
/// # Errors
/// What is wrong, with the path of the field.
pub(crate) fn read<T: Read>(line: &[u8]) -> Result<T, String> {
    kumari_wire::from_slice(line.trim_ascii()).map_err(|fault| match fault.kind {
        FaultKind::Syntax => format!("this is not JSON: {fault}"),
        FaultKind::Shape => fault.to_string(),
    })
}
