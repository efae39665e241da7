//! What breaks around the ledger while it works, and what must hold all the same: nothing that was
//! acknowledged is lost, nothing is done twice or by half, nothing goes below zero.
//!
//! The server runs as a process of its own, built beside this; `cargo xtask test` says where it is,
//! and where a cluster of PostgreSQL is. Each test waits for answers and lines, never for time to
//! pass, draws from one seed, and leaves no process, no mount and no database behind.

mod client;
mod crowd;
mod database;
mod disk;
mod image;
mod kill;
mod load;
mod place;
mod postmaster;
mod server;
mod time;
mod two;
mod wall_clock;
mod witness;

/// How often the server is killed; more in `cargo xtask soak crash`.
fn rounds() -> u32 {
    from_environment("KUMARI_CRASH_ROUNDS", 20)
}

/// Where everything random comes from.
fn seed() -> u64 {
    from_environment("KUMARI_CRASH_SEED", 20_261_123)
}

fn from_environment<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    match std::env::var(name) {
        Ok(text) => {
            text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, which is no number"))
        }
        Err(_) => otherwise,
    }
}
