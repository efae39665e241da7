//! Action ids: UUIDv7, made here, before the first send.

/// The UUIDv7 (RFC 9562) of a time in milliseconds since 1970 and ten random bytes.
pub(crate) fn uuid_v7(millis: u64, random: [u8; 10]) -> String {
    let [_, _, time @ ..] = millis.to_be_bytes();
    let [a, b, c, rest @ ..] = random;
    let version = [0x70 | (a & 0x0f), b];
    let variant = 0x80 | (c & 0x3f);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let [t0, t1, t2, t3, t4, t5] = time;
    let [r0, rest @ ..] = rest;
    format!(
        "{}-{}-{}-{}-{}",
        hex(&[t0, t1, t2, t3]),
        hex(&[t4, t5]),
        hex(&version),
        hex(&[variant, r0]),
        hex(&rest)
    )
}

#[cfg(test)]
mod tests {
    use super::uuid_v7;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 9562, appendix A.6.
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        assert_eq!(uuid_v7(0x017f_22e2_79b0, random), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        assert!(uuid_v7(1_000, [0xff; 10]) < uuid_v7(1_001, [0; 10]));
    }
}
