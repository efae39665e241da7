//! `GET /api/conversations` and `GET /api/conversations/{id}`: what was said, and where. Reading never
//! depends on credits.

use crate::action::LegStatus;
use crate::app::App;
use crate::body::json;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::Caller;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::Account;
use kumari_engine::amount::Credits;
use kumari_engine::encoding::TokenKind;
use kumari_engine::id::{AccountId, ActionId, ModelId};
use kumari_engine::time::Timestamp;
use kumari_store::{
    Author, CONVERSATIONS_MAX, Conversation, ConversationId, FileFacts, Found, Hit, MESSAGES_MAX,
    Message, MessagePlace, MessageStatus, MessageStep, Needle, SearchPlace, Searched, Within,
    search,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The longest words that are looked for, in characters.
const QUERY_CHARS_MAX: usize = 200;
/// How many searches an account may have under way: who types fast leaves some behind.
const SEARCHES_MAX: usize = 8;

#[derive(Debug, Serialize)]
struct Listing {
    conversations: Vec<Listed>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    conversation: Conversation,
    /// Where what was looked for is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
}

#[derive(Debug, Serialize)]
struct Opened {
    id: ConversationId,
    title: String,
    messages: Vec<MessageView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct MessageView {
    id: String,
    role: Role,
    action_id: ActionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    leg: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelId>,
    text: String,
    status: MessageStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge: Option<Credits>,
    tokens: BTreeMap<TokenKind, u64>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileFacts>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<MessageStep>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

/// `GET /api/conversations?query=&before=&limit=`: the last updated first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let page = Page::read(query.as_deref().unwrap_or_default())?;
    let listing = match &page.query {
        Some(needle) => searched(&app, &caller.account, needle, &page).await?,
        None => listed(&app, &caller.account, &page).await?,
    };
    Ok(json(StatusCode::OK, &listing))
}

async fn listed(app: &App, account: &AccountId, page: &Page) -> Answer<Listing> {
    let before = page.before.as_ref().map(|place| place.after);
    let found = app.store().conversations(account, before, page.limit).await?;
    let is_full = u32::try_from(found.len()).is_ok_and(|count| count == page.limit);
    let next = found
        .last()
        .filter(|_| is_full)
        .map(|last| cursor(&SearchPlace { after: (last.updated_at, last.id), within: None }));
    let listed = |conversation| Listed { conversation, found: None };
    Ok(Listing { conversations: found.into_iter().map(listed).collect(), next })
}

async fn searched(app: &App, account: &AccountId, needle: &Needle, page: &Page) -> Answer<Listing> {
    let _seat = app.searches.take(account, SEARCHES_MAX).ok_or_else(too_many_searches)?;
    let Searched { hits, next } =
        search(&**app.store(), account, needle, page.before.clone(), page.limit).await?;
    let listed = |hit: Hit| Listed { conversation: hit.conversation, found: Some(hit.found) };
    let next = next.as_ref().map(cursor);
    Ok(Listing { conversations: hits.into_iter().map(listed).collect(), next })
}

/// `GET /api/conversations/{id}`: its last messages, oldest first.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
) -> Answer<Response> {
    let id: ConversationId = id.parse().map_err(|_| unknown())?;
    let found = app.store().conversation(&caller.account, id).await?.ok_or_else(unknown)?;
    let messages = app.store().messages(&caller.account, id, MESSAGES_MAX).await?;
    let mut messages = as_they_stand(&app, &caller.account, messages).await?;
    count_missing(&app, &mut messages).await;
    let messages = messages.into_iter().map(MessageView::from).collect();
    Ok(json(StatusCode::OK, &Opened { id, title: found.title, messages }))
}

fn too_many_searches() -> Problem {
    let detail = format!("{SEARCHES_MAX} searches are under way; wait for one of them");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_searches", detail)
        .retry_after(Duration::from_secs(1))
}

/// There is no such conversation for this session.
pub(crate) fn unknown() -> Problem {
    Problem::not_found("conversation_unknown", "there is no conversation of that id")
}

/// Messages that are noted as running, as they really stand: with the text so far where this
/// process has it, and by their hold where it has ended and nobody wrote that down yet.
pub(crate) async fn as_they_stand(
    app: &App,
    account: &AccountId,
    mut messages: Vec<Message>,
) -> Answer<Vec<Message>> {
    let running = |message: &&mut Message| message.status == MessageStatus::Running;
    let actions: BTreeSet<ActionId> =
        messages.iter_mut().filter(running).map(|message| message.action_id.clone()).collect();
    if actions.is_empty() {
        return Ok(messages);
    }
    let actions: Vec<ActionId> = actions.into_iter().collect();
    let holds = app.read(account, &actions).await?;
    for message in messages.iter_mut().filter(running) {
        if let Some(run) = app.runs.get(account, &message.action_id) {
            let legs = run.transcript.legs();
            if let Some(said) = legs.iter().find(|leg| Some(leg.leg) == message.author.leg()) {
                message.text.clone_from(&said.text);
                message.author = Author::Assistant { leg: said.leg, model: said.model.clone() };
            }
        }
        stand(message, &holds);
    }
    Ok(messages)
}

/// Counts what was never counted: an answer whose process died has a text and no count, and a page
/// that adds up the conversation must come to the server's number.
async fn count_missing(app: &App, messages: &mut [Message]) {
    let book = app.book_in_force();
    for message in messages.iter_mut().filter(|message| message.status != MessageStatus::Running) {
        message.tokens = app.counter.complete(&book.published.book, message).await;
    }
}

fn stand(message: &mut Message, holds: &Account) {
    let hold = holds.hold(&message.action_id);
    let leg = message.author.leg().and_then(|leg| hold?.leg(leg));
    if let Some(end) = leg.and_then(|leg| leg.end.as_ref()) {
        message.status = LegStatus::of(Some(end)).into();
        message.charge = Some(crate::action::charge_of(end));
    }
}

/// Which part of the list is asked for.
#[derive(Debug, PartialEq)]
struct Page {
    query: Option<Needle>,
    before: Option<SearchPlace>,
    limit: u32,
}

impl Page {
    fn read(query: &str) -> Answer<Self> {
        let mut page = Self { query: None, before: None, limit: CONVERSATIONS_MAX };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match (&*name, &*value) {
                ("query", words) if words.chars().count() > QUERY_CHARS_MAX => {
                    let detail = format!("at most {QUERY_CHARS_MAX} characters: look for less");
                    return Err(Problem::invalid("query", detail));
                }
                ("query", words) => page.query = Needle::new(words),
                ("limit", limit) => {
                    page.limit = limit
                        .parse()
                        .ok()
                        .filter(|limit| (1..=CONVERSATIONS_MAX).contains(limit))
                        .ok_or_else(|| {
                            let detail = format!("use 1 to {CONVERSATIONS_MAX}");
                            Problem::invalid("limit", detail)
                        })?;
                }
                ("before", "") => {}
                ("before", cursor) => {
                    let before = read_cursor(cursor);
                    page.before = Some(before.ok_or_else(|| {
                        Problem::invalid("before", "use the `next` of the page before")
                    })?);
                }
                (name, _) => return Err(Problem::invalid(name, "there is no such parameter")),
            }
        }
        Ok(page)
    }
}

/// Where a page ended: milliseconds and an id; and where a search stopped inside that conversation,
/// how many messages are left, and the time, the leg and the action of the last one.
fn cursor(place: &SearchPlace) -> String {
    let (updated_at, id) = place.after;
    let conversation = format!("{}_{id}", updated_at.as_millis());
    let Some(Within { before, left }) = &place.within else { return conversation };
    let leg = before.leg.map(|leg| leg.to_string()).unwrap_or_default();
    let created_at = before.created_at.as_millis();
    format!("{conversation}_{left}_{created_at}_{leg}_{}", before.action_id)
}

fn read_cursor(text: &str) -> Option<SearchPlace> {
    let mut parts = text.splitn(6, '_');
    let after = (millis(parts.next()?)?, parts.next()?.parse().ok()?);
    let Some(left) = parts.next() else { return Some(SearchPlace { after, within: None }) };
    let left = left.parse().ok().filter(|left| *left <= MESSAGES_MAX)?;
    let created_at = millis(parts.next()?)?;
    let leg = match parts.next()? {
        "" => None,
        leg => Some(leg.parse().ok()?),
    };
    let before = MessagePlace { created_at, leg, action_id: parts.next()?.parse().ok()? };
    Some(SearchPlace { after, within: Some(Within { before, left }) })
}

fn millis(text: &str) -> Option<Timestamp> {
    Timestamp::from_millis(text.parse().ok()?).ok()
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let (role, leg, model) = match message.author {
            Author::User => (Role::User, None, None),
            Author::Assistant { leg, model } => (Role::Assistant, Some(leg), Some(model)),
        };
        let id = leg.map_or_else(
            || message.action_id.to_string(),
            |leg| format!("{}/{leg}", message.action_id),
        );
        Self {
            id,
            role,
            action_id: message.action_id,
            leg,
            model,
            text: message.text,
            status: message.status,
            charge: message.charge,
            tokens: message.tokens,
            created_at: message.created_at,
            files: message.files,
            steps: message.steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, cursor};
    use kumari_store::{CONVERSATIONS_MAX, MessagePlace, Needle, SearchPlace, Within};

    #[test]
    fn a_page_goes_on_where_the_one_before_ended() {
        let id = "019ab5f0-7c1d-7a3e-8000-000000000001".parse().unwrap();
        let updated_at = "2026-11-23T10:00:00.250Z".parse().unwrap();
        let action_id = "019ab5f0-7c1d-7a3e-8000-000000000002".parse().unwrap();
        let before = MessagePlace { created_at: updated_at, action_id, leg: None };
        let within = Within { before: before.clone(), left: 7 };
        let answer = Within { before: MessagePlace { leg: Some(3), ..before }, left: 1_000 };
        for within in [None, Some(within), Some(answer)] {
            let place = SearchPlace { after: (updated_at, id), within };
            let page = Page::read(&format!("before={}&limit=7", cursor(&place))).unwrap();
            assert_eq!(page, Page { query: None, before: Some(place), limit: 7 });
        }
        let first = Page { query: None, before: None, limit: CONVERSATIONS_MAX };
        assert_eq!(Page::read("query=%20&before=").unwrap(), first);
        let sought = Page { query: Needle::new("köln 100%"), ..first };
        assert_eq!(Page::read("query=K%C3%B6ln+100%25").unwrap(), sought);
        let first = Page { query: None, before: None, limit: CONVERSATIONS_MAX };
        assert_eq!(Page::read("").unwrap(), first);
        assert_eq!(Page::read("before=").unwrap(), first);
    }

    #[test]
    fn a_page_that_cannot_be_is_refused() {
        let long = format!("query={}", "x".repeat(201));
        let more = format!("before=1_{}_1001_1__a", uuid::Uuid::nil());
        for bad in [
            &long,
            "limit=0",
            "limit=101",
            "limit=x",
            "before=x",
            "before=1_2",
            &more,
            "after=1",
            "x",
        ] {
            let problem = Page::read(bad).unwrap_err();
            assert_eq!(problem.code(), "request_invalid", "{bad}");
        }
    }
}
