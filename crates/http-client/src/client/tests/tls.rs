//! Whose certificates count.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

/// A server with a certificate for `localhost` that only who holds it trusts.
async fn serve_tls(answer: String) -> (Url, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (
        folder.path().join("key.pem"),
        folder.path().join("cert.pem"),
    );
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{made:?}");
    let pem = std::fs::read(&certificate).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&pem).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&key).unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    let url = Url::parse(&format!("https://localhost:{port}/client.json")).unwrap();
    (url, pem)
}

#[tokio::test]
async fn a_certificate_counts_only_when_somebody_vouches_for_it() {
    let (url, certificate) = serve_tls(answer(JSON, "{}")).await;
    let stranger = fetcher(&["localhost"]);
    assert_eq!(Err(Refusal::Failed), stranger.fetch(&url, 100).await);
    let trusting = GuardedClient::new(ClientRules {
        root_certificates: certificate,
        ..rules(&["localhost"])
    })
    .unwrap();
    assert_eq!("{}", trusting.fetch(&url, 100).await.unwrap().body);
    // And not for another name.
    let by_address = Url::parse(&url.as_str().replace("localhost", "127.0.0.1")).unwrap();
    assert_eq!(
        Err(Refusal::UrlNotAllowed),
        trusting.fetch(&by_address, 100).await
    );
}
