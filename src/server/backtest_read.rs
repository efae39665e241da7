//! Reads recorded usage in pieces of whole lines, and lets all cores count them.
//!
//! One thread reads, some others parse and price. Only a few pieces are in memory at a time, and
//! what is counted does not depend on their size, nor on how many threads there are: of faults the
//! first line counts, wherever it was found first.

use crate::backtest_csv::Columns;
use crate::backtest_record::{Layout, Lines};
use crate::backtest_tally::{Counted, LineFault, Prices, Tally};
use crate::json_line::LINE_BYTES_MAX;
use std::io::{self, BufRead, Read as _};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Spreadsheets begin a file with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How usage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    JsonLines,
    Csv,
}

/// How it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) format: Format,
    /// How many threads parse and price.
    pub(crate) threads: NonZeroUsize,
    /// About how much a piece has; it is as long as its longest line at least.
    pub(crate) piece_bytes: u64,
    /// Leave faulty lines out, and count them; else the first ends the reading.
    pub(crate) skip_faulty: bool,
}

/// Why usage was not read to its end.
#[derive(Debug)]
pub(crate) enum ReadFault {
    /// A line is at fault; the first.
    Line(LineFault),
    /// There is nothing to read.
    Empty,
    /// Reading broke off.
    System(io::Error),
}

/// Some whole lines.
struct Piece {
    number: u64,
    first_line: u64,
    bytes: Vec<u8>,
}

/// What is to be read, in pieces.
struct Pieces<R> {
    input: R,
    piece_bytes: u64,
    number: u64,
    line: u64,
    /// The beginning of the next piece.
    rest: Vec<u8>,
    broke_off: Option<io::Error>,
}

/// Counts all records of `input`; `tell` hears how many lines were read so far.
///
/// # Errors
/// [`ReadFault`].
pub(crate) fn count(
    mut input: impl BufRead,
    reading: Reading,
    prices: Prices<'_>,
    mut tell: impl FnMut(u64),
) -> Result<Counted, ReadFault> {
    let (layout, line) = layout(&mut input, reading.format)?;
    let mut pieces = Pieces {
        input,
        piece_bytes: reading.piece_bytes,
        number: 0,
        line,
        rest: Vec::new(),
        broke_off: None,
    };
    // The number of the piece after which nobody needs to look.
    let last = AtomicU64::new(u64::MAX);
    let counter =
        Counter { layout: &layout, prices, last: &last, skip_faulty: reading.skip_faulty };
    let (send, receive) = sync_channel(reading.threads.get().saturating_mul(2));
    let receive = Arc::new(Mutex::new(receive));
    let (counted, read) = thread::scope(|scope| {
        let threads: Vec<_> = (0..reading.threads.get())
            .map(|_| {
                let receive = Arc::clone(&receive);
                scope.spawn(move || counter.count(&receive))
            })
            .collect();
        // Were all of them gone, sending would fail instead of waiting.
        drop(receive);
        let mut read = Ok(());
        while last.load(Ordering::Relaxed) == u64::MAX {
            match pieces.next() {
                Ok(Some(piece)) => {
                    tell(piece.first_line);
                    if send.send(piece).is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(fault) => {
                    read = Err(fault);
                    break;
                }
            }
        }
        drop(send);
        let mut counted = Counted::default();
        for thread in threads {
            match thread.join() {
                Ok(one) => counted.add(one),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (counted, read)
    });
    // Every line before the first fault was looked at, also where reading broke off.
    match counted.faults.first() {
        Some(fault) if !reading.skip_faulty => Err(ReadFault::Line(fault.clone())),
        _ => read.map(|()| counted).map_err(ReadFault::System),
    }
}

/// What the lines are, and the number of the first that is a record.
fn layout(input: &mut impl BufRead, format: Format) -> Result<(Layout, u64), ReadFault> {
    if input.fill_buf().map_err(ReadFault::System)?.starts_with(BYTE_ORDER_MARK) {
        input.consume(BYTE_ORDER_MARK.len());
    }
    if format == Format::JsonLines {
        return Ok((Layout::JsonLines, 1));
    }
    let mut header = Vec::new();
    for line in 1.. {
        header.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut header);
        if read.map_err(ReadFault::System)? == 0 {
            break;
        }
        if !header.trim_ascii().is_empty() {
            let columns = Columns::of_header(&header)
                .map_err(|message| ReadFault::Line(LineFault { line, message }))?;
            return Ok((Layout::Csv(columns), line + 1));
        }
    }
    Err(ReadFault::Empty)
}

impl<R: BufRead> Pieces<R> {
    /// The next lines; none at the end.
    fn next(&mut self) -> io::Result<Option<Piece>> {
        if let Some(fault) = self.broke_off.take() {
            return Err(fault);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        let end = loop {
            // What was there before has no end of a line.
            let before = bytes.len();
            let read = self.input.by_ref().take(self.piece_bytes).read_to_end(&mut bytes);
            let is_end = |byte: &u8| *byte == b'\n';
            if let Some(at) = bytes.get(before..).and_then(|new| new.iter().rposition(is_end)) {
                // Where reading broke off, these lines still come first.
                self.broke_off = read.err();
                break before + at + 1;
            }
            if read? == 0 {
                if bytes.is_empty() {
                    return Ok(None);
                }
                bytes.push(b'\n');
                break bytes.len();
            }
            // What is longer than a line can be is a fault, and need not be kept.
            let most = usize::try_from(LINE_BYTES_MAX).unwrap_or(usize::MAX).saturating_mul(2);
            if bytes.len() > most {
                bytes.truncate(most);
                self.input.skip_until(b'\n')?;
                bytes.push(b'\n');
                break bytes.len();
            }
        };
        self.rest = bytes.split_off(end);
        let piece = Piece { number: self.number, first_line: self.line, bytes };
        self.number += 1;
        let lines = piece.bytes.iter().filter(|byte| **byte == b'\n').count();
        self.line += u64::try_from(lines).unwrap_or(u64::MAX);
        Ok(Some(piece))
    }
}

/// One thread's part.
#[derive(Clone, Copy)]
struct Counter<'run> {
    layout: &'run Layout,
    prices: Prices<'run>,
    last: &'run AtomicU64,
    skip_faulty: bool,
}

impl Counter<'_> {
    fn count(self, pieces: &Mutex<Receiver<Piece>>) -> Counted {
        let mut lines = Lines::new(self.layout);
        let mut tally = Tally::new(self.prices);
        loop {
            let piece = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(piece) = piece else { break };
            // Pieces are handed out in their order, so those before are already with somebody.
            if piece.number <= self.last.load(Ordering::Relaxed) {
                self.count_piece(&piece, &mut lines, &mut tally);
            }
        }
        tally.counted()
    }

    fn count_piece(self, piece: &Piece, lines: &mut Lines<'_>, tally: &mut Tally<'_>) {
        for (line, number) in
            piece.bytes.split_inclusive(|byte| *byte == b'\n').zip(piece.first_line..)
        {
            let read = lines.read(line);
            let added = read.and_then(|record| record.map_or(Ok(()), |record| tally.add(&record)));
            let Err(message) = added else { continue };
            tally.fault(number, message);
            if !self.skip_faulty {
                self.last.fetch_min(piece.number, Ordering::Relaxed);
                return;
            }
        }
    }
}
