//! Builds the vocabulary files from the npm package `tiktoken`:
//! `build-vocabulary ENCODERS_DIR OUT_DIR`, where `ENCODERS_DIR` is the package's `encoders`.
//!
//! A file that is there already and sound is left as it is; those of earlier versions, with their
//! compressed copies, go away, for a server packs the whole folder in. Nothing is fetched.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use kumari_tokens::{Encoding, Vocabulary, ranks};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [encoders, out] = arguments.as_slice() else {
        eprintln!("usage: build-vocabulary ENCODERS_DIR OUT_DIR");
        return ExitCode::from(2);
    };
    for encoding in Encoding::ALL {
        let out = Path::new(out);
        let built = build(encoding, Path::new(encoders), out);
        if let Err(fault) = built.and_then(|()| remove_earlier(encoding, out)) {
            eprintln!("error: {}: {fault}", encoding.name());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn build(encoding: Encoding, encoders: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let target = out.join(encoding.file_name());
    if fs::read(&target).is_ok_and(|file| Vocabulary::from_bytes(&file).is_ok()) {
        println!("{} is up to date", target.display());
        return Ok(());
    }
    let source = encoders.join(encoding.name()).with_extension("json");
    let json = fs::read_to_string(&source).map_err(|fault| {
        format!(
            "{}: {fault}; give the folder `encoders` of the npm package `tiktoken`",
            source.display()
        )
    })?;
    let file = ranks::build(encoding, &ranks::from_npm(&json)?)?;
    fs::create_dir_all(out)?;
    // Written beside and renamed, so that nobody reads half a file.
    let partial = target.with_extension("partial");
    fs::write(&partial, &file)?;
    fs::rename(&partial, &target)?;
    println!("{}: {} bytes", target.display(), file.len());
    Ok(())
}

/// Removes the files of the encoding that are not of this version.
fn remove_earlier(encoding: Encoding, out: &Path) -> Result<(), Box<dyn Error>> {
    let (any, current) = (format!("{}-", encoding.name()), encoding.file_name());
    for file in fs::read_dir(out)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&any) && !name.starts_with(current) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}
