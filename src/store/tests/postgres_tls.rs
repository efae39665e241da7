//! TLS to PostgreSQL: who is believed, and who is not.
//!
//! A front that speaks TLS stands before the cluster, which needs no certificate of its own so. It
//! needs a cluster: `cargo xtask test --only postgres` starts one.
#![expect(clippy::unwrap_used, reason = "a surprise fails the test")]

#[cfg(test)]
mod common {
    pub(crate) mod postgres;
}

use common::postgres::fresh;
use kumari_store::{PostgresOptions, PostgresStore, Store};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Speaks TLS with a certificate for `localhost`, and answers with its port and the certificate.
async fn front(server: String) -> (u16, String) {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, acceptor.clone(), server.clone()));
        }
    });
    (port, cert.pem())
}

/// Whoever does not want TLS, or does not like the certificate, goes again.
async fn serve(mut client: TcpStream, acceptor: TlsAcceptor, server: String) -> Option<()> {
    // The eight bytes that ask for TLS.
    let mut request = [0; 8];
    client.read_exact(&mut request).await.ok()?;
    if request != [0, 0, 0, 8, 4, 210, 22, 47] {
        return None;
    }
    client.write_all(b"S").await.ok()?;
    let mut client = acceptor.accept(client).await.ok()?;
    let mut server = TcpStream::connect(server).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn who_is_believed_is_what_the_url_says() {
    let (_store, url) = fresh("KUMARI_POSTGRES").await;
    let (user, place) = url.split_once('@').unwrap();
    let (server, name) = place.split_once('/').unwrap();
    let (port, certificate) = front(server.to_owned()).await;
    let (_, of_another) = front(server.to_owned()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (own, other) = (file("own.pem", &certificate), file("other.pem", &of_another));
    let (empty, absent) = (file("empty.pem", ""), folder.path().join("absent.pem"));
    let absent = absent.to_str().unwrap();

    let front = format!("localhost:{port}");
    let by_address = format!("127.0.0.1:{port}");
    let verified = |file: &str| format!("verify-full&sslrootcert={file}");
    for (place, mode, refused) in [
        (front.as_str(), "prefer".to_owned(), None),
        (front.as_str(), "require".to_owned(), None),
        (by_address.as_str(), "require".to_owned(), None),
        (front.as_str(), verified(&own), None),
        (front.as_str(), verified(&other), Some("certificate")),
        (front.as_str(), "verify-full".to_owned(), Some("certificate")),
        (by_address.as_str(), verified(&own), Some("certificate")),
        (front.as_str(), verified(&empty), Some("no certificate in it")),
        (front.as_str(), verified(absent), Some("absent.pem")),
        // The cluster itself speaks no TLS.
        (server, "require".to_owned(), Some("TLS")),
        (server, "prefer".to_owned(), None),
        (server, "disable".to_owned(), None),
    ] {
        let url = format!("{user}@{place}/{name}?sslmode={mode}");
        let opened = PostgresStore::open(&url, PostgresOptions::default()).await;
        match (opened, refused) {
            (Ok(store), None) => store.ping().await.unwrap(),
            (Err(fault), Some(words)) => {
                assert!(fault.to_string().contains(words), "{place}, {mode}: {fault}");
            }
            (opened, _) => panic!("{place}, {mode}: {:?}", opened.map(drop)),
        }
    }
}
