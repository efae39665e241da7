//! What the client does to the account: sends, purchases and stops, each until it has an answer.

use crate::client_cache::Kept;
use crate::client_http::{Answer, get, post};
use crate::client_live::{Inner, book_of};
use crate::client_platform::{Wait, new_id, now, random, report};
use crate::client_retry::{Step, step};
use crate::client_state::Event;
use crate::client_types::{ClientError, PendingAction, PendingKind, Send};
use crate::convert::{denied, read, write, write_text};
use crate::object::set;
use crate::thrown::thrown;
use js_sys::Object;
use kumari_engine::id::BookVersion;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::receipt::{Receipt, Replay};
use serde::Serialize;
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, JsValue};

impl Inner {
    /// What is to be sent, with the price of the draft that is shown; the outcome where it has none.
    pub(crate) fn quoted(&self, send: Send) -> Result<Send, Result<JsValue, JsValue>> {
        let quote = self.quote_for(&send)?;
        Ok(Send { quote: Some(quote), ..send })
    }

    /// Sends what was quoted.
    pub(crate) async fn send(self: &Rc<Self>, mut send: Send) -> Result<JsValue, JsValue> {
        let action_id = send.action_id.take().map_or_else(|| new_id().parse(), Ok);
        let action_id =
            action_id.map_err(|_| thrown("request_invalid", "action_id", "not an id"))?;
        send.action_id = Some(action_id.clone());
        let action = PendingAction { action_id, kind: PendingKind::Send };
        self.command(action, write_text(&send)?).await
    }

    /// The quote that is shown, or the outcome where there is none to send with.
    fn quote_for(
        &self,
        send: &Send,
    ) -> Result<kumari_engine::eligibility::Quote, Result<JsValue, JsValue>> {
        let model = self.model.borrow();
        match model.quote() {
            Ok((draft, quote)) if send.is_of(draft) => Ok(quote),
            Ok(_) => Err(failed(
                None,
                "draft_differs",
                "what is sent is not the draft whose price is shown; call setRequest with it first",
            )),
            Err(Some(kumari_engine::eligibility::Eligibility::Denied(denial))) => {
                let denial = crate::verdict::denial(denial);
                Err(write(&denial).and_then(|denial: JsValue| denied_outcome(&denial)))
            }
            Err(_) => Err(failed(
                None,
                "not_ready",
                "price book and balance are not there yet; wait for the draft's verdict",
            )),
        }
    }

    /// Buys a pack.
    pub(crate) async fn top_up(self: &Rc<Self>, usd: u32) -> Result<JsValue, JsValue> {
        let action_id = new_id().parse().map_err(|_| JsValue::UNDEFINED)?;
        let body = write_text(&TopUp { action_id: &action_id, usd })?;
        self.command(PendingAction { action_id, kind: PendingKind::TopUp }, body).await
    }

    /// Stops a leg or all of an action.
    pub(crate) async fn stop(&self, action_id: &str, leg: Option<u32>) -> Result<JsValue, JsValue> {
        let body = write_text(&Stop { leg })?;
        let path = format!("/api/actions/{}/stop", encoded(action_id));
        answered(&post(&self.url(&path), &body).await)
    }

    /// The receipt of an action.
    pub(crate) async fn receipt(&self, action_id: &str) -> Result<JsValue, JsValue> {
        let path = format!("/api/actions/{}/receipt", encoded(action_id));
        answered(&get(&self.url(&path)).await)
    }

    /// Replays a receipt with the book that it names.
    pub(crate) async fn replay(&self, receipt: &Receipt) -> Result<Replay, JsValue> {
        let book = self.find_book(&receipt.price_book).await?;
        kumari_engine::receipt::replay(&book, receipt).map_err(|denial| denied(&denial))
    }

    async fn find_book(&self, version: &BookVersion) -> Result<Rc<PublishedBook>, JsValue> {
        if let Some(book) = self.known_book(version) {
            return Ok(book);
        }
        let answer =
            get(&self.url(&format!("/api/price-books/{}", encoded(version.as_str())))).await;
        let book = answer.success().and_then(book_of);
        let book = book.map_err(|fault| thrown(&fault.code, "", &fault.message))?;
        self.remember(Some(Rc::clone(&book)));
        Ok(book)
    }

    fn known_book(&self, version: &BookVersion) -> Option<Rc<PublishedBook>> {
        let (model, books) = (self.model.borrow(), self.books.borrow());
        model.book().into_iter().chain(books.iter()).find(|book| book.version == *version).cloned()
    }

    /// Sends a command for the first time: kept first, so that no reload loses it.
    async fn command(
        self: &Rc<Self>,
        action: PendingAction,
        body: String,
    ) -> Result<JsValue, JsValue> {
        if !self.model.borrow().has_room() {
            let message = "too many commands wait for an answer; wait until one has it";
            return failed(None, "too_many_pending", message);
        }
        let kept = Kept { action: action.clone(), at: now(), body: Some(body.clone()) };
        self.cache.begin(&kept);
        self.apply(Event::Began(action.clone()));
        self.run(&action, Some(&body)).await
    }

    /// Sends a command of an earlier visit again. Nobody waits for it: the state tells its end.
    pub(crate) async fn resume(self: &Rc<Self>, kept: Kept) {
        if let Err(error) = self.run(&kept.action, kept.body.as_deref()).await {
            report(&error);
        }
    }

    /// Tries until there is an answer. A command without its body is only asked about.
    async fn run(
        self: &Rc<Self>,
        action: &PendingAction,
        body: Option<&str>,
    ) -> Result<JsValue, JsValue> {
        let id = encoded(action.action_id.as_str());
        let (to, ask) = match action.kind {
            PendingKind::Send => {
                (self.url("/api/actions"), self.url(&format!("/api/actions/{id}")))
            }
            PendingKind::TopUp => (self.url("/api/top-ups"), self.url("/api/balance")),
        };
        let mut tries: u32 = 0;
        let (answer, end) = loop {
            let answer = match body {
                Some(body) => post(&to, body).await,
                None => get(&ask).await,
            };
            tries = tries.saturating_add(1);
            match step(answer.reply(), tries, random()) {
                Step::OpenSession => drop(self.open_session().await),
                Step::WaitMillis(millis) if !self.closed.get() => {
                    Wait::default().millis(millis).await;
                }
                // A closed client leaves the command to the next one.
                Step::WaitMillis(_) => return outcome(action, &answer, Step::Failed),
                end @ (Step::Done | Step::Denied | Step::Failed) => break (answer, end),
            }
        };
        self.cache.end(&action.action_id);
        self.apply(Event::Ended(action.action_id.clone()));
        self.after(action, &answer, end).await;
        outcome(action, &answer, end)
    }

    /// Brings the state in line with what a command's answer says.
    async fn after(self: &Rc<Self>, action: &PendingAction, answer: &Answer, end: Step) {
        if action.kind == PendingKind::TopUp && end == Step::Done {
            let balance = js_sys::Reflect::get(answer.value(), &"balance".into());
            if let Some(balance) = balance.ok().and_then(|it| read(&it).ok()) {
                self.apply(Event::BalanceRead(balance));
                return;
            }
        }
        if answer.reply().code == Some("price_changed") {
            self.fetch_book().await;
        }
        if end != Step::Failed {
            self.fetch_balance().await;
        }
    }
}

#[derive(Serialize)]
struct TopUp<'a> {
    action_id: &'a kumari_engine::id::ActionId,
    usd: u32,
}

#[derive(Serialize)]
struct Stop {
    #[serde(skip_serializing_if = "Option::is_none")]
    leg: Option<u32>,
}

/// The value of a success, or the error to reject with.
fn answered(answer: &Answer) -> Result<JsValue, JsValue> {
    let value = answer.success().cloned();
    value.map_err(|fault| thrown(&fault.code, "", &fault.message))
}

/// What a command's promise gives.
fn outcome(action: &PendingAction, answer: &Answer, end: Step) -> Result<JsValue, JsValue> {
    let denial = answer.denial();
    match (end, denial, action.kind) {
        (Step::Done, _, PendingKind::Send) => {
            let made = tagged("admitted");
            set(&made, "action", answer.value());
            Ok(made)
        }
        (Step::Done, _, PendingKind::TopUp) => {
            let made = tagged("granted");
            Object::assign(made.unchecked_ref::<Object>(), answer.value().unchecked_ref());
            Ok(made)
        }
        (Step::Denied, Some(denial), _) => denied_outcome(&denial),
        _ => {
            let fault = answer.fault();
            failed(Some(action), &fault.code, &fault.message)
        }
    }
}

fn denied_outcome(denial: &JsValue) -> Result<JsValue, JsValue> {
    let made = tagged("denied");
    set(&made, "denial", denial);
    Ok(made)
}

fn failed(action: Option<&PendingAction>, code: &str, message: &str) -> Result<JsValue, JsValue> {
    let made = tagged("failed");
    let error = write(&ClientError { code: code.to_owned(), message: message.to_owned() })?;
    set(&made, "error", &error);
    if let Some(action) = action {
        set(&made, "action_id", &action.action_id.as_str().into());
    }
    Ok(made)
}

fn tagged(kind: &str) -> JsValue {
    let made: JsValue = Object::new().into();
    set(&made, "kind", &kind.into());
    made
}

fn encoded(part: &str) -> String {
    js_sys::encode_uri_component(part).into()
}
