//! `POST /api/session`, and who is asking.
//!
//! A session is a random token in a cookie that no script can read; the database has only its
//! hash. A guest is an account of its own. Its free credits are given once, and only where every
//! provider is `demo`: otherwise anybody could make accounts until a real bill is due.

use crate::app::App;
use crate::body::{Json, json};
use crate::limits::Limits;
use crate::problem::{Answer, Problem};
use axum::extract::{FromRequestParts, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use kumari_engine::grant::{Grant, grant};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotKind;
use kumari_engine::period::advance;
use kumari_engine::price_book::PlanId;
use kumari_engine::read::{Read, Reader};
use kumari_engine::request::Task;
use kumari_store::{FileRoom, Session, TokenHash};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// The cookie's name.
const COOKIE_NAME: &str = "kumari_session";
/// How long a session lasts: as long as browsers keep a cookie at all.
const SESSION_SECONDS: u32 = 400 * 24 * 3_600;
/// The action that gives a guest the free credits, one for each account.
const FREE_CREDITS: &str = "free-credits";

/// The account that a request speaks for.
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    /// Whether nobody has shown who they are.
    pub(crate) guest: bool,
}

impl Caller {
    /// How much the account may keep. Everybody is a guest so far; who has shown who they are gets more
    /// here.
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
    demo_payments: bool,
    tasks: Vec<Task>,
}

/// `POST /api/session`: the session of the cookie, or a new guest's.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(Begin {}): Json<Begin>,
) -> Answer<Response> {
    let known = find(&app, &headers).await?;
    let (account, cookie) = match known {
        Some(session) => (session.account, None),
        None => {
            let (session, cookie) = guest(&app).await?;
            (session.account, Some(cookie))
        }
    };
    give_free_credits(&app, &account).await?;
    let guest = is_guest(&account);
    let demo_payments = app.config.demo_payments;
    let view = SessionView { account_id: account, guest, demo_payments, tasks: app.tasks() };
    let mut response = json(StatusCode::OK, &view);
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = find(app, &parts.headers).await?.ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "session_missing",
                "there is no session; begin one with `POST /api/session`",
            )
        })?;
        app.rates.check_session(&session.account)?;
        let guest = is_guest(&session.account);
        Ok(Self { account: session.account, guest })
    }
}

/// Whether an account is one that a session began by itself.
fn is_guest(account: &AccountId) -> bool {
    account.as_str().starts_with("guest-")
}

async fn find(app: &App, headers: &HeaderMap) -> Answer<Option<Session>> {
    match token(headers) {
        None => Ok(None),
        Some(token) => Ok(app.store().session(&hash(token), app.now()).await?),
    }
}

/// The token of the session's cookie; of several the first.
fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

async fn guest(app: &App) -> Answer<(Session, HeaderValue)> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|fault| Problem::internal("random numbers", &fault))?;
    let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let account = format!("guest-{}", Uuid::now_v7());
    let account = account.parse().map_err(|fault| Problem::internal("account id", &fault))?;
    let now = app.now();
    let session = Session {
        token_hash: hash(&token),
        account,
        created_at: now,
        expires_at: Some(now.plus_seconds(SESSION_SECONDS)),
    };
    let session = app.store().open_session(session).await?;
    let is_https = app.config.public_origin.as_ref().is_some_and(|own| own.starts_with("https:"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE_NAME}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={SESSION_SECONDS}{secure}"
    );
    let cookie =
        HeaderValue::from_str(&cookie).map_err(|fault| Problem::internal("cookie", &fault))?;
    Ok((session, cookie))
}

/// Asked at every beginning: a guest whose first request broke off is given them the next time.
async fn give_free_credits(app: &App, account: &AccountId) -> Answer<()> {
    let book = app.book_in_force();
    let credits = book.published.book.plan(PlanId::Free).map(|plan| plan.credits);
    let Some(amount) = credits.filter(|_| app.provider.is_demo()) else {
        return Ok(());
    };
    let action_id: ActionId =
        FREE_CREDITS.parse().map_err(|fault| Problem::internal("action id", &fault))?;
    let action = action_id.clone();
    let decide = move |account: &kumari_engine::account::Account, now| {
        // Given is given, whatever today's book would give.
        if account.actions.contains_key(&action_id) {
            return Ok(advance(account, now)?);
        }
        let free = Grant {
            action_id: action_id.clone(),
            kind: LotKind::Free,
            amount,
            priority: 0,
            effective_at: None,
            expires_at: None,
            reason: None,
        };
        grant(account, &free, now)
    };
    app.command(account, &action, |_| Vec::new(), decide).await?;
    Ok(())
}

fn hash(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::token;
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
            assert_eq!(token(&headers), expected, "{cookie}");
        }
    }
}
