//! The messages of an event stream, out of the bytes of a body, with limits on both.
//!
//! Lines are tokio-util's, which bounds their length and checks their UTF-8; here they become
//! messages. Event names, ids and retry times are not used by this protocol and are passed over.

use crate::provider::ProviderFault;
use crate::provider_openai::{OpenAiLimits, failed};
use bytes::BytesMut;
use tokio_util::codec::{Decoder as _, LinesCodec, LinesCodecError};

/// Collects bytes and gives messages.
#[derive(Debug)]
pub(crate) struct Events {
    limits: OpenAiLimits,
    lines: LinesCodec,
    bytes: BytesMut,
    bytes_total: usize,
    ended: bool,
    first_line: bool,
    /// The data lines of the message that is being read.
    data: Option<String>,
}

impl Events {
    pub(crate) fn new(limits: OpenAiLimits) -> Self {
        Self {
            limits,
            lines: LinesCodec::new_with_max_length(limits.line_bytes_max),
            bytes: BytesMut::new(),
            bytes_total: 0,
            ended: false,
            first_line: true,
            data: None,
        }
    }

    /// Adds bytes of the body.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<(), ProviderFault> {
        self.bytes_total = self.bytes_total.saturating_add(bytes.len());
        if self.bytes_total > self.limits.total_bytes_max {
            return Err(failed(format!(
                "the answer is longer than {} bytes",
                self.limits.total_bytes_max
            )));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Says that no more bytes come.
    pub(crate) const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether no more bytes come. Ask after [`next`](Self::next) gave nothing.
    pub(crate) const fn is_over(&self) -> bool {
        self.ended
    }

    /// The next whole message; nothing where more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<String>, ProviderFault> {
        while let Some(line) = self.line()? {
            let line = if std::mem::take(&mut self.first_line) {
                line.strip_prefix('\u{feff}').unwrap_or(&line)
            } else {
                &line
            };
            if line.is_empty() {
                if let Some(data) = self.data.take() {
                    return Ok(Some(data));
                }
            } else if let Some(value) = line.strip_prefix("data:") {
                self.add_data(value.strip_prefix(' ').unwrap_or(value))?;
            }
        }
        // Some endpoints close right behind their last message, without the empty line.
        Ok(if self.ended { self.data.take() } else { None })
    }

    fn line(&mut self) -> Result<Option<String>, ProviderFault> {
        let line = if self.ended {
            self.lines.decode_eof(&mut self.bytes)
        } else {
            self.lines.decode(&mut self.bytes)
        };
        line.map_err(|fault| match fault {
            LinesCodecError::MaxLineLengthExceeded => self.too_long(),
            LinesCodecError::Io(fault) => failed(format!("the answer cannot be read: {fault}")),
        })
    }

    fn add_data(&mut self, value: &str) -> Result<(), ProviderFault> {
        let data = self.data.get_or_insert_default();
        if !data.is_empty() {
            data.push('\n');
        }
        data.push_str(value);
        if data.len() > self.limits.line_bytes_max {
            return Err(self.too_long());
        }
        Ok(())
    }

    fn too_long(&self) -> ProviderFault {
        failed(format!("a message is longer than {} bytes", self.limits.line_bytes_max))
    }
}
