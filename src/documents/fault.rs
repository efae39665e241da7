//! Why a file cannot be read, and what to do about it.

use thiserror::Error;

/// Why a file has no pages and no text. [`DocumentFault::code`] is the contract, the message is for
/// people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DocumentFault {
    /// It is of a kind that is not read.
    #[error("{found} cannot be read: {instead}")]
    Unsupported {
        /// What it looks like.
        found: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// It is protected by a password.
    #[error("the {0} is encrypted: save a copy without a password and attach that")]
    Encrypted(&'static str),
    /// It is damaged.
    #[error("the {what} is damaged: {detail}; open it where it was made and save it again")]
    Broken {
        /// The kind of file.
        what: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// Its text is in an encoding that is not read.
    #[error(
        "the text is neither UTF-8 nor UTF-16 with a byte order mark (byte {offset}): save it as \
         UTF-8"
    )]
    Encoding {
        /// The first byte that is not UTF-8, or the first half of a pair without its other half.
        offset: usize,
    },
    /// A CSV's quotes do not match.
    #[error("the CSV cannot be read: {detail} in line {line}; mend the quotes, or save it as .txt")]
    Csv {
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        detail: &'static str,
    },
    /// The file is too large.
    #[error("the file has more than {bytes_max} bytes: attach a part of it")]
    FileTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// What is compressed in it becomes too large.
    #[error("the file inflates to more than {bytes_max} bytes: attach a part of it")]
    InflatesTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// It has too many pages.
    #[error("the PDF has more than {pages_max} pages: split it and attach a part")]
    TooManyPages {
        /// The limit.
        pages_max: u64,
    },
    /// Its text is too long.
    #[error("the text has more than {bytes_max} bytes in UTF-8: attach a part of it")]
    TextTooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// Its parts lie too deep in each other.
    #[error("parts of the {what} lie more than {nesting_max} levels deep: save it anew, simpler")]
    TooDeep {
        /// The kind of file.
        what: &'static str,
        /// The limit.
        nesting_max: usize,
    },
    /// To read it takes more steps than a file of its size should.
    #[error("the PDF takes too long to read: print it to a new PDF and attach that")]
    TooMuchWork,
}

impl DocumentFault {
    /// The fault's name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "document_unsupported",
            Self::Encrypted(_) => "document_encrypted",
            Self::Broken { .. } => "document_broken",
            Self::Encoding { .. } => "document_encoding",
            Self::Csv { .. } => "document_csv_malformed",
            Self::FileTooLarge { .. }
            | Self::InflatesTooLarge { .. }
            | Self::TooManyPages { .. }
            | Self::TextTooLong { .. }
            | Self::TooDeep { .. }
            | Self::TooMuchWork => "document_too_large",
        }
    }
}
