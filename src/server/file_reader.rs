//! Reading what somebody attached: of what kind it is, and what of it decides what it costs.
//!
//! To read a file is work for a processor, so it happens beside the threads that serve, few at a
//! time. How long one takes is bounded by what its reader may do.

use crate::counter::Counter;
use crate::media;
use crate::problem::{Answer, Problem};
use axum::http::StatusCode;
use bytes::Bytes;
use kumari_documents::{ACCEPTED, Document, DocumentFault, Hint, Kind, Limits, Warning, as_sent};
use kumari_store::FileContent;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many files are read at once.
const AT_ONCE_MAX: usize = 2;

const ALL_ACCEPTED: &str = "attach a PDF, DOCX, TXT or CSV file, a PNG, JPEG, WebP or GIF picture, \
                            an MP3, WAV or M4A recording, or an MP4 or WebM clip";

/// Reads files.
#[derive(Debug)]
pub(crate) struct FileReader(Arc<Semaphore>);

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadFile {
    /// What it is, as HTTP says it.
    pub(crate) media_type: &'static str,
    /// What was read of it.
    pub(crate) content: FileContent,
    /// The text of a document.
    pub(crate) text: Option<String>,
}

/// A file that cannot be taken: a code, and a sentence that says what to do.
type Unreadable = (&'static str, String);

impl Default for FileReader {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX)))
    }
}

impl FileReader {
    /// Reads a file under its harmless name. `media_type` is what a browser says of it, which tells
    /// a table from a text and nothing else.
    ///
    /// # Errors
    /// 422 with a code and what to do, where it cannot be read.
    pub(crate) async fn read(
        &self,
        counter: &Counter,
        bytes: Bytes,
        name: &str,
        media_type: Option<&str>,
    ) -> Answer<ReadFile> {
        let place = Arc::clone(&self.0).acquire_owned().await;
        let place = place.map_err(|fault| Problem::internal("file reader", &fault))?;
        let (counter, name) = (counter.clone(), name.to_owned());
        let media_type = media_type.map(str::to_owned);
        let reading = tokio::task::spawn_blocking(move || {
            let read = read(&counter, &bytes, &name, media_type.as_deref());
            // Given back at the end of the work, whether somebody still waits for it or not.
            drop(place);
            read
        });
        let read = reading.await.map_err(|fault| Problem::internal("file reader", &fault))?;
        read.map_err(|(code, detail)| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail))
    }
}

fn read(
    counter: &Counter,
    bytes: &[u8],
    name: &str,
    media_type: Option<&str>,
) -> Result<ReadFile, Unreadable> {
    if bytes.is_empty() {
        let detail = "there is nothing in the file; attach one that has something in it";
        return Err(("file_empty", detail.to_owned()));
    }
    match media::read(bytes) {
        Ok(Some(media)) => {
            Ok(ReadFile { media_type: media.media_type, content: media.size.into(), text: None })
        }
        Ok(None) => {
            let hint = Hint { name: Some(name), media_type };
            let document = kumari_documents::read(bytes, &hint, &Limits::DEFAULT);
            document.map(|document| counted(counter, name, document)).map_err(told)
        }
        Err(fault) => Err((fault.code(), fault.to_string())),
    }
}

/// The document with its tokens: those of exactly what a model is shown.
fn counted(counter: &Counter, name: &str, document: Document) -> ReadFile {
    let content = FileContent::Document {
        format: document.kind.name().to_owned(),
        pages: document.pages,
        characters: document.characters,
        tokens: counter.count_all(&as_sent(name, &document.text)),
        warnings: document.warnings.into_iter().map(|one| Warning::code(one).to_owned()).collect(),
    };
    ReadFile { media_type: media_type_of(document.kind), content, text: Some(document.text) }
}

/// What is of no kind at all may be meant as any: all are named, not those of documents alone.
fn told(fault: DocumentFault) -> Unreadable {
    if let DocumentFault::Unsupported { found, instead: ACCEPTED } = fault {
        return (fault.code(), format!("{found} cannot be read: {ALL_ACCEPTED}"));
    }
    (fault.code(), fault.to_string())
}

const fn media_type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Pdf => "application/pdf",
        Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        // It is given back byte for byte, in whatever encoding it came.
        Kind::Txt => "text/plain",
        Kind::Csv => "text/csv",
    }
}
