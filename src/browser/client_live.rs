//! The client at work: carries out the state machine's effects, follows the server, sends commands.

use crate::boundary::json_of;
use crate::client::ClientOptions;
use crate::client_cache::Cache;
use crate::client_events::{Heard, Stream};
use crate::client_http::{Answer, get, post};
use crate::client_platform::{
    Listener, Wait, has_global, now, place, promise, random, report, spawn,
};
use crate::client_read::document;
use crate::client_retry::wait_millis;
use crate::client_state::{Effect, Event, Model, PENDING_MAX};
use crate::client_types::{Balance, ClientError, Session};
use crate::convert::{parsed, read, unreadable, write};
use crate::handle::read_calibration;
use crate::object::set;
use js_sys::{Function, Object, Promise};
use kumari_engine::fields;
use kumari_engine::id::BookVersion;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::Request;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::client::JsState;

/// How often a place without server-sent events asks instead.
const POLL_MILLIS: u32 = 15_000;
/// How many older books are kept to replay receipts with.
const BOOKS_MAX: usize = 4;

/// Everything of one client.
pub(crate) struct Inner {
    base_url: String,
    pub(crate) cache: Cache,
    pub(crate) model: RefCell<Model>,
    shown: Shown,
    /// Books that are no longer in force, for receipts.
    pub(crate) books: RefCell<Vec<Rc<PublishedBook>>>,
    /// The session that is being opened, so that it is opened once.
    opening: RefCell<Option<Promise>>,
    wait: Wait,
    windows: RefCell<Vec<Listener>>,
    started: Cell<bool>,
    pub(crate) closed: Cell<bool>,
}

/// What the page has seen.
#[derive(Default)]
struct Shown {
    listeners: RefCell<Vec<(u32, Function)>>,
    numbers: Cell<u32>,
    snapshot: RefCell<Option<JsValue>>,
    /// The book that was read last, as it came: the page is given the same object each time, and
    /// nothing writes a whole book again.
    book: RefCell<Option<(BookVersion, JsValue)>>,
    /// The calibration that was read last, likewise; undefined before the first.
    calibration: RefCell<JsValue>,
}

impl Inner {
    /// A client that does nothing yet.
    pub(crate) fn new(options: ClientOptions) -> Rc<Self> {
        let prefix = options.storage_key.unwrap_or_else(|| "kumari-credits".to_owned());
        Rc::new(Self {
            base_url: options.base_url.unwrap_or_default(),
            cache: Cache::new(place(), prefix),
            model: RefCell::default(),
            shown: Shown::default(),
            books: RefCell::default(),
            opening: RefCell::default(),
            wait: Wait::default(),
            windows: RefCell::default(),
            started: Cell::new(false),
            closed: Cell::new(false),
        })
    }

    /// Shows the cache, makes the first connection, and goes on in the background.
    pub(crate) async fn start(self: &Rc<Self>) {
        if self.started.replace(true) {
            return;
        }
        let unanswered = self.cache.unanswered(now(), PENDING_MAX);
        self.apply(Event::Restored {
            session: self.cache.session(),
            book: self.cached_book(),
            balance: self.cache.balance(),
            pending: unanswered.iter().map(|kept| kept.action.clone()).collect(),
        });
        if let Some(value) = self.kept("calibration") {
            self.take_calibration(&value);
        }
        self.hear_windows();
        let connected = self.connect().await;
        let this = Rc::clone(self);
        spawn(Box::pin(async move { this.follow(connected).await }));
        for kept in unanswered {
            let this = Rc::clone(self);
            spawn(Box::pin(async move { this.resume(kept).await }));
        }
    }

    fn cached_book(&self) -> Option<Rc<PublishedBook>> {
        self.read_book(&self.kept("book")?).ok()
    }

    /// A document of the last visit.
    fn kept(&self, name: &str) -> Option<JsValue> {
        js_sys::JSON::parse(&self.cache.document(name)?).ok()
    }

    /// Keeps a document for the next visit.
    fn keep(&self, name: &str, document: &JsValue) {
        if let Ok(text) = js_sys::JSON::stringify(document) {
            self.cache.keep_document(name, &String::from(text));
        }
    }

    /// Reads a calibration, and keeps what it was read from for the page; whether that was one.
    fn take_calibration(self: &Rc<Self>, value: &JsValue) -> bool {
        let read = json_of(value, false).and_then(|text| read_calibration(&text));
        let Ok(calibration) = read else { return false };
        // The page keeps its object until another calibration is in force.
        if self.shown.calibration.borrow().is_object()
            && *self.model.borrow().calibration() == calibration
        {
            return true;
        }
        *self.shown.calibration.borrow_mut() = value.clone();
        self.apply(Event::CalibrationRead(calibration));
        true
    }

    /// Reads a book, and keeps what it was read from for the page.
    fn read_book(&self, value: &JsValue) -> Result<Rc<PublishedBook>, ClientError> {
        let book = book_of(value)?;
        *self.shown.book.borrow_mut() = Some((book.version.clone(), value.clone()));
        Ok(book)
    }

    /// Lets go of everything.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.windows.borrow_mut().clear();
        self.shown.listeners.borrow_mut().clear();
        self.wait.wake();
    }

    /// The composer holds something else.
    pub(crate) fn draft(self: &Rc<Self>, request: Option<Request>, files: Vec<String>) {
        self.apply(Event::Drafted(request, files));
    }

    /// Adds a listener, and answers its number.
    pub(crate) fn subscribe(&self, listener: Function) -> u32 {
        let number = self.shown.numbers.get().wrapping_add(1);
        self.shown.numbers.set(number);
        self.shown.listeners.borrow_mut().push((number, listener));
        number
    }

    /// Takes a listener off.
    pub(crate) fn unsubscribe(&self, number: u32) {
        self.shown.listeners.borrow_mut().retain(|(other, _)| *other != number);
    }

    /// The state as the page sees it.
    pub(crate) fn snapshot(&self) -> JsState {
        let known = self.shown.snapshot.borrow().clone();
        let snapshot = known.unwrap_or_else(|| self.take_snapshot());
        *self.shown.snapshot.borrow_mut() = Some(snapshot.clone());
        snapshot.unchecked_into()
    }

    fn take_snapshot(&self) -> JsValue {
        let model = self.model.borrow();
        let state: JsValue = write(&model.state()).unwrap_or_default();
        let book = self.shown.book.borrow();
        let is_shown = |(version, _): &&(BookVersion, JsValue)| {
            model.book().is_some_and(|published| published.version == *version)
        };
        let book = book.as_ref().filter(is_shown).map(|(_, object)| object.clone());
        set(&state, "price_book", &book.unwrap_or(JsValue::NULL));
        let calibration = self.shown.calibration.borrow();
        if !calibration.is_undefined() {
            set(&state, "calibration", &calibration);
        }
        Object::freeze(state.unchecked_ref::<Object>());
        state
    }

    /// Takes an event into the state, and carries out what follows.
    pub(crate) fn apply(self: &Rc<Self>, event: Event) {
        let effects = self.model.borrow_mut().apply(event);
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        let model = self.model.borrow();
        match effect {
            Effect::KeepSession => {
                model.session().into_iter().for_each(|it| self.cache.keep_session(it))
            }
            Effect::KeepBook => {
                let book = self.shown.book.borrow();
                book.iter().for_each(|(_, object)| self.keep("book", object));
            }
            Effect::KeepBalance => {
                model.balance().into_iter().for_each(|it| self.cache.keep_balance(it))
            }
            Effect::ForgetBalance => self.cache.forget_balance(),
            Effect::FetchBook => {
                let this = Rc::clone(self);
                spawn(Box::pin(async move {
                    this.fetch_book().await;
                }));
            }
            Effect::Tell => {
                drop(model);
                *self.shown.snapshot.borrow_mut() = None;
                self.tell();
            }
        }
    }

    fn tell(&self) {
        let state = self.snapshot();
        // A listener may subscribe or unsubscribe, so none is called while the list is borrowed.
        let listeners = self.shown.listeners.borrow().clone();
        for (_, listener) in listeners {
            if let Err(error) = listener.call1(&JsValue::UNDEFINED, &state) {
                report(&error);
            }
        }
    }

    /// What other tabs keep, and whether there is a network.
    fn hear_windows(self: &Rc<Self>) {
        let hear = |name, heard: fn(&Rc<Self>, &JsValue)| {
            let weak = Rc::downgrade(self);
            Listener::on_window(name, move |event| {
                if let Some(this) = weak.upgrade() {
                    heard(&this, &event);
                }
            })
        };
        let heard = [
            // Either way the wait is over: a connection is lost, or worth another try.
            hear("online", |this, _| this.wait.wake()),
            hear("offline", |this, _| this.wait.wake()),
            hear("storage", |this, event| {
                let key =
                    event.dyn_ref::<web_sys::StorageEvent>().and_then(web_sys::StorageEvent::key);
                if key.as_deref() == Some(&this.cache.balance_key())
                    && let Some(balance) = this.cache.balance()
                {
                    this.apply(Event::BalanceShared(balance));
                }
            }),
        ];
        self.windows.borrow_mut().extend(heard.into_iter().flatten());
    }

    /// Follows the server until the client is closed.
    async fn follow(self: &Rc<Self>, mut connected: bool) {
        let mut tries: u32 = 0;
        while !self.closed.get() {
            if connected {
                tries = 0;
                self.listen().await;
                if self.closed.get() {
                    break;
                }
                self.apply(Event::Disconnected);
            }
            tries = tries.saturating_add(1);
            self.wait.millis(wait_millis(tries, random())).await;
            if self.closed.get() {
                break;
            }
            connected = self.connect().await;
        }
    }

    /// Session, book and balance once; whether all went well.
    async fn connect(self: &Rc<Self>) -> bool {
        // The book needs no session, so the first estimate does not wait for one.
        let this = Rc::clone(self);
        let book = promise(Box::pin(async move { Ok(this.fetch_book().await.into()) }));
        let opened = self.open_session().await && self.fetch_balance().await;
        let connected = is_true(book).await && opened;
        if connected {
            self.apply(Event::Connected);
        }
        connected
    }

    /// Hears what changes, until the connection is lost.
    async fn listen(self: &Rc<Self>) {
        if !has_global("EventSource") {
            return self.poll().await;
        }
        let weak = Rc::downgrade(self);
        let on_balance: Heard = Box::new(move |data| {
            if let (Some(this), Ok(balance)) = (weak.upgrade(), document(&data)) {
                this.apply(Event::BalanceRead(balance));
            }
        });
        let weak = Rc::downgrade(self);
        let on_book: Heard = Box::new(move |data| {
            if let (Some(this), Ok(named)) = (weak.upgrade(), document::<Named>(&data)) {
                this.apply(Event::BookNamed(named.version));
            }
        });
        let weak = Rc::downgrade(self);
        // It is told once for each connection and at every change: each time it is another one, or
        // known to the browser by its tag.
        let on_calibration: Heard = Box::new(move |_| {
            if let Some(this) = weak.upgrade() {
                spawn(Box::pin(async move { this.fetch_calibration().await }));
            }
        });
        let url = self.url("/api/events");
        match Stream::open(&url, on_balance, on_book, on_calibration) {
            Ok(stream) => self.wait.until(|lost| stream.on_loss(&lost)).await,
            Err(error) => report(&error),
        }
    }

    async fn poll(self: &Rc<Self>) {
        loop {
            self.fetch_calibration().await;
            self.wait.millis(POLL_MILLIS).await;
            if self.closed.get() || !self.fetch_balance().await || !self.fetch_book().await {
                return;
            }
        }
    }

    pub(crate) async fn open_session(self: &Rc<Self>) -> bool {
        // Two requests without a cookie would make two guests.
        let known = self.opening.borrow().clone();
        let opening = known.unwrap_or_else(|| {
            let this = Rc::clone(self);
            promise(Box::pin(async move {
                let answer = post(&this.url("/api/session"), "{}").await;
                this.opening.take();
                Ok(this.take_in::<Session>(&answer, Event::SessionOpened).into())
            }))
        });
        *self.opening.borrow_mut() = Some(opening.clone());
        is_true(opening).await
    }

    pub(crate) async fn fetch_balance(self: &Rc<Self>) -> bool {
        let answer = get(&self.url("/api/balance")).await;
        self.take_in::<Balance>(&answer, Event::BalanceRead)
    }

    pub(crate) async fn fetch_book(self: &Rc<Self>) -> bool {
        let answer = get(&self.url("/api/price-book")).await;
        let book = answer.success().and_then(|value| self.read_book(value));
        match book {
            Ok(book) => {
                self.remember(self.model.borrow().book().cloned());
                self.apply(Event::BookRead(book));
                true
            }
            Err(fault) => self.fail(&answer, fault),
        }
    }

    /// Where there is none, or one of a newer form, what was known before stays: that is nothing to
    /// tell a person.
    async fn fetch_calibration(self: &Rc<Self>) {
        let answer = get(&self.url("/api/calibration")).await;
        let Ok(value) = answer.success() else { return };
        if self.take_calibration(value) {
            self.keep("calibration", value);
        }
    }

    fn take_in<T: kumari_engine::read::Read>(
        self: &Rc<Self>,
        answer: &Answer,
        event: fn(T) -> Event,
    ) -> bool {
        let read = answer.success().and_then(|value| read(value).map_err(|error| fault_of(&error)));
        match read {
            Ok(value) => {
                self.apply(event(value));
                true
            }
            Err(fault) => self.fail(answer, fault),
        }
    }

    /// Silence is no fault to show: the status says it.
    fn fail(self: &Rc<Self>, answer: &Answer, fault: ClientError) -> bool {
        self.apply(if answer.is_silence() { Event::Disconnected } else { Event::Faulted(fault) });
        false
    }

    pub(crate) fn remember(&self, book: Option<Rc<PublishedBook>>) {
        let mut books = self.books.borrow_mut();
        if let Some(book) = book
            && books.iter().all(|known| known.version != book.version)
        {
            books.insert(0, book);
            books.truncate(BOOKS_MAX);
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

/// What a promise of ours gives; it is never rejected.
async fn is_true(promise: Promise) -> bool {
    JsFuture::from(promise).await.is_ok_and(|value| value.is_truthy())
}

/// The event that names the book in force.
struct Named {
    version: BookVersion,
}

fields! {
    Named { version, .. }
}

/// A published price book.
pub(crate) fn book_of(value: &JsValue) -> Result<Rc<PublishedBook>, ClientError> {
    let text = json_of(value, false).map_err(|error| fault_of(&error))?;
    let tree = parsed(&text).map_err(|error| fault_of(&error))?;
    let book = kumari_wire::published_from_tree(&tree);
    book.map(Rc::new).map_err(|fault| fault_of(&unreadable("price_book_invalid", &fault)))
}

/// A thrown error as the state shows it.
fn fault_of(error: &JsValue) -> ClientError {
    let text = |key: &str| {
        let value = js_sys::Reflect::get(error, &key.into()).ok();
        value.and_then(|value| value.as_string()).unwrap_or_default()
    };
    ClientError { code: text("code"), message: text("message") }
}
