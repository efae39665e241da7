//! The encodings that are counted, and what sets their vocabulary files apart.
//!
//! The patterns themselves are in `split`.

/// An encoding of OpenAI's tiktoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// `cl100k_base`, of GPT-4 and GPT-3.5.
    Cl100kBase,
    /// `o200k_base`, of GPT-4o and everything that came after it.
    O200kBase,
}

impl Encoding {
    /// Every encoding, oldest first.
    pub const ALL: [Self; 2] = [Self::Cl100kBase, Self::O200kBase];

    /// The name that tiktoken and the price book use: `o200k_base`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cl100kBase => "cl100k_base",
            Self::O200kBase => "o200k_base",
        }
    }

    /// The encoding of that [`name`](Self::name), if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The name of its vocabulary file. It holds the fingerprint, so a file of that name never
    /// changes and may be cached for ever.
    ///
    /// ```
    /// let name = kumari_tokens::Encoding::O200kBase.file_name();
    /// assert!(name.starts_with("o200k_base-") && name.ends_with(".bin"));
    /// ```
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Cl100kBase => "cl100k_base-4359fdaa78d4c102.bin",
            Self::O200kBase => "o200k_base-81f6e1f5b932815c.bin",
        }
    }

    /// FNV-1a, 64 bits, of the whole vocabulary file. It tells a damaged or mistaken file, by
    /// accident, not by intent: who can change the file on a host can change the program too.
    #[must_use]
    pub const fn fingerprint(self) -> u64 {
        match self {
            Self::Cl100kBase => 0x4359_fdaa_78d4_c102,
            Self::O200kBase => 0x81f6_e1f5_b932_815c,
        }
    }

    /// Tokens in the vocabulary without the special ones; their ids are 0 up to this.
    #[must_use]
    pub const fn tokens(self) -> u32 {
        match self {
            Self::Cl100kBase => 100_256,
            Self::O200kBase => 199_998,
        }
    }
}
