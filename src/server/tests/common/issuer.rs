//! An OpenID provider that says what a test tells it to.
//!
//! It signs with a key of its own, so that a test can forge what no real one says.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// What this server is called there.
pub(crate) const CLIENT: &str = "kumari-test";

/// A provider on a port of its own.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) address: String,
    said: Arc<Mutex<Said>>,
}

struct Said {
    issuer: String,
    key: SigningKey,
    key_id: &'static str,
    /// What the next ID token says, and the code that it is given for.
    claims: Value,
    challenge: String,
    /// What it says in another way than it should.
    forged: HashMap<&'static str, Value>,
    /// How often somebody asked for its addresses.
    asked: u32,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let address = format!("http://{address}");
        let said = Said {
            issuer: address.clone(),
            key: SigningKey::from_slice(&[1; 32]).unwrap(),
            key_id: "first",
            claims: json!({}),
            challenge: String::new(),
            forged: HashMap::new(),
            asked: 0,
        };
        let said = Arc::new(Mutex::new(said));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&said));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, said }
    }

    /// Somebody agreed there: the query that the browser comes back with. `location` is where the
    /// browser was sent, `now` is in seconds.
    pub(crate) fn agree(&self, location: &str, subject: &str, now: i64) -> HashMap<String, String> {
        let asked = query(location);
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut said = self.said.lock().unwrap();
        said.challenge.clone_from(&asked["code_challenge"]);
        said.claims = json!({
            "iss": self.address,
            "aud": CLIENT,
            "sub": subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "name": format!("{subject} Doe"),
        });
        HashMap::from([
            ("code".to_owned(), "the-code".to_owned()),
            ("state".to_owned(), asked["state"].clone()),
            ("iss".to_owned(), self.address.clone()),
        ])
    }

    /// The next token says this instead.
    pub(crate) fn claim(&self, name: &str, value: &Value) {
        self.said.lock().unwrap().claims[name] = value.clone();
    }

    /// It signs with another key from now on, which it names so; only some tell of it.
    pub(crate) fn change_key(&self, seed: u8, key_id: &'static str, is_told: bool) {
        let mut said = self.said.lock().unwrap();
        if !is_told {
            let told = jwk(&said);
            said.forged.insert("keys", told);
        }
        said.key = SigningKey::from_slice(&[seed; 32]).unwrap();
        said.key_id = key_id;
    }

    pub(crate) fn asked(&self) -> u32 {
        self.said.lock().unwrap().asked
    }
}

/// The parameters of an address.
pub(crate) fn query(address: &str) -> HashMap<String, String> {
    let url: reqwest::Url = address.parse().unwrap();
    url.query_pairs().into_owned().collect()
}

type Shared = State<Arc<Mutex<Said>>>;

async fn configuration(State(said): Shared) -> Json<Value> {
    let mut said = said.lock().unwrap();
    said.asked += 1;
    let issuer = &said.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(said): Shared) -> Json<Value> {
    let said = said.lock().unwrap();
    let key = said.forged.get("keys").cloned().unwrap_or_else(|| jwk(&said));
    Json(json!({ "keys": [key] }))
}

async fn token(State(said): Shared, body: String) -> Json<Value> {
    let asked: HashMap<String, String> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let said = said.lock().unwrap();
    assert_eq!(asked["code"], "the-code");
    let verifier = Sha256::digest(asked["code_verifier"].as_bytes());
    assert_eq!(encode(&verifier), said.challenge, "PKCE");
    let head = json!({ "alg": "ES256", "kid": said.key_id, "typ": "JWT" });
    let signed = format!(
        "{}.{}",
        encode(head.to_string().as_bytes()),
        encode(said.claims.to_string().as_bytes())
    );
    let signature: Signature = said.key.sign(signed.as_bytes());
    let id_token = format!("{signed}.{}", encode(&signature.to_bytes()));
    Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }))
}

fn jwk(said: &Said) -> Value {
    let point = said.key.verifying_key().to_sec1_point(false);
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": said.key_id,
        "x": encode(point.x().unwrap()), "y": encode(point.y().unwrap()),
    })
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
