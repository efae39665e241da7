//! What the tests of this crate share: the vocabularies, as another crate ships them.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use kumari_tokens::{Encoding, Vocabulary, ranks};
use tiktoken_rs::CoreBPE;

static CL100K: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| load(Encoding::Cl100kBase));
static O200K: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| load(Encoding::O200kBase));

/// The vocabulary of an encoding.
pub(crate) fn vocabulary(encoding: Encoding) -> Arc<Vocabulary> {
    match encoding {
        Encoding::Cl100kBase => Arc::clone(&CL100K),
        Encoding::O200kBase => Arc::clone(&O200K),
    }
}

/// The other port of tiktoken.
pub(crate) fn oracle(encoding: Encoding) -> &'static CoreBPE {
    match encoding {
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
        Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
    }
}

/// The tokens of an encoding in the order of their ranks, as `tiktoken-rs` ships them. Released
/// files are built from npm's `tiktoken`; that both give the same fingerprint is a test of both.
pub(crate) fn tokens(encoding: Encoding) -> Vec<Vec<u8>> {
    let token = |rank| oracle(encoding).decode_bytes(&[rank]).unwrap();
    (0..encoding.tokens()).map(token).collect()
}

/// The vocabulary file, built once and kept with the build products.
pub(crate) fn file(encoding: Encoding) -> Vec<u8> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(encoding.file_name());
    if let Ok(file) = std::fs::read(&path)
        && Vocabulary::from_bytes(&file).is_ok()
    {
        return file;
    }
    let file = ranks::build(encoding, &tokens(encoding)).unwrap();
    let partial = path.with_extension(std::process::id().to_string());
    std::fs::write(&partial, &file).unwrap();
    std::fs::rename(&partial, &path).unwrap();
    file
}

fn load(encoding: Encoding) -> Arc<Vocabulary> {
    Arc::new(Vocabulary::from_bytes(&file(encoding)).unwrap())
}
