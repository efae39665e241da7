//! The probe of the disk: what it takes for good says how to read every other figure.

use anyhow::Result;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long it is asked.
const PROBED: Duration = Duration::from_secs(1);
/// What is written, as large as a page of a database.
const BLOCK: [u8; 4_096] = [7; 4_096];
/// The file goes no further, so that its length is only new once.
const BLOCKS: u64 = 256;

/// How many blocks of 4 KiB a second are written and flushed, one after the other.
pub(crate) fn flushes_per_second(folder: &Path) -> Result<f64> {
    let file = File::create(folder.join("probe"))?;
    let (begun, mut flushes) = (Instant::now(), 0_u64);
    while begun.elapsed() < PROBED {
        file.write_all_at(&BLOCK, flushes % BLOCKS * 4_096)?;
        file.sync_data()?;
        flushes += 1;
    }
    Ok(flushes as f64 / begun.elapsed().as_secs_f64())
}
