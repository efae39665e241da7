//! What becomes of a session when somebody has shown who they are: an identity claims the account of
//! the guest, or opens the one that it has claimed before.
//!
//! How somebody shows who they are is not looked at here.

use crate::app::App;
use crate::free_credits;
use crate::problem::{Answer, Problem};
use crate::session::{self, Caller, GUEST_COOKIE, SESSION_COOKIE};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use kumari_engine::id::AccountId;
use kumari_store::{Ceremony, Identity, IdentityKey, IdentityKind, Session};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// How long a sign-in may take: as long as a browser asks for a passkey.
pub(crate) const CEREMONY_SECONDS: u32 = 5 * 60;
/// How many identities may open one account.
pub(crate) const ACCOUNT_IDENTITIES_MAX: u32 = 20;
/// The longest name of a person, in characters.
const NAME_CHARS_MAX: usize = 60;

/// A session that was begun, and what the browser is to keep of it.
pub(crate) struct Entered {
    session: Session,
    cookies: Vec<HeaderValue>,
}

impl Entered {
    /// Answers as `POST /api/session` does.
    pub(crate) async fn answer(self, app: &App) -> Answer<Response> {
        let mut response = session::show(app, &self.session).await?;
        self.keep_in(response.headers_mut());
        Ok(response)
    }

    /// Has the browser keep it.
    pub(crate) fn keep_in(self, headers: &mut HeaderMap) {
        for cookie in self.cookies {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// The key of an identity, by what names it for everybody. Each part is hashed by itself, so that no
/// two names run into each other.
pub(crate) fn key(kind: IdentityKind, parts: &[&[u8]]) -> IdentityKey {
    let mut hasher = Sha256::new_with_prefix(kind.name());
    for part in parts {
        hasher.update(Sha256::digest(part));
    }
    IdentityKey(hasher.finalize().into())
}

/// A name that fits into one line; what an identity provider says may be anything.
pub(crate) fn name(text: &str) -> String {
    let name: String =
        text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    name.trim().chars().take(NAME_CHARS_MAX).collect()
}

/// Claims the caller's account for an identity: a guest becomes that person, with all that the guest
/// has. What another account has claimed stays with it.
pub(crate) async fn claim(app: &App, identity: Identity) -> Answer<()> {
    check_room(app, &identity.account).await?;
    let account = identity.account.clone();
    let stored = app.store().claim_identity(identity).await?;
    if stored.account != account {
        return Err(taken());
    }
    free_credits::give_to_person(app, &stored).await
}

/// Another identity may claim the account.
pub(crate) async fn check_room(app: &App, account: &AccountId) -> Answer<()> {
    let known = app.store().identities_of(account, ACCOUNT_IDENTITIES_MAX).await?;
    if u32::try_from(known.len()).is_ok_and(|count| count < ACCOUNT_IDENTITIES_MAX) {
        return Ok(());
    }
    let detail = format!("an account has at most {ACCOUNT_IDENTITIES_MAX} ways to sign in");
    Err(Problem::new(StatusCode::CONFLICT, "too_many_identities", detail))
}

pub(crate) fn taken() -> Problem {
    let detail = "this already signs in to another account: sign out, and sign in with it";
    Problem::new(StatusCode::CONFLICT, "identity_taken", detail)
}

/// Switches to the person's session. A guest with an account of its own stays in this browser, and
/// comes back when the person signs out: nothing that was done as a guest is lost.
pub(crate) async fn enter(
    app: &App,
    headers: &HeaderMap,
    caller: &Caller,
    account: AccountId,
) -> Answer<Entered> {
    let is_own = caller.account == account;
    let (session, cookie) = session::open(app, headers, account, false).await?;
    let mut cookies = vec![cookie];
    match session::token(headers, SESSION_COOKIE) {
        Some(token) if caller.guest && !is_own => {
            cookies.push(session::cookie(app, GUEST_COOKIE, token)?);
        }
        Some(_) | None => {
            app.store().close_session(&caller.token_hash).await?;
        }
    }
    Ok(Entered { session, cookies })
}

/// The session of the guest that this browser was before somebody signed in.
pub(crate) async fn kept_guest(app: &App, headers: &HeaderMap) -> Answer<Option<Session>> {
    let found = session::find(app, headers, GUEST_COOKIE).await?;
    Ok(found.filter(|session| session.is_guest))
}

/// Keeps what a sign-in waits for.
pub(crate) async fn wait_for<T: Serialize>(app: &App, caller: &Caller, state: &T) -> Answer<()> {
    let state = serde_json::to_string(state);
    let state = state.map_err(|fault| Problem::internal("sign-in", &fault))?;
    let expires_at = app.now().plus_seconds(CEREMONY_SECONDS);
    let ceremony = Ceremony { token_hash: caller.token_hash, state, expires_at };
    Ok(app.store().open_ceremony(ceremony).await?)
}

/// What the session's sign-in waits for. Nobody gets it a second time.
pub(crate) async fn waited_for<T: DeserializeOwned>(app: &App, caller: &Caller) -> Answer<T> {
    let state = app.store().take_ceremony(&caller.token_hash, app.now()).await?;
    // Another way of signing in that was begun since has replaced it.
    state.and_then(|state| serde_json::from_str(&state).ok()).ok_or_else(|| {
        let detail = "this took too long, or was begun again elsewhere; try again";
        Problem::new(StatusCode::CONFLICT, "sign_in_expired", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::{key, name};
    use kumari_store::IdentityKind::{Oidc, Passkey};

    #[test]
    fn no_two_identities_have_one_key() {
        let keys = [
            key(Oidc, &[b"a", b"bc"]),
            key(Oidc, &[b"ab", b"c"]),
            key(Oidc, &[b"abc"]),
            key(Passkey, &[b"abc"]),
            key(Oidc, &[b"abc", b""]),
        ];
        for (place, one) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == one), Some(place));
        }
    }

    #[test]
    fn a_name_is_one_line() {
        let long = "🦀".repeat(100);
        for (text, expected) in
            [(" Åsa\n", "Åsa"), ("a\u{0}b", "a b"), ("", ""), (&long, &"🦀".repeat(60))]
        {
            assert_eq!(name(text), expected);
        }
    }
}
