//! Decodes the streams of a PDF, up to what is left of the limit.
//!
//! Pictures are not decoded: what holds one has no text.

use crate::DocumentFault;
use crate::inflate::{Ended, inflate};
use crate::pdf_file::File;
use crate::pdf_lexer::{hex, is_space};
use crate::pdf_value::{Dict, Stream, Value};
use weezl::{BitOrder, LzwStatus, decode::Decoder};

/// Filters of one stream; writers use one or two.
const FILTERS_MAX: usize = 4;
const LZW_STEP_BYTES: usize = 64 << 10;
/// What undoing a filter costs, however short its data is: tables and a buffer that are made anew.
const FILTER_BYTES: usize = 1 << 10;

/// What a filter made, and whether that is all.
type Decoded = (Vec<u8>, bool);

impl File<'_> {
    /// A stream's content, and whether it is whole: damaged data gives what came before.
    pub(crate) fn decode(&self, stream: &Stream) -> Result<Decoded, DocumentFault> {
        let raw = self.bytes.get(stream.data.clone()).unwrap_or_default();
        let filters = self.first_of(&stream.dict, ["Filter", "F"])?;
        let settings = self.first_of(&stream.dict, ["DecodeParms", "DP"])?;
        let (filters, settings) = (list(&filters), list(&settings));
        if filters.len() > FILTERS_MAX {
            return Ok((Vec::new(), false));
        }
        if filters.is_empty() {
            self.room(raw.len())?;
            self.work.inflated(raw.len())?;
            return Ok((raw.to_vec(), true));
        }
        self.work.look(raw.len())?;
        let (mut data, mut whole) = (None, true);
        for (index, filter) in filters.iter().enumerate() {
            let filter = self.resolve(filter)?;
            let setting = self.resolve(settings.get(index).unwrap_or(&Value::Null))?;
            let setting = setting.dict().cloned().unwrap_or_default();
            let input = data.as_deref().unwrap_or(raw);
            self.work.look(FILTER_BYTES)?;
            let Some((output, complete)) = self.apply(&filter, &setting, input)? else {
                return Ok((Vec::new(), false));
            };
            self.work.inflated(output.len())?;
            whole &= complete;
            data = Some(output);
        }
        Ok((data.unwrap_or_default(), whole))
    }

    fn first_of(&self, dict: &Dict, keys: [&str; 2]) -> Result<Value, DocumentFault> {
        let [long, short] = keys;
        let found = self.get(dict, long)?;
        if found.is_null() { self.get(dict, short) } else { Ok(found) }
    }

    fn room(&self, bytes: usize) -> Result<(), DocumentFault> {
        if bytes <= self.work.inflatable() { Ok(()) } else { Err(self.work.over()) }
    }

    /// One filter; nothing where it is for pictures, or not known.
    fn apply(
        &self,
        filter: &Value,
        setting: &Dict,
        input: &[u8],
    ) -> Result<Option<Decoded>, DocumentFault> {
        let most = self.work.inflatable();
        let decoded = match filter.name().unwrap_or_default() {
            b"FlateDecode" | b"Fl" => match inflate(input, true, most) {
                (_, Ended::OverLimit) => return Err(self.work.over()),
                (output, ended) => predicted((output, ended == Ended::Whole), setting),
            },
            b"LZWDecode" | b"LZW" => {
                let early = setting.get("EarlyChange").integer() != Some(0);
                let output = lzw(input, early, most).ok_or_else(|| self.work.over())?;
                predicted(output, setting)
            }
            b"ASCII85Decode" | b"A85" => {
                // A single `z` stands for four bytes.
                self.room(input.len().saturating_mul(4))?;
                ascii85(input)
            }
            b"ASCIIHexDecode" | b"AHx" => {
                self.room(input.len())?;
                ascii_hex(input)
            }
            b"RunLengthDecode" | b"RL" => {
                run_length(input, most).ok_or_else(|| self.work.over())?
            }
            b"Crypt" => {
                self.room(input.len())?;
                (input.to_vec(), true)
            }
            _ => return Ok(None),
        };
        Ok(Some(decoded))
    }
}

/// One value is a list of one.
fn list(value: &Value) -> &[Value] {
    if value.is_null() { &[] } else { value.list().unwrap_or(std::slice::from_ref(value)) }
}

/// Nothing where more comes out than the limit.
fn lzw(input: &[u8], early: bool, most: usize) -> Option<Decoded> {
    let mut decoder = if early {
        Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    } else {
        Decoder::new(BitOrder::Msb, 8)
    };
    let (mut rest, mut output) = (input, Vec::new());
    let mut step = vec![0; LZW_STEP_BYTES];
    loop {
        let result = decoder.decode_bytes(rest, &mut step);
        output.extend_from_slice(step.get(..result.consumed_out).unwrap_or_default());
        rest = rest.get(result.consumed_in..).unwrap_or_default();
        if output.len() > most {
            return None;
        }
        match result.status {
            Ok(LzwStatus::Done) => return Some((output, true)),
            Ok(LzwStatus::Ok) if result.consumed_in > 0 || result.consumed_out > 0 => {}
            // Many writers leave out the mark at the end.
            Ok(LzwStatus::Ok | LzwStatus::NoProgress) => return Some((output, true)),
            Err(_) => return Some((output, false)),
        }
    }
}

fn ascii85(input: &[u8]) -> Decoded {
    let (mut output, mut group) = (Vec::new(), Vec::new());
    let input = input.strip_prefix(b"<~").unwrap_or(input);
    for byte in input.iter().copied().filter(|byte| !is_space(*byte)) {
        match byte {
            b'z' if group.is_empty() => output.extend([0; 4]),
            b'!'..=b'u' => {
                group.push(byte);
                if group.len() == 5 {
                    output.extend(base85(&group));
                    group.clear();
                }
            }
            b'~' => break,
            _ => return (output, false),
        }
    }
    if group.len() > 1 {
        let bytes = group.len().saturating_sub(1);
        group.resize(5, b'u');
        output.extend(base85(&group).into_iter().take(bytes));
    }
    (output, true)
}

fn base85(group: &[u8]) -> [u8; 4] {
    let value = group.iter().fold(0_u32, |value, byte| {
        value.wrapping_mul(85).wrapping_add(u32::from(byte.saturating_sub(b'!')))
    });
    value.to_be_bytes()
}

fn ascii_hex(input: &[u8]) -> Decoded {
    let (mut output, mut high) = (Vec::new(), None);
    for byte in input.iter().copied().take_while(|byte| *byte != b'>') {
        let Some(digit) = hex(byte) else { continue };
        match high.take() {
            Some(high) => output.push(high | digit),
            None => high = Some(digit << 4),
        }
    }
    output.extend(high);
    (output, true)
}

/// Nothing where more comes out than the limit.
fn run_length(input: &[u8], most: usize) -> Option<Decoded> {
    let (mut output, mut rest) = (Vec::new(), input);
    while let Some((length, after)) = rest.split_first() {
        rest = match *length {
            128 => return Some((output, true)),
            length @ 0..128 => {
                let take = usize::from(length).saturating_add(1).min(after.len());
                let (literal, after) = after.split_at(take);
                output.extend_from_slice(literal);
                after
            }
            length => {
                let Some((byte, after)) = after.split_first() else { break };
                let times = 257_usize.saturating_sub(usize::from(length));
                output.extend(std::iter::repeat_n(*byte, times));
                after
            }
        };
        if output.len() > most {
            return None;
        }
    }
    Some((output, true))
}

/// Undoes what a writer did to a table so that it becomes smaller: each byte is written as its
/// difference to a neighbour.
fn predicted((data, whole): Decoded, setting: &Dict) -> Decoded {
    let number = |key: &str, usual: usize| {
        setting.get(key).size().filter(|it| (1..=1 << 16).contains(it)).unwrap_or(usual)
    };
    let predictor = number("Predictor", 1);
    if predictor < 2 {
        return (data, whole);
    }
    let bits = number("Colors", 1).saturating_mul(number("BitsPerComponent", 8));
    let pixel_bytes = bits.div_ceil(8).max(1);
    let row_bytes = bits.saturating_mul(number("Columns", 1)).div_ceil(8).max(1);
    if predictor == 2 {
        // Only pictures are written so; nothing of a picture is read.
        return (data, false);
    }
    let mut output: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; row_bytes.min(data.len())];
    for row in data.chunks(row_bytes.saturating_add(1)) {
        let Some((kind, row)) = row.split_first() else { break };
        let mut line: Vec<u8> = Vec::with_capacity(row.len());
        for (index, byte) in row.iter().enumerate() {
            let back = |line: &[u8]| {
                index.checked_sub(pixel_bytes).and_then(|at| line.get(at).copied()).unwrap_or(0)
            };
            let (left, corner) = (back(&line), back(&above));
            let up = above.get(index).copied().unwrap_or(0);
            let guess = match kind {
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            line.push(byte.wrapping_add(guess));
        }
        output.extend_from_slice(&line);
        above = line;
    }
    (output, whole)
}

/// The one of three neighbours that is nearest to left + up - corner (PNG, 9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left).saturating_add(i16::from(up)).saturating_sub(i16::from(corner));
    let distance = |of: u8| guess.saturating_sub(i16::from(of)).saturating_abs();
    let (a, b, c) = (distance(left), distance(up), distance(corner));
    if a <= b && a <= c {
        left
    } else if b <= c {
        up
    } else {
        corner
    }
}
