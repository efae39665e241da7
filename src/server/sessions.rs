//! Who the caller is, where else they are signed in, and how that ends.

use crate::app::App;
use crate::body::{Json, json};
use crate::people::{ACCOUNT_IDENTITIES_MAX, kept_guest};
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::{self, Begin, Caller, GUEST_COOKIE};
use crate::site::Site;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use kumari_store::{Identity, Session, TokenHash};
use serde::Serialize;
use std::sync::Arc;

/// How many sessions are listed. Ending all others ends those that are not listed, too.
const LISTED_MAX: u32 = 100;

#[derive(Debug, Serialize)]
struct Me {
    account_id: AccountId,
    guest: bool,
    /// What to call who has signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    identities: Vec<IdentityView>,
    sessions: Vec<SessionView>,
    /// Whether what somebody did here as a guest comes back when the person signs out.
    guest_kept: bool,
    ways: Ways,
}

#[derive(Debug, Serialize)]
pub(crate) struct IdentityView {
    kind: &'static str,
    name: String,
    created_at: Timestamp,
    used_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionView {
    id: String,
    device: String,
    created_at: Timestamp,
    seen_at: Timestamp,
    current: bool,
}

/// How somebody can show who they are.
#[derive(Debug, Serialize)]
struct Ways {
    /// Whether this address can have passkeys.
    passkey: bool,
    /// What the OpenID provider is called, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<String>,
}

/// `GET /api/me`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
) -> Answer<Response> {
    let store = app.store();
    let identities = store.identities_of(&caller.account, ACCOUNT_IDENTITIES_MAX).await?;
    let sessions = store.sessions_of(&caller.account, app.now(), LISTED_MAX).await?;
    let me = Me {
        guest: caller.guest,
        name: identities.first().filter(|_| !caller.guest).map(|first| first.name.clone()),
        identities: identities.into_iter().map(IdentityView::from).collect(),
        sessions: sessions.into_iter().map(|one| SessionView::new(one, &caller)).collect(),
        guest_kept: !caller.guest && kept_guest(&app, &headers).await?.is_some(),
        ways: Ways {
            passkey: Site::of(&app, &headers).is_some_and(|site| site.has_name()),
            oidc: app.oidc.as_ref().map(|client| client.name().to_owned()),
        },
        account_id: caller.account,
    };
    Ok(json(StatusCode::OK, &me))
}

/// `POST /api/sign-out`: this session ends. The guest that the browser was before is back, with a new
/// token; without one there is a new guest.
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Json(Begin {}): Json<Begin>,
) -> Answer<Response> {
    if caller.guest {
        let detail = "a guest who signs out could never come back: sign up first, or delete all";
        return Err(Problem::new(StatusCode::CONFLICT, "guest_not_signed_in", detail));
    }
    leave(&app, &headers, &caller).await
}

/// Ends the caller's session, for the guest that this browser was or a new one.
pub(crate) async fn leave(app: &App, headers: &HeaderMap, caller: &Caller) -> Answer<Response> {
    app.store().close_session(&caller.token_hash).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = match kept_guest(app, headers).await? {
        Some(guest) if guest.account != caller.account => {
            let (_, cookie) = session::open(app, headers, guest.account, true).await?;
            app.store().close_session(&guest.token_hash).await?;
            cookie
        }
        // What the page still asks before it begins anew is answered.
        Some(_) | None => session::open_guest(app, headers).await?.1,
    };
    response.headers_mut().append(SET_COOKIE, cookie);
    response.headers_mut().append(SET_COOKIE, session::no_cookie(app, GUEST_COOKIE)?);
    Ok(response)
}

/// `DELETE /api/sessions/{id}`: one of the account's other sessions ends. 204 for a repeat, too.
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(wanted): Segment,
) -> Answer<StatusCode> {
    let sessions = app.store().sessions_of(&caller.account, app.now(), LISTED_MAX).await?;
    let found = sessions.into_iter().find(|session| id(&session.token_hash) == wanted);
    if let Some(session) = found {
        if session.token_hash == caller.token_hash {
            let detail = "this is the session that asks: use `POST /api/sign-out`";
            return Err(Problem::new(StatusCode::CONFLICT, "session_current", detail));
        }
        app.store().close_session(&session.token_hash).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/sessions`: all of the account's sessions end but this one.
pub(crate) async fn end_others(State(app): State<Arc<App>>, caller: Caller) -> Answer<StatusCode> {
    app.store().close_sessions(&caller.account, Some(&caller.token_hash)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a session is called where it is listed: nobody gets from it to the token.
fn id(token_hash: &TokenHash) -> String {
    token_hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl SessionView {
    /// A session as `caller` sees it.
    pub(crate) fn new(session: Session, caller: &Caller) -> Self {
        Self {
            id: id(&session.token_hash),
            current: session.token_hash == caller.token_hash,
            device: session.device,
            created_at: session.created_at,
            seen_at: session.seen_at,
        }
    }
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        let Identity { kind, name, created_at, used_at, .. } = identity;
        Self { kind: kind.name(), name, created_at, used_at }
    }
}
