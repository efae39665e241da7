//! The crash tests: builds the server that they kill, and says where it is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::postgres::{CLUSTER, CLUSTER_TO_CRASH, Cluster, Programs};
use crate::repository::Repository;
use crate::{assets, progress, run};

/// Building the server, which may compile everything first.
const BUILD_LIMIT: Duration = Duration::from_secs(2700);
/// An image with room for a file system and nothing else.
const IMAGE_BYTES: u64 = 8 << 20;

/// How hard the tests try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort<'a> {
    /// How often the server is killed on each database.
    pub(crate) rounds: &'a str,
    /// Where everything random comes from.
    pub(crate) seed: &'a str,
}

/// The clusters that the tests on PostgreSQL work with.
pub(crate) struct Clusters {
    /// One that stays up.
    steady: Cluster,
    /// One that a test may crash.
    to_crash: Cluster,
}

impl Clusters {
    /// Starts both.
    ///
    /// # Errors
    /// When one cannot be made or started.
    pub(crate) fn start(repository: &Repository, programs: &Programs) -> Result<Self> {
        let steady = Cluster::start(repository, programs)?;
        Ok(Self { steady, to_crash: Cluster::start(repository, programs)? })
    }
}

/// Builds the server and what it serves with.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    assets::build_vocabularies(repository)?;
    let mut cargo = repository.cargo();
    cargo.args(["build", "--package", "kumari-server", "--bin", "kumari-credits"]);
    let ran = progress::run(repository, "build the server", &mut cargo, BUILD_LIMIT)?;
    if ran.passed {
        return Ok(());
    }
    bail!("building the server {}:\n{}", ran.how_it_ended(), ran.output_tail())
}

/// Whether this program may mount a disk, tried with a small one in memory.
pub(crate) fn may_mount() -> bool {
    let Ok(folder) = tempfile::tempdir() else { return false };
    mounts(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"], folder.path())
}

/// Whether this program may mount an image with a file system that it makes, tried with a small one.
pub(crate) fn may_mount_image() -> bool {
    let Ok(folder) = tempfile::tempdir() else { return false };
    let (image, place) = (folder.path().join("image"), folder.path().join("disk"));
    let file = fs::File::create(&image).and_then(|file| file.set_len(IMAGE_BYTES));
    let path = image.display().to_string();
    file.is_ok()
        && fs::create_dir(&place).is_ok()
        && works(Command::new("mkfs.ext4").args(["-q", &path]))
        && mounts(&["-o", "loop", &path], &place)
}

fn mounts(arguments: &[&str], place: &Path) -> bool {
    works(Command::new("mount").args(arguments).arg(place))
        && works(Command::new("umount").arg(place))
}

fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The tests whose names have `filter` in them, one after the other: each has the machine for
/// itself, so that a time limit means the same in each.
pub(crate) fn tests(
    repository: &Repository,
    filter: &str,
    effort: Effort<'_>,
    clusters: Option<&Clusters>,
) -> Command {
    let mut cargo = repository.cargo();
    cargo.args(["test", "--package", "kumari-tests", "--test", "crash", "--"]);
    cargo.args(["--ignored", "--test-threads", "1", filter]);
    cargo.env("KUMARI_SERVER", run::server_binary(repository, "debug"));
    cargo.env("KUMARI_VOCABULARY", repository.path(assets::VOCABULARY));
    cargo.env("KUMARI_CRASH_ROUNDS", effort.rounds).env("KUMARI_CRASH_SEED", effort.seed);
    if let Some(Clusters { steady, to_crash }) = clusters {
        cargo.env(CLUSTER, steady.url()).env(CLUSTER_TO_CRASH, to_crash.url());
    }
    cargo
}
