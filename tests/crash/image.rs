//! A real file system below an SQLite file, in an image of its own, so that the system treats it as
//! it does a disk that fails: it takes the right to write under the running server. Needs leave to
//! mount images. (A file system in memory lets nobody take that right while a file is open.)

use crate::client::Client;
use crate::load::{Load, Sent, Unanswered, grants};
use crate::place::{Place as _, Sqlite};
use crate::server::Server;
use crate::witness::Witness;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Answers before something happens to the disk.
const ANSWERS: usize = 100;
/// Faults, each of another image.
const FAULTS: usize = 5;

/// A mounted image; it is gone with this value.
struct Image {
    folder: TempDir,
    place: PathBuf,
}

impl Image {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("disk");
        std::fs::create_dir(&place).expect("a folder");
        let image = Self { folder, place };
        let file = std::fs::File::create(image.file()).expect("a file");
        file.set_len(64 << 20).expect("a file with a hole");
        run("mkfs.ext4", &[Path::new("-q"), &image.file()]);
        image.mount();
        image
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn mount(&self) {
        let options = ["-o", "loop,errors=remount-ro"].map(Path::new);
        run("mount", &[options[0], options[1], &self.file(), &self.place]);
    }

    /// The system finds a fault on it, and takes the right to write until it is mounted anew.
    fn find_fault(&self) {
        let mounts = std::fs::read_to_string("/proc/mounts").expect("the system tells mounts");
        let place = self.place.display().to_string();
        let device = mounts.lines().find_map(|line| {
            let mut words = line.split(' ');
            let device = words.next()?;
            (words.next()? == place).then(|| device.trim_start_matches("/dev/"))
        });
        let device = device.expect("it is mounted");
        let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
        std::fs::write(trigger, "a test's").expect("a fault is found");
    }

    fn mount_anew(&self) {
        run("umount", &[&self.place]);
        self.mount();
    }

    /// Lets nobody write what is there, or everybody again; open files are no exception.
    fn freeze(&self, flag: &str) {
        let files = ["credits.db", "credits.db-wal"].map(|name| self.place.join(name));
        run("chattr", &[Path::new(flag), &files[0], &files[1]]);
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Lazily: it goes even where a process still holds a file of it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}

fn run(program: &str, arguments: &[&Path]) {
    let status = Command::new(program).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} {arguments:?}");
}

#[test]
#[ignore = "mounts an image: cargo xtask test --only disk"]
fn image_that_cannot_be_written_for_a_while_loses_nothing() {
    let image = Image::new();
    let place = Sqlite::in_folder(&image.place);
    let (database, key) = (place.database(), place.key());
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let mut witness = Witness::default();
    for round in ["first", "second"] {
        let clients = [client.clone()];
        let load = Load::start(&clients, round, crate::seed(), Unanswered::SendAgain);
        load.wait_for(ANSWERS);
        image.freeze("+i");
        let refused = refused(&client, round);
        image.freeze("-i");
        // It goes on by itself, with what was refused meanwhile.
        load.wait_for(ANSWERS);
        let mut sent = load.end();
        sent.push(refused);
        witness.check(&client, database, &sent);
    }
    witness.check_from_the_beginning(&client);
}

/// Several times, for what a fault may take with it depends on its moment.
#[test]
#[ignore = "mounts an image: cargo xtask test --only disk"]
fn image_with_a_fault_loses_nothing_acknowledged() {
    let mut seeds = fastrand::Rng::with_seed(crate::seed());
    for _ in 0..FAULTS {
        lose_nothing_in_a_fault(seeds.u64(..));
    }
}

fn lose_nothing_in_a_fault(seed: u64) {
    let image = Image::new();
    let place = Sqlite::in_folder(&image.place);
    let (database, key) = (place.database(), place.key());
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let clients = [client.clone()];
    let load = Load::start(&clients, "fault", seed, Unanswered::Leave);
    load.wait_for(ANSWERS);
    image.find_fault();
    let refused = refused(&client, "fault");
    let mut sent = load.end();
    sent.push(refused);

    // Files that were open before cannot be written any more, by anybody.
    server.kill();
    image.mount_anew();
    let server = Server::start(database);
    Witness::default().check(&Client::new(&server.base, &key), database, &sent);
}

/// A command to which the server says 503, each time; it lives, and reads go on.
fn refused(client: &Client, name: &str) -> Sent {
    let command = grants(&format!("{name}-refused")).next().expect("there is no end of commands");
    for _ in 0..3 {
        let reply = client.post(&command.path(), &command.body).expect("the server lives");
        assert_eq!(reply.status, 503, "{reply:?}");
        assert!(reply.retry_after, "a 503 says when to try again: {reply:?}");
        client.read("/api/accounts/hot/balance");
    }
    command
}
