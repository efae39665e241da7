//! A browser that keeps cookies, and an authenticator in it: what people sign in with.

use super::TestServer;
use super::client::{Client, Reply, reply};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::header::SET_COOKIE;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Somebody with a browser that keeps its cookies.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A browser that asks for `localhost`: passkeys are for names.
    pub(crate) async fn new(server: &TestServer) -> Self {
        let client = Client::new(format!("http://localhost:{}", server.server.address().port()));
        let mut browser = Self { client, cookies: BTreeMap::new() };
        browser.begin().await;
        browser
    }

    /// Begins a session, or says again which it is.
    pub(crate) async fn begin(&mut self) -> Value {
        let reply = self.post("/api/session", &json!({})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }

    pub(crate) fn origin(&self) -> String {
        self.client.base.clone()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        let request = self.client.request(Method::GET, path);
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Reply {
        let request = self.client.request(Method::POST, path).json(body);
        self.send(request).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Reply {
        let request = self.client.request(Method::DELETE, path);
        self.send(request).await
    }

    /// Sends, and keeps the cookies that come back.
    pub(crate) async fn send(&mut self, request: reqwest::RequestBuilder) -> Reply {
        reply(self.send_raw(request).await).await
    }

    /// The same, with the answer as it came.
    pub(crate) async fn send_raw(&mut self, request: reqwest::RequestBuilder) -> Response {
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let all: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.client.cookie = Some(all.join("; ")).filter(|cookie| !cookie.is_empty());
        response
    }

    /// Makes a passkey for the account.
    pub(crate) async fn sign_up(&mut self, authenticator: &mut Authenticator, name: &str) -> Reply {
        let options = self.post("/api/passkeys/begin", &json!({ "name": name })).await;
        assert_eq!(options.status, 200, "{options:?}");
        let answer = authenticator.create(&options.body, &self.origin());
        self.post("/api/passkeys", &answer).await
    }

    /// Signs in with the passkey.
    pub(crate) async fn sign_in(&mut self, authenticator: &mut Authenticator) -> Reply {
        let options = self.post("/api/sign-in/passkey/begin", &json!({})).await;
        assert_eq!(options.status, 200, "{options:?}");
        let answer = authenticator.get(&options.body, &self.origin());
        self.post("/api/sign-in/passkey", &answer).await
    }
}

/// An authenticator that has one passkey, made by no library of the server's.
#[derive(Clone)]
pub(crate) struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    handle: String,
    pub(crate) counter: u32,
    /// What it says besides that somebody is there: that it was the owner.
    pub(crate) has_verified: bool,
}

impl Authenticator {
    pub(crate) fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let id = vec![seed; 16];
        Self { key, id, handle: String::new(), counter: 1, has_verified: true }
    }

    /// Answers to the options of a creation.
    pub(crate) fn create(&mut self, options: &Value, origin: &str) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let rp = options["rp"]["id"].as_str().unwrap();
        let mut data = self.data(rp, 0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let client = client_data("webauthn.create", options, origin);
        self.answer(&json!({
            "attestationObject": encode(&object),
            "clientDataJSON": encode(client.as_bytes()),
            "transports": ["internal"],
        }))
    }

    /// Answers to the options of a sign-in.
    pub(crate) fn get(&mut self, options: &Value, origin: &str) -> Value {
        let options = &options["publicKey"];
        self.counter += 1;
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client = client_data("webauthn.get", options, origin);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(client.as_bytes()));
        let signature: Signature = self.key.sign(&signed);
        self.answer(&json!({
            "authenticatorData": encode(&data),
            "clientDataJSON": encode(client.as_bytes()),
            "signature": encode(signature.to_der().as_bytes()),
            "userHandle": self.handle,
        }))
    }

    fn answer(&self, response: &Value) -> Value {
        json!({
            "id": encode(&self.id),
            "rawId": encode(&self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        })
    }

    fn data(&self, rp: &str, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(rp.as_bytes()).to_vec();
        let verified = if self.has_verified { 0x04 } else { 0 };
        data.push(0x01 | verified | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(point.x().unwrap());
        key.extend([0x22, 0x58, 0x20]);
        key.extend(point.y().unwrap());
        key
    }
}

fn client_data(kind: &str, options: &Value, origin: &str) -> String {
    json!({
        "type": kind,
        "challenge": options["challenge"],
        "origin": origin,
        "crossOrigin": false,
    })
    .to_string()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
