//! Token counts: the server trusts none of a browser's.

use crate::assets::Vocabularies;
use kumari_engine::encoding::{Counted, Encoding, TokenKind};
use kumari_engine::price_book::{ModelKind, PriceBook};
use kumari_store::Message;
use kumari_tokens::Vocabulary;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

/// Texts up to this many bytes are counted on the spot; longer ones beside the request's thread.
const INLINE_BYTES_MAX: usize = 4 * 1024;

/// Counts texts in every encoding that is loaded.
#[derive(Clone, Debug)]
pub struct Counter {
    vocabularies: Arc<BTreeMap<Encoding, Arc<Vocabulary>>>,
}

/// Token counts of one text: all of an encoding, and those of Latin words.
pub(crate) type Tokens = BTreeMap<TokenKind, u64>;

/// Why a vocabulary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyFault {
    /// It was not there.
    #[error(
        "there is no vocabulary `{name}`: build it with `cargo xtask run`, or name its folder with \
         --vocabulary"
    )]
    Missing {
        /// The file's name.
        name: &'static str,
    },
    /// It cannot be counted with.
    #[error("vocabulary `{name}`: {fault}")]
    Unusable {
        /// The file's name.
        name: &'static str,
        /// Why.
        fault: kumari_tokens::VocabularyError,
    },
}

impl Counter {
    /// Loads both vocabularies: those inside the binary, or those of `folder`.
    ///
    /// # Errors
    /// [`VocabularyFault`] where one is missing or damaged.
    pub fn load(folder: Option<&Path>) -> Result<Self, VocabularyFault> {
        let mut vocabularies = BTreeMap::new();
        for encoding in [Encoding::O200kBase, Encoding::Cl100kBase] {
            let counted = in_tokens(encoding);
            let name = counted.file_name();
            let file = match folder {
                Some(folder) => std::fs::read(folder.join(name)).ok(),
                None => Vocabularies::get(name).map(|file| file.data.into_owned()),
            };
            let file = file.ok_or(VocabularyFault::Missing { name })?;
            let vocabulary = Vocabulary::from_bytes(&file)
                .map_err(|fault| VocabularyFault::Unusable { name, fault })?;
            vocabularies.insert(encoding, Arc::new(vocabulary));
        }
        Ok(Self { vocabularies: Arc::new(vocabularies) })
    }

    /// Tokens of `text` in each encoding that the text models of `book` need.
    pub(crate) async fn count(&self, book: &PriceBook, text: &str) -> Tokens {
        let needed: Vec<Arc<Vocabulary>> = encodings(book)
            .filter_map(|encoding| self.vocabularies.get(&encoding).cloned())
            .collect();
        if text.len() <= INLINE_BYTES_MAX {
            return count(&needed, text);
        }
        let text = text.to_owned();
        tokio::task::spawn_blocking(move || count(&needed, &text)).await.unwrap_or_default()
    }

    /// Tokens of `text` in every encoding, at once.
    pub(crate) fn count_all(&self, text: &str) -> Tokens {
        count(self.vocabularies.values(), text)
    }

    /// Tokens of `text` in one encoding, at once.
    pub fn count_in(&self, encoding: Encoding, text: &str) -> Counted {
        let tokens = self.vocabularies.get(&encoding).map(|vocabulary| vocabulary.tokens(text));
        tokens.map_or(Counted::default(), |tokens| Counted { all: tokens.all, latin: tokens.latin })
    }

    /// Tokens of a stored message: those that were counted when it was written, or counted now
    /// where `book` needs an encoding that was not.
    pub(crate) async fn complete(&self, book: &PriceBook, message: &Message) -> Tokens {
        let is_there = |kind: TokenKind| message.tokens.contains_key(&kind);
        if encodings(book).all(|encoding| is_there(encoding.all()) && is_there(encoding.latin())) {
            return message.tokens.clone();
        }
        self.count(book, &message.text).await
    }
}

/// The encodings that the text models of `book` are counted in; some occur more than once.
pub(crate) fn encodings(book: &PriceBook) -> impl Iterator<Item = Encoding> + '_ {
    book.models.iter().filter_map(|model| match &model.kind {
        ModelKind::Text(text) => Some(text.encoding.name),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => None,
    })
}

fn count<'counter>(
    vocabularies: impl IntoIterator<Item = &'counter Arc<Vocabulary>>,
    text: &str,
) -> Tokens {
    let mut tokens = Tokens::new();
    for vocabulary in vocabularies {
        let encoding = in_engine(vocabulary.encoding());
        if let Entry::Vacant(place) = tokens.entry(encoding.all()) {
            let counted = vocabulary.tokens(text);
            place.insert(counted.all);
            tokens.insert(encoding.latin(), counted.latin);
        }
    }
    tokens
}

/// The rules and the counter each have a name for an encoding: neither may know the other.
const fn in_tokens(encoding: Encoding) -> kumari_tokens::Encoding {
    match encoding {
        Encoding::O200kBase => kumari_tokens::Encoding::O200kBase,
        Encoding::Cl100kBase => kumari_tokens::Encoding::Cl100kBase,
    }
}

const fn in_engine(encoding: kumari_tokens::Encoding) -> Encoding {
    match encoding {
        kumari_tokens::Encoding::O200kBase => Encoding::O200kBase,
        kumari_tokens::Encoding::Cl100kBase => Encoding::Cl100kBase,
    }
}
