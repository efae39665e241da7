//! Deflate, with a bound on what comes out of it.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

/// The first buffer; it doubles up to the limit.
const BUFFER_BYTES: usize = 32 << 10;

/// How inflating ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All of it is there.
    Whole,
    /// The data is cut off or damaged; what came before is there.
    Damaged,
    /// There is more than the limit.
    OverLimit,
}

/// Inflates at most `bytes_max` bytes, of a zlib stream or of bare deflate.
pub(crate) fn inflate(input: &[u8], zlib: bool, bytes_max: usize) -> (Vec<u8>, Ended) {
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        | if zlib { inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
    let mut state = Box::<DecompressorOxide>::default();
    let mut output = vec![0; BUFFER_BYTES.min(bytes_max)];
    let (mut read, mut written) = (0_usize, 0_usize);
    let ended = loop {
        let rest = input.get(read..).unwrap_or_default();
        let (status, took, gave) = decompress(&mut state, rest, &mut output, written, flags);
        read = read.saturating_add(took);
        written = written.saturating_add(gave);
        // Only the sum at the end is wrong in the second: all of it came.
        if matches!(status, TINFLStatus::Done | TINFLStatus::Adler32Mismatch) {
            break Ended::Whole;
        }
        if status != TINFLStatus::HasMoreOutput {
            break Ended::Damaged;
        }
        if output.len() >= bytes_max {
            break Ended::OverLimit;
        }
        output.resize(output.len().saturating_mul(2).clamp(1, bytes_max), 0);
    };
    output.truncate(written);
    (output, ended)
}

#[cfg(test)]
mod tests {
    use super::{Ended, inflate};
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    #[test]
    fn what_comes_out_is_bounded_and_what_is_damaged_gives_its_beginning() {
        let plain = vec![7_u8; 100_000];
        let zlib = compress_to_vec_zlib(&plain, 9);
        assert_eq!(inflate(&zlib, true, 100_000), (plain.clone(), Ended::Whole));
        assert_eq!(inflate(&compress_to_vec(&plain, 9), false, 1 << 20), (plain, Ended::Whole));
        let (short, ended) = inflate(&zlib, true, 99_999);
        assert_eq!((short.len(), ended), (99_999, Ended::OverLimit));
        let noise: Vec<u8> = (0..9_999_u32).flat_map(u32::to_le_bytes).collect();
        let zlib = compress_to_vec_zlib(&noise, 6);
        let (part, ended) = inflate(&zlib[..zlib.len() / 2], true, 1 << 20);
        assert_eq!(ended, Ended::Damaged);
        assert!(!part.is_empty() && noise.starts_with(&part));
        assert_eq!(inflate(&[], true, 0), (vec![], Ended::Damaged));
    }
}
