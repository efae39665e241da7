//! Numbers out of the bytes of a stranger's file: nothing where they would be beyond its end.

use std::time::Duration;

/// `N` bytes at a place.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Two bytes, the least first.
pub(crate) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// Four bytes, the least first.
pub(crate) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// Four bytes, the greatest first.
pub(crate) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// Eight bytes, the greatest first.
pub(crate) fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_be_bytes)
}

/// A length that a file states; one that no memory could have is beyond every file's end.
pub(crate) fn length(stated: impl TryInto<usize>) -> usize {
    stated.try_into().unwrap_or(usize::MAX)
}

/// How long so many ticks are; nothing where a second has none.
pub(crate) fn ticks(count: u64, per_second: u64) -> Option<Duration> {
    let seconds = count.checked_div(per_second)?;
    let rest = u128::from(count.checked_rem(per_second)?) * 1_000_000_000;
    // Less than a second, so it fits; a started nanosecond counts.
    let nanoseconds = u64::try_from(rest.div_ceil(per_second.into())).ok()?;
    Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanoseconds))
}
