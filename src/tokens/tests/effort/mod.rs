//! How much the tests of the large counts try: little, or what `cargo xtask soak tokens` asks for.

/// How many cases a test is to try: so many, or what `cargo xtask soak tokens` asks for.
pub(crate) fn cases(usual: usize) -> usize {
    setting("KUMARI_TOKENS_CASES").map_or(usual, |cases| usize::try_from(cases).unwrap())
}

/// The number of the first case, far from that of another seed.
pub(crate) fn first_number() -> usize {
    let seed = setting("KUMARI_TOKENS_SEED").unwrap_or(0);
    usize::try_from(seed % (1 << 31)).unwrap() << 24
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
