//! The client of an OpenID provider: authorization code with PKCE.
//!
//! `openidconnect` checks signature, issuer, audience, expiry and nonce of what the provider says; here
//! is decided whom it asks, how long and how much it listens, and how far two clocks may differ. It
//! keeps no token: all that is wanted is who somebody is.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use kumari_engine::time::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AsyncHttpClient, AuthType, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndUserEmail, EndUserName,
    EndUserUsername, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IssuerUrl, LocalizedClaim, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    SubjectIdentifier, TokenResponse as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the provider is listened to, for one request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much it may say.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// How long its addresses and keys are taken for granted.
const FRESH: Duration = Duration::from_secs(3_600);
/// How far its clock may differ from ours.
const SKEW_SECONDS: i64 = 60;
/// How old what it says may be.
const AGE_SECONDS_MAX: i64 = 10 * 60;

/// Which provider, and how this server is known there.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// Its issuer, such as `https://accounts.example`.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server shows it, unless it is a public client.
    pub client_secret: Option<SecretString>,
    /// What people call it.
    pub name: String,
}

/// Why a provider cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OidcSettingsFault {
    /// The issuer is no address.
    #[error(
        "`{0}` is no issuer: use one like `https://accounts.example`; `http` is for this machine alone"
    )]
    Issuer(String),
    /// The HTTP client does not start.
    #[error("the HTTP client does not start: {0}")]
    Client(reqwest::Error),
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcFault {
    /// The provider does not answer, or not as one does.
    #[error("the provider: {0}")]
    Unavailable(String),
    /// It does not vouch for anybody.
    #[error("what the provider says: {0}")]
    Refused(String),
}

/// An answer that did not come.
#[derive(Debug, thiserror::Error)]
enum HttpFault {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("it says more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

/// What waits for somebody to come back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Started {
    /// What the answer must bring along.
    pub(crate) state: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    redirect: String,
}

/// Who somebody is.
pub(crate) struct Subject {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// What to call them; may be empty.
    pub(crate) name: String,
}

/// A client of one provider.
#[derive(Debug)]
pub(crate) struct OidcClient {
    settings: OidcSettings,
    issuer: IssuerUrl,
    http: Http,
    /// What the provider said of itself, and when.
    found: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl OidcClient {
    /// A client that has asked nothing yet: a provider that is away keeps no server from starting.
    pub(crate) fn new(settings: OidcSettings) -> Result<Self, OidcSettingsFault> {
        let wrong = || OidcSettingsFault::Issuer(settings.issuer.clone());
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| wrong())?;
        let url = issuer.url();
        let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return Err(wrong());
        }
        // Another part of the process may have chosen it already, and then that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // A redirect could lead into our own network.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kumari-credits/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(OidcSettingsFault::Client)?;
        let http = Http(http);
        Ok(Self { settings, issuer, http, found: Mutex::default() })
    }

    /// What people call the provider.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// The provider's issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Where to send somebody who shall come back to `redirect`, and what waits meanwhile.
    pub(crate) async fn ask(&self, redirect: String) -> Result<(String, Started), OidcFault> {
        let client = self.client(&redirect).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let state = state.into_secret();
        Ok((url.to_string(), Started { state, nonce, verifier, redirect }))
    }

    /// Who somebody is that came back with this code.
    pub(crate) async fn finish(
        &self,
        started: Started,
        code: String,
        now: Timestamp,
    ) -> Result<Subject, OidcFault> {
        let Started { nonce, verifier, redirect, .. } = started;
        let client = self.client(&redirect).await?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(unavailable)?;
        let tokens = request.set_pkce_verifier(verifier).request_async(&self.http).await;
        let tokens = tokens.map_err(|fault| match fault {
            // The code is used, forged or too old.
            RequestTokenError::ServerResponse(said) => OidcFault::Refused(said.to_string()),
            fault @ (RequestTokenError::Request(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_)) => unavailable(fault),
        })?;
        let token = tokens.id_token();
        let token = token.ok_or_else(|| OidcFault::Refused("there is no ID token".to_owned()))?;
        let access = tokens.access_token();
        let (subject, name) = match verified(&client, token, access, &nonce, now) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // It may have new keys since.
                self.forget();
                let client = self.client(&redirect).await?;
                verified(&client, token, access, &nonce, now).map_err(refused)?
            }
            known => known.map_err(refused)?,
        };
        let name = match name {
            Some(name) => name,
            None => self.asked_name(&client, access, &subject).await.unwrap_or_default(),
        };
        let (issuer, subject) = (self.issuer().to_owned(), subject.to_string());
        Ok(Subject { issuer, subject, name })
    }

    /// What the provider calls somebody, where it tells that apart.
    async fn asked_name(
        &self,
        client: &Client,
        access: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Option<String> {
        let asked = client.user_info(access.clone(), Some(subject.clone())).ok()?;
        let said: CoreUserInfoClaims = asked.request_async(&self.http).await.ok()?;
        name_of(said.name(), said.preferred_username(), said.email())
    }

    async fn client(&self, redirect: &str) -> Result<Client, OidcFault> {
        let metadata = self.metadata().await?;
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        // Who has no secret says its id in the body.
        let way = if secret.is_some() { AuthType::BasicAuth } else { AuthType::RequestBody };
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(unavailable)?;
        let client = CoreClient::from_provider_metadata(metadata, id, secret);
        Ok(client.set_redirect_uri(redirect).set_auth_type(way))
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, OidcFault> {
        let known = self.lock().clone().filter(|(since, _)| since.elapsed() < FRESH);
        if let Some((_, known)) = known {
            return Ok(known);
        }
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await;
        let found = found.map_err(unavailable)?;
        *self.lock() = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, CoreProviderMetadata)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends requests, and reads no more than an answer may have.
#[derive(Clone, Debug)]
struct Http(reqwest::Client);

impl<'client> AsyncHttpClient<'client> for Http {
    type Error = HttpFault;
    type Future = BoxFuture<'client, Result<HttpResponse, HttpFault>>;

    fn call(&'client self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFault> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await? {
            if body.len().saturating_add(part.len()) > ANSWER_BYTES_MAX {
                return Err(HttpFault::TooLong);
            }
            body.extend_from_slice(&part);
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }
}

/// Who the token is about, and what to call them where it says so.
fn verified(
    client: &Client,
    token: &CoreIdToken,
    access: &AccessToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<(SubjectIdentifier, Option<String>), ClaimsVerificationError> {
    let now = DateTime::<Utc>::from_timestamp_millis(now.as_millis()).unwrap_or_default();
    let seconds = chrono::TimeDelta::seconds;
    let verifier = client
        .id_token_verifier()
        .set_time_fn(move || now - seconds(SKEW_SECONDS))
        .set_issue_time_verifier_fn(move |issued| {
            let oldest = now - seconds(AGE_SECONDS_MAX);
            if oldest <= issued && issued <= now + seconds(SKEW_SECONDS) {
                Ok(())
            } else {
                Err(format!("it was said at {issued}, and now is {now}"))
            }
        });
    let claims = token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let other = |fault: String| ClaimsVerificationError::Other(fault);
        let algorithm = token.signing_alg().map_err(|fault| other(fault.to_string()))?;
        let key = token.signing_key(&verifier).map_err(|fault| other(fault.to_string()))?;
        let found = AccessTokenHash::from_token(access, algorithm, key);
        if found.map_err(|fault| other(fault.to_string()))? != *expected {
            return Err(other("the access token is another one".to_owned()));
        }
    }
    let name = name_of(claims.name(), claims.preferred_username(), claims.email());
    Ok((claims.subject().clone(), name))
}

fn name_of(
    name: Option<&LocalizedClaim<EndUserName>>,
    preferred: Option<&EndUserUsername>,
    email: Option<&EndUserEmail>,
) -> Option<String> {
    let name = name.and_then(|name| name.get(None)).map(|name| name.to_string());
    name.or_else(|| preferred.map(|name| name.to_string()))
        .or_else(|| email.map(|email| email.to_string()))
        .filter(|name| !name.trim().is_empty())
}

fn unavailable(fault: impl std::error::Error) -> OidcFault {
    OidcFault::Unavailable(chain(&fault))
}

fn refused(fault: ClaimsVerificationError) -> OidcFault {
    OidcFault::Refused(chain(&fault))
}

/// A fault with its causes, which say most.
fn chain(fault: &dyn std::error::Error) -> String {
    let mut words = fault.to_string();
    let mut cause = fault.source();
    while let Some(fault) = cause {
        words = format!("{words}: {fault}");
        cause = fault.source();
    }
    words
}
