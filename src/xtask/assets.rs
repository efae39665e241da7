//! What the server carries besides the app's code: the token vocabularies, and a compressed copy of
//! every file that is worth one.
//!
//! `x.br` and `x.gz` beside `x` are what the server sends to browsers that take them. They are made
//! here once, with the effort that a server cannot spend on every request.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::progress::{self, seconds};
use crate::repository::{self, Repository};

/// Where built vocabularies lie.
pub(crate) const VOCABULARY: &str = "target/vocabulary";
/// The npm package's folder that they are built from.
const ENCODERS: &str = "node_modules/tiktoken/encoders";
const VOCABULARY_LIMIT: Duration = Duration::from_secs(600);
/// Below this a compressed copy saves nothing that a person could notice.
const WORTH_BYTES: usize = 1000;
/// From here on it takes seconds, and a person is told.
const LONG_BYTES: usize = 500_000;
/// Pictures and fonts are compressed by themselves.
const WORTH_ENDINGS: [&str; 8] = ["bin", "css", "html", "js", "json", "svg", "txt", "wasm"];

/// Builds the vocabularies; quick when they are there.
///
/// # Errors
/// When they cannot be built.
pub(crate) fn build_vocabularies(repository: &Repository) -> Result<()> {
    let mut cargo = repository.cargo();
    cargo.args(["run", "--package", "kumari-tokens", "--features", "build"]);
    cargo.args(["--bin", "build-vocabulary", "--", ENCODERS, VOCABULARY]);
    let started = Instant::now();
    let ran = progress::run(repository, "build the vocabularies", &mut cargo, VOCABULARY_LIMIT)?;
    if !ran.passed {
        bail!("building the vocabularies {}:\n{}", ran.how_it_ended(), ran.output_tail());
    }
    let made = compress_folder(&repository.path(VOCABULARY))?;
    println!("     vocabularies built, {made} compressed anew ({})", seconds(started.elapsed()));
    Ok(())
}

/// The vocabulary file of an encoding.
///
/// # Errors
/// When there is none.
pub(crate) fn vocabulary(repository: &Repository, encoding: &str) -> Result<PathBuf> {
    let is_it = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.strip_prefix(encoding).is_some_and(|rest| rest.starts_with('-'))
            && name.ends_with(".bin")
    };
    let files = files_below(&repository.path(VOCABULARY))?;
    files
        .into_iter()
        .find(is_it)
        .with_context(|| format!("no vocabulary of `{encoding}` in `{VOCABULARY}`"))
}

/// Puts compressed copies beside the files of the built app.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn compress_app(repository: &Repository) -> Result<()> {
    let started = Instant::now();
    let made = compress_folder(&repository.path("www/dist"))?;
    println!("     {made} files of the app compressed ({})", seconds(started.elapsed()));
    Ok(())
}

/// The bytes with gzip, at its best.
///
/// # Errors
/// Never in practice: the bytes go to memory.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

/// The bytes with brotli, at its best.
///
/// # Errors
/// Never in practice: the bytes go to memory.
pub(crate) fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters =
        brotli::enc::BrotliEncoderParams { size_hint: bytes.len(), ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut std::io::Cursor::new(bytes), &mut packed, &parameters)?;
    Ok(packed)
}

/// Compresses what has no copy that is newer than itself, and answers how many files that were.
fn compress_folder(folder: &Path) -> Result<usize> {
    let mut made = 0;
    for file in files_below(folder)? {
        let ending = file.extension().and_then(OsStr::to_str).unwrap_or_default();
        let worth = WORTH_ENDINGS.contains(&ending)
            && fs::metadata(&file)?.len() >= u64::try_from(WORTH_BYTES)?;
        if worth && !has_fresh_copies(&file)? {
            let bytes = fs::read(&file)?;
            if bytes.len() >= LONG_BYTES {
                eprintln!("…    compressing {}", file.display());
            }
            repository::write(&beside(&file, "gz"), &gzip(&bytes)?)?;
            repository::write(&beside(&file, "br"), &brotli(&bytes)?)?;
            made += 1;
        }
    }
    Ok(made)
}

fn has_fresh_copies(file: &Path) -> Result<bool> {
    let changed = fs::metadata(file)?.modified()?;
    let fresh = |ending: &str| {
        fs::metadata(beside(file, ending))
            .and_then(|copy| copy.modified())
            .is_ok_and(|made| made >= changed)
    };
    Ok(fresh("gz") && fresh("br"))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("no built folder `{}`", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_compressed_once_and_again_only_where_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let text = "a".repeat(WORTH_BYTES);
        for name in ["app.js", "small.js", "picture.png"] {
            let bytes = if name == "small.js" { "a" } else { text.as_str() };
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        assert_eq!(compress_folder(folder.path()).unwrap(), 1);
        assert!(folder.path().join("app.js.br").exists());
        assert!(folder.path().join("app.js.gz").exists());
        assert_eq!(compress_folder(folder.path()).unwrap(), 0);
        let later = std::time::SystemTime::now() + Duration::from_secs(60);
        let app = fs::File::options().append(true).open(folder.path().join("app.js")).unwrap();
        app.set_modified(later).unwrap();
        assert_eq!(compress_folder(folder.path()).unwrap(), 1);
    }
}
