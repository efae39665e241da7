//! The only authority: HTTP API, chat, and the seam to model providers.

pub mod provider;
