//! The seam to those who make files: pictures, clips and 3D models.
//!
//! What they do takes as long as a process may not live, so it is a job: it is started, has a name,
//! and whoever knows that name asks how it stands, also after a restart and from another process.
//! A job ends once: what it made can be asked for again and again, as it was.
//!
//! What is not here: prices, holds and what an outcome costs (the engine and `making`).

use crate::provider::ProviderFault;
use async_trait::async_trait;
use bytes::Bytes;
use kumari_engine::id::ModelId;
use kumari_engine::price_book::KindName;
use kumari_store::FileContent;
use std::fmt::Debug;

/// Who makes files.
#[async_trait]
pub trait MediaProvider: Debug + Send + Sync {
    /// The most bytes of one file of that kind; nothing where it makes none.
    fn file_bytes_max(&self, kind: KindName) -> Option<u64>;

    /// Begins a job, and says its name: at most [`kumari_store::JOB_BYTES_MAX`] bytes. The same key
    /// again is the same job, as far as the provider can tell.
    ///
    /// # Errors
    /// [`ProviderFault`] where it did not accept it.
    async fn start(&self, order: MediaOrder) -> Result<String, ProviderFault>;

    /// How a job stands.
    ///
    /// # Errors
    /// [`ProviderFault`] where nobody knows; it may be asked again.
    async fn poll(&self, job: &str) -> Result<MediaState, ProviderFault>;

    /// Asks a job to end without having made anything.
    ///
    /// # Errors
    /// [`ProviderFault`] where nobody knows whether it will; it goes on being asked how it stands.
    async fn cancel(&self, job: &str) -> Result<MediaCancel, ProviderFault>;
}

/// What a job shall make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaOrder {
    /// The caller's own name for it, the same each time.
    pub key: String,
    /// The model that shall make it, by its id in the price book.
    pub model: ModelId,
    /// What the person asked for.
    pub prompt: String,
    /// What of.
    pub what: MediaWhat,
    /// How many of it.
    pub count: u32,
}

/// What a job makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaWhat {
    /// Pictures.
    Images,
    /// Clips.
    Clips {
        /// How long each is.
        seconds: u32,
    },
    /// 3D models.
    Models,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaState {
    /// It is at work.
    Running {
        /// How far it has come, up to 100.
        percent: u8,
    },
    /// It has ended with all that was asked for, or with some of it.
    Made {
        /// One or more.
        files: Vec<MadeFile>,
    },
    /// It has ended without anything.
    Failed {
        /// Why, for logs.
        message: String,
    },
    /// The provider knows no such job.
    Lost,
}

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFile {
    /// What it is, as HTTP says it.
    pub media_type: &'static str,
    /// The end of its name: "png".
    pub extension: &'static str,
    /// What there is to know of it.
    pub content: FileContent,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What became of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaCancel {
    /// It makes nothing, and nothing has to be paid.
    Cancelled,
    /// It goes on to its end.
    TooLate,
}
