//! The disk below an SQLite file is full, or can only be read. Needs leave to mount.

use crate::client::Client;
use crate::load::{Sent, grants};
use crate::place::{Place as _, Sqlite};
use crate::server::{Server, refuses_to_start};
use crate::witness::{Witness, audit};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// More commands than the small disk has room for.
const COMMANDS_MAX: usize = 20_000;

/// A disk in memory; it is gone with this value.
struct Disk(TempDir);

impl Disk {
    fn new(size: &str) -> Self {
        let disk = Self(tempfile::tempdir().expect("a temporary folder"));
        disk.mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]);
        disk
    }

    fn change(&self, option: &str) {
        self.mount(&["-o", &format!("remount,{option}")]);
    }

    fn mount(&self, arguments: &[&str]) {
        let status = Command::new("mount").args(arguments).arg(self.path()).status();
        assert!(status.is_ok_and(|status| status.success()), "mount {arguments:?}");
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: it goes even where a process still holds a file of it.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
#[ignore = "mounts a disk: cargo xtask test --only disk"]
fn disk_that_is_full_refuses_writes_and_goes_on_with_space() {
    let disk = Disk::new("1m");
    let place = Sqlite::in_folder(disk.path());
    let (database, key) = (place.database(), place.key());
    let mut server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let mut sent: Vec<Sent> = Vec::new();
    for mut command in grants("full").take(COMMANDS_MAX) {
        command.answer = command.send(&client).map(|reply| reply.answer().clone());
        let is_refused = command.answer.is_none();
        sent.push(command);
        if is_refused {
            break;
        }
    }
    let refused = sent.last().expect("commands were sent");
    assert!(refused.answer.is_none(), "the disk is never full");
    for _ in 0..3 {
        let reply = client.post(&refused.path(), &refused.body).expect("the server lives");
        let code = reply.body["code"].as_str();
        assert_eq!((reply.status, code), (503, Some("not_writable")), "{reply:?}");
        assert!(reply.retry_after, "{reply:?}");
    }
    // Reads go on, and nothing is there by half.
    let account = &refused.account;
    client.read(&format!("/api/accounts/{account}/balance"));
    assert_eq!(client.entries(account, 0).len(), sent.len() - 1);
    audit(database);

    disk.change("size=64m");
    assert!(refused.send(&client).is_some(), "there is room again");
    Witness::default().check(&client, database, &sent);
    assert!(server.is_running());
}

#[test]
#[ignore = "mounts a disk: cargo xtask test --only disk"]
fn disk_that_can_only_be_read_is_told_at_the_start() {
    let disk = Disk::new("4m");
    let place = Sqlite::in_folder(disk.path());
    let (database, key) = (place.database(), place.key());
    let server = Server::start(database);
    let client = Client::new(&server.base, &key);
    let sent: Vec<Sent> = grants("before").take(3).collect();
    assert!(sent.iter().all(|command| command.send(&client).is_some()));
    server.kill();

    disk.change("ro");
    let words = refuses_to_start(database);
    assert!(words.contains("can only be read"), "{words}");
    assert!(words.contains(database), "{words}");

    disk.change("rw");
    let server = Server::start(database);
    Witness::default().check(&Client::new(&server.base, &key), database, &sent);
}
