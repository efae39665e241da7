//! `POST /api/session`, and who is asking.
//!
//! A session is a random token in a cookie that no script can read; the database has only its
//! hash. A guest is an account of its own. Whoever shows who they are gets a session with a new
//! token, so that nobody who knew the guest's has the person's.

use crate::app::App;
use crate::body::{Json, json};
use crate::device;
use crate::free_credits;
use crate::limits::Limits;
use crate::problem::{Answer, Problem};
use axum::extract::{FromRequestParts, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use kumari_engine::id::AccountId;
use kumari_engine::read::{Read, Reader};
use kumari_engine::request::Task;
use kumari_store::{FileRoom, IDENTITIES_MAX, Session, TokenHash};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// The cookie's name.
pub(crate) const SESSION_COOKIE: &str = "kumari_session";
/// The cookie of the guest that this browser was before somebody signed in.
pub(crate) const GUEST_COOKIE: &str = "kumari_guest";
/// How long a session lasts: as long as browsers keep a cookie at all.
const SESSION_SECONDS: u32 = 400 * 24 * 3_600;
/// How often it is noted that a session is still used.
const SEEN_MILLIS: i64 = 3_600 * 1_000;

/// The account that a request speaks for.
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    /// Whether nobody has shown who they are.
    pub(crate) guest: bool,
    /// The session's.
    pub(crate) token_hash: TokenHash,
}

impl Caller {
    /// How much the account may keep.
    pub(crate) const fn file_room(&self, limits: &Limits) -> FileRoom {
        limits.guest_files
    }
}

/// `{}`: a session needs nothing to begin.
#[derive(Debug)]
pub(crate) struct Begin {}

impl Read for Begin {
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.record(&[], false).close();
        Self {}
    }
}

#[derive(Debug, Serialize)]
struct SessionView {
    account_id: AccountId,
    guest: bool,
    /// What to call who has signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    demo_payments: bool,
    tasks: Vec<Task>,
}

/// `POST /api/session`: the session of the cookie, or a new guest's.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(Begin {}): Json<Begin>,
) -> Answer<Response> {
    let (session, cookie) = match find(&app, &headers, SESSION_COOKIE).await? {
        Some(session) => (session, None),
        None => {
            let (session, cookie) = open_guest(&app, &headers).await?;
            (session, Some(cookie))
        }
    };
    let mut response = show(&app, &session).await?;
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What a session is, with what its account is given at every beginning.
pub(crate) async fn show(app: &App, session: &Session) -> Answer<Response> {
    let name = if session.is_guest {
        free_credits::give_to_guest(app, &session.account).await?;
        None
    } else {
        let identities = app.store().identities_of(&session.account, IDENTITIES_MAX).await?;
        let verified = identities.iter().find(|one| free_credits::is_verified(app, one));
        if let Some(identity) = verified {
            free_credits::give_to_person(app, identity).await?;
        }
        identities.into_iter().next().map(|identity| identity.name)
    };
    let view = SessionView {
        account_id: session.account.clone(),
        guest: session.is_guest,
        name,
        demo_payments: app.config.demo_payments,
        tasks: app.tasks(),
    };
    Ok(json(StatusCode::OK, &view))
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = find(app, &parts.headers, SESSION_COOKIE).await?.ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "session_missing",
                "there is no session; begin one with `POST /api/session`",
            )
        })?;
        app.rates.check_session(&session.account)?;
        let now = app.now();
        if now.as_millis().saturating_sub(session.seen_at.as_millis()) >= SEEN_MILLIS {
            app.store().see_session(&session.token_hash, now).await?;
        }
        let Session { account, is_guest: guest, token_hash, .. } = session;
        Ok(Self { account, guest, token_hash })
    }
}

/// The session of that cookie, where it counts.
pub(crate) async fn find(app: &App, headers: &HeaderMap, name: &str) -> Answer<Option<Session>> {
    match token(headers, name) {
        None => Ok(None),
        Some(token) => Ok(app.store().session(&hash(token), app.now()).await?),
    }
}

/// The token of that cookie; of several the first.
pub(crate) fn token<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Begins a guest's session.
pub(crate) async fn open_guest(app: &App, headers: &HeaderMap) -> Answer<(Session, HeaderValue)> {
    let account = format!("guest-{}", Uuid::now_v7());
    let account = account.parse().map_err(|fault| Problem::internal("account id", &fault))?;
    open(app, headers, account, true).await
}

/// Begins a session of an account, with a token that nobody had before.
pub(crate) async fn open(
    app: &App,
    headers: &HeaderMap,
    account: AccountId,
    is_guest: bool,
) -> Answer<(Session, HeaderValue)> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|fault| Problem::internal("random numbers", &fault))?;
    let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let now = app.now();
    let session = Session {
        token_hash: hash(&token),
        account,
        created_at: now,
        expires_at: Some(now.plus_seconds(SESSION_SECONDS)),
        is_guest,
        device: device::name(headers),
        seen_at: now,
    };
    let session = app.store().open_session(session).await?;
    Ok((session, cookie(app, SESSION_COOKIE, &token)?))
}

/// A cookie that no script can read.
pub(crate) fn cookie(app: &App, name: &str, token: &str) -> Answer<HeaderValue> {
    set_cookie(app, name, token, SESSION_SECONDS)
}

/// A browser forgets that cookie.
pub(crate) fn no_cookie(app: &App, name: &str) -> Answer<HeaderValue> {
    set_cookie(app, name, "", 0)
}

fn set_cookie(app: &App, name: &str, token: &str, seconds: u32) -> Answer<HeaderValue> {
    let is_https = app.config.public_origin.as_ref().is_some_and(|own| own.starts_with("https:"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{name}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&cookie).map_err(|fault| Problem::internal("cookie", &fault))
}

fn hash(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::{SESSION_COOKIE, token};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn the_token_is_found_among_other_cookies() {
        for (cookie, expected) in [
            ("kumari_session=abc", Some("abc")),
            ("a=1; kumari_session=abc; b=2", Some("abc")),
            ("not_kumari_session=abc", None),
            ("kumari_session", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
            assert_eq!(token(&headers, SESSION_COOKIE), expected, "{cookie}");
        }
    }
}
