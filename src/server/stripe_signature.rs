//! Whether what came to the webhook's address is Stripe's own: the signature of its bytes.
//!
//! The header has a time and one signature or several, `t=…,v1=…,v1=…`: while a secret is being
//! changed there is one by each. Signed is the time, a dot and the body as it came.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How far the time may be from now, in seconds: what was recorded cannot be played again later.
pub(crate) const TOLERANCE_SECONDS: u64 = 300;
/// How many signatures are looked at.
const SIGNATURES_MAX: usize = 16;

/// Why it is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureFault {
    /// The header is not one.
    #[error("the header `stripe-signature` is missing or malformed")]
    Malformed,
    /// It was signed too long ago, or in the future.
    #[error("it was signed more than {TOLERANCE_SECONDS} seconds from now")]
    Time,
    /// None of the signatures is right.
    #[error("no signature is right; is the endpoint's secret the one of this server?")]
    Wrong,
}

/// Checks that `body` was signed with `secret` about `now`, in seconds since 1970.
pub(crate) fn verify(
    header: &str,
    body: &[u8],
    secret: &[u8],
    now: i64,
) -> Result<(), SignatureFault> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let written = parts().find(|(name, _)| *name == "t").map(|(_, time)| time);
    let written = written.ok_or(SignatureFault::Malformed)?;
    let time: i64 = written.parse().map_err(|_| SignatureFault::Malformed)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| SignatureFault::Malformed)?;
    for part in [written.as_bytes(), b".", body] {
        mac.update(part);
    }
    let signatures = parts().filter(|(name, _)| *name == "v1").map(|(_, hex)| hex);
    // Compared in constant time.
    let is_right = |hex: &str| bytes(hex).is_some_and(|it| mac.clone().verify_slice(&it).is_ok());
    if !signatures.take(SIGNATURES_MAX).any(is_right) {
        return Err(SignatureFault::Wrong);
    }
    // Only now is the time known to be Stripe's.
    if time.abs_diff(now) > TOLERANCE_SECONDS { Err(SignatureFault::Time) } else { Ok(()) }
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{SignatureFault, verify};

    /// Made by `generateTestHeaderString` of Stripe's own library for Node, version 23.1.0.
    const HEADER: &str =
        "t=1764583200,v1=ecd7b5a76198dc5b4e7b8a8fdc399971de9a554fb743c9a90a5cd8185470aa2e";
    const BODY: &str = r#"{"id":"evt_1","object":"event"}"#;
    const SECRET: &str = "whsec_test_secret";
    const TIME: i64 = 1_764_583_200;

    #[test]
    fn what_stripe_signed_is_believed_and_nothing_else() {
        let (time, signature) = HEADER.split_once(',').unwrap();
        let wrong = "v1=00".to_owned() + &"11".repeat(31);
        let upper = signature.replace("ecd7", "ECD7");
        let broken = |words: &str| words.to_owned();
        for (header, body, secret, now, expected) in [
            (broken(HEADER), BODY, SECRET, TIME, Ok(())),
            (broken(HEADER), BODY, SECRET, TIME + 300, Ok(())),
            (broken(HEADER), BODY, SECRET, TIME - 300, Ok(())),
            (broken(HEADER), BODY, SECRET, TIME + 301, Err(SignatureFault::Time)),
            (broken(HEADER), BODY, SECRET, TIME - 301, Err(SignatureFault::Time)),
            (format!("{time},{wrong},{signature}"), BODY, SECRET, TIME, Ok(())),
            (format!("{time}, v0=12, {upper}"), BODY, SECRET, TIME, Ok(())),
            (format!("{time},{wrong}"), BODY, SECRET, TIME, Err(SignatureFault::Wrong)),
            (broken(time), BODY, SECRET, TIME, Err(SignatureFault::Wrong)),
            (format!("{time},v1=é"), BODY, SECRET, TIME, Err(SignatureFault::Wrong)),
            (format!("t=1764583201,{signature}"), BODY, SECRET, TIME, Err(SignatureFault::Wrong)),
            (broken(HEADER), &BODY[1..], SECRET, TIME, Err(SignatureFault::Wrong)),
            (broken(HEADER), BODY, "whsec_other", TIME, Err(SignatureFault::Wrong)),
            (broken(signature), BODY, SECRET, TIME, Err(SignatureFault::Malformed)),
            (format!("t=x,{signature}"), BODY, SECRET, TIME, Err(SignatureFault::Malformed)),
            (broken(""), BODY, SECRET, TIME, Err(SignatureFault::Malformed)),
        ] {
            let found = verify(&header, body.as_bytes(), secret.as_bytes(), now);
            assert_eq!(found, expected, "{header} at {now}");
        }
    }
}
