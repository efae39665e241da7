//! The objects of a PDF by their numbers, read each time that one is asked for.
//!
//! Nothing is kept of them but the streams that hold other objects, so that a file takes little
//! more memory than its bytes; [`Work`] pays for what is read again.

use crate::pdf_lexer::Lexer;
use crate::pdf_value::{Dict, Stream, Value};
use crate::pdf_work::Work;
use crate::ranges::Ranges;
use crate::{DocumentFault, Limits};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Objects of a file; a thousand pages with pictures have some ten thousand.
pub(crate) const OBJECTS_MAX: usize = 1_000_000;
/// Objects that must be read to read one: a length, the stream that it lies in, and so on.
const CHAIN_MAX: u32 = 16;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At this byte.
    At(usize),
    /// Inside this object, a stream.
    In(u32),
    /// Nowhere any more.
    Free,
}

pub(crate) struct File<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) places: BTreeMap<u32, Place>,
    pub(crate) trailer: Dict,
    pub(crate) work: &'a Work,
    pub(crate) nesting_max: usize,
    containers: RefCell<BTreeMap<u32, Rc<Container>>>,
    /// Objects that all containers may still hold.
    contained: Cell<usize>,
    chain: Cell<u32>,
}

/// A stream that holds objects.
#[derive(Default)]
struct Container {
    data: Vec<u8>,
    places: Ranges<usize>,
}

impl<'a> File<'a> {
    /// A file whose objects are not known yet.
    pub(crate) fn new(bytes: &'a [u8], work: &'a Work, limits: &Limits) -> Self {
        Self {
            bytes,
            places: BTreeMap::new(),
            trailer: Dict::default(),
            work,
            nesting_max: limits.nesting(),
            containers: RefCell::default(),
            contained: Cell::new(OBJECTS_MAX),
            chain: Cell::new(0),
        }
    }

    /// Forgets what is known of its objects.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.trailer = Dict::default();
        self.containers.borrow_mut().clear();
    }

    /// Notes where an object is, unless a newer place is known.
    pub(crate) fn place(&mut self, number: u32, place: Place) -> Result<(), DocumentFault> {
        if self.places.len() >= OBJECTS_MAX {
            return Err(DocumentFault::TooMuchWork);
        }
        self.places.entry(number).or_insert(place);
        Ok(())
    }

    pub(crate) const fn lexer(&self, at: usize) -> Lexer<'a> {
        Lexer::new(self.bytes, at, self.nesting_max)
    }

    /// The value itself, where it refers to another.
    pub(crate) fn resolve(&self, value: &Value) -> Result<Value, DocumentFault> {
        match value.reference() {
            None => {
                self.work.look(value.copied_bytes())?;
                Ok(value.clone())
            }
            Some(number) => self.object(number),
        }
    }

    /// What a key leads to.
    pub(crate) fn get(&self, dict: &Dict, key: &str) -> Result<Value, DocumentFault> {
        self.resolve(dict.get(key))
    }

    /// An object; [`Value::Null`] where there is none.
    pub(crate) fn object(&self, number: u32) -> Result<Value, DocumentFault> {
        if self.chain.get() >= CHAIN_MAX {
            return Ok(Value::Null);
        }
        self.chain.set(self.chain.get().saturating_add(1));
        let read = self.read(number);
        self.chain.set(self.chain.get().saturating_sub(1));
        read
    }

    fn read(&self, number: u32) -> Result<Value, DocumentFault> {
        let value = match self.places.get(&number) {
            Some(Place::At(at)) => match self.object_at(*at)? {
                Some((found, value)) if found == number => value,
                Some(_) | None => Value::Null,
            },
            Some(Place::In(container)) => {
                let container = self.container(*container)?;
                let Some((_, at)) = container.places.get(u64::from(number)) else {
                    return Ok(Value::Null);
                };
                let mut lexer = Lexer::new(&container.data, *at, self.nesting_max);
                let value = lexer.value();
                self.work.lex(lexer.at.saturating_sub(*at))?;
                value.unwrap_or_default()
            }
            Some(Place::Free) | None => Value::Null,
        };
        // An object that is nothing but a reference leads on.
        match value.reference() {
            Some(next) => self.object(next),
            None => Ok(value),
        }
    }

    /// The object that begins at a byte, with its number.
    pub(crate) fn object_at(&self, at: usize) -> Result<Option<(u32, Value)>, DocumentFault> {
        let mut lexer = self.lexer(at);
        let read = header(&mut lexer).and_then(|number| Some((number, lexer.value()?)));
        self.work.lex(lexer.at.saturating_sub(at))?;
        let Some((number, value)) = read else { return Ok(None) };
        lexer.skip_space();
        let Value::Dict(dict) = value else { return Ok(Some((number, value))) };
        if !lexer.skip_word(b"stream") {
            return Ok(Some((number, Value::Dict(dict))));
        }
        // The line ends here; some writers leave spaces before its end.
        while lexer.peek() == Some(b' ') {
            lexer.at = lexer.at.saturating_add(1);
        }
        let _ = lexer.skip_word(b"\r\n") || lexer.skip_word(b"\n") || lexer.skip_word(b"\r");
        let end = self.end_of_data(lexer.at, &dict)?;
        Ok(Some((number, Value::Stream(Stream { dict, data: lexer.at..end }))))
    }

    /// Where a stream's data ends: where it says, if that is true, or where its end is written.
    fn end_of_data(&self, from: usize, dict: &Dict) -> Result<usize, DocumentFault> {
        let said = self.get(dict, "Length")?.size();
        if let Some(end) = said.and_then(|length| from.checked_add(length)) {
            let mut lexer = self.lexer(end);
            lexer.skip_space();
            if lexer.skip_word(b"endstream") || lexer.skip_word(b"endobj") {
                return Ok(end);
            }
        }
        let rest = self.bytes.get(from..).unwrap_or_default();
        let length = find(rest, b"endstream").unwrap_or(rest.len());
        self.work.look(length)?;
        Ok(from.saturating_add(length))
    }

    fn container(&self, number: u32) -> Result<Rc<Container>, DocumentFault> {
        if let Some(known) = self.containers.borrow().get(&number) {
            return Ok(Rc::clone(known));
        }
        // A stream lies in no other stream; to look there would lead in circles.
        let container = match self.places.get(&number) {
            Some(Place::At(_)) => match self.object(number)?.stream() {
                Some(stream) => self.open(stream)?,
                None => Container::default(),
            },
            Some(Place::In(_) | Place::Free) | None => Container::default(),
        };
        let container = Rc::new(container);
        self.containers.borrow_mut().insert(number, Rc::clone(&container));
        Ok(container)
    }

    /// The numbers of the objects that a stream holds.
    pub(crate) fn numbers_in(&self, number: u32) -> Result<Vec<u32>, DocumentFault> {
        let container = self.container(number)?;
        Ok(container.places.starts().filter_map(|it| u32::try_from(it).ok()).collect())
    }

    fn open(&self, stream: &Stream) -> Result<Container, DocumentFault> {
        let count = self.get(&stream.dict, "N")?.size().unwrap_or(0).min(OBJECTS_MAX);
        let first = self.get(&stream.dict, "First")?.size().unwrap_or(0);
        let (data, _) = self.decode(stream)?;
        let mut lexer = Lexer::new(&data, 0, 1);
        let mut places = Ranges::default();
        for _ in 0..count {
            let (Some(number), Some(at)) = (lexer.token(), lexer.token()) else { break };
            let (Some(number), Some(at)) = (number.size(), at.size()) else { break };
            if let Ok(number) = u64::try_from(number) {
                places.push(number, number, first.saturating_add(at));
            }
        }
        let left = self.contained.get().checked_sub(places.len());
        self.contained.set(left.ok_or(DocumentFault::TooMuchWork)?);
        places.sort();
        Ok(Container { data, places })
    }
}

/// The number of the object whose `N G obj` is next.
pub(crate) fn header(lexer: &mut Lexer<'_>) -> Option<u32> {
    let number = lexer.token()?.size()?;
    lexer.token()?.size()?;
    lexer.skip_space();
    if !lexer.skip_word(b"obj") {
        return None;
    }
    u32::try_from(number).ok()
}

/// Where these bytes are first.
pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}
