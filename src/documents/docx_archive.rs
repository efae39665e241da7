//! The zip that a DOCX is: its parts by name, inflated up to what is left of the limit.

use crate::docx::{NAME, broken};
use crate::inflate::{Ended, inflate};
use crate::{DocumentFault, Limits};
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

/// Parts of an archive that are looked at; documents have some dozens.
const PARTS_MAX: usize = 10_000;

pub(crate) struct Archive<'a> {
    archive: ZipSliceArchive<&'a [u8]>,
    inflated_bytes_max: usize,
    left: usize,
}

struct Part {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    checksum: u32,
    encrypted: bool,
}

impl<'a> Archive<'a> {
    /// Finds the list of parts.
    pub(crate) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, DocumentFault> {
        let archive =
            ZipArchive::from_slice(bytes).map_err(|_| broken("its list of parts is missing"))?;
        let most = limits.inflated_bytes_max;
        Ok(Self { archive, inflated_bytes_max: most, left: most })
    }

    /// Looks for a part in the list; of two with one name the later counts, as in every reader.
    fn find(&self, name: &str) -> Result<Option<Part>, DocumentFault> {
        let mut entries = self.archive.entries();
        let (mut found, mut count) = (None, 0_usize);
        while let Some(entry) =
            entries.next_entry().map_err(|_| broken("its list of parts cannot be read"))?
        {
            count = count.saturating_add(1);
            if count > PARTS_MAX {
                return Err(broken("it has too many parts"));
            }
            if entry.file_path().as_bytes() == name.as_bytes() {
                found = Some(Part {
                    place: entry.wayfinder(),
                    method: entry.compression_method(),
                    checksum: entry.crc32(),
                    encrypted: entry.flags().is_encrypted(),
                });
            }
        }
        Ok(found)
    }

    /// A part's content, if there is such a part.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, DocumentFault> {
        let Some(part) = self.find(name)? else { return Ok(None) };
        if part.encrypted {
            return Err(DocumentFault::Encrypted(NAME));
        }
        let entry = self
            .archive
            .get_entry(part.place)
            .map_err(|_| broken("a part is not where its list says"))?;
        let over = DocumentFault::InflatesTooLarge { bytes_max: self.inflated_bytes_max };
        let content = if part.method == CompressionMethod::STORE {
            let data = entry.data();
            if data.len() > self.left {
                return Err(over);
            }
            data.to_vec()
        } else if part.method == CompressionMethod::DEFLATE {
            match inflate(entry.data(), false, self.left) {
                (content, Ended::Whole) => content,
                (_, Ended::OverLimit) => return Err(over),
                (_, Ended::Damaged) => return Err(broken("a part cannot be inflated")),
            }
        } else {
            return Err(broken("a part is compressed in a way that documents do not use"));
        };
        if rawzip::crc32(&content) != part.checksum {
            return Err(broken("a part is not what its checksum says"));
        }
        self.left = self.left.saturating_sub(content.len());
        Ok(Some(content))
    }
}
