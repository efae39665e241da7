//! Starts the server, and answers questions about prices on the command line.

fn main() {}
