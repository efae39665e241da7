//! Makes sure that a release build sees built web files come and go.
//!
//! The files themselves are embedded by `assets.rs`; a debug build reads them from disk instead and
//! needs nothing of this.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        for folder in ["../../www/dist", "../../pkg/dist", "../../target/vocabulary"] {
            // A watched path that does not exist would rebuild the server every time; an empty
            // folder says the same as none.
            if std::fs::create_dir_all(Path::new(folder)).is_ok() {
                println!("cargo::rerun-if-changed={folder}");
            }
        }
    }
}
