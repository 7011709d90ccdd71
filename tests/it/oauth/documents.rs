//! Clients that a document describes, as Claude Code and others are.

use std::process::{Child, Command, Stdio};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_testkit::ports::free_port;

use super::Deployment;
use crate::harness::{OAuthClient, OneNode, REDIRECT_URI, eventually};

/// A web server that serves one document over https, by a certificate of its own.
struct Website {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl Website {
    /// Serves what `document` makes of the document's own URL, as `/client.json`.
    async fn serve(document: impl FnOnce(&str) -> Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(folder.path())
            .output()
            .expect("openssl is installed: apt-get install openssl");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let body = document(&format!("https://localhost:{port}/client.json"));
        let answer = format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}");
        std::fs::write(folder.path().join("client.json"), answer).unwrap();
        let process = Command::new("openssl")
            .args([
                "s_server",
                "-HTTP",
                "-quiet",
                "-accept",
                &format!("127.0.0.1:{port}"),
            ])
            .args(["-cert", "certificate.pem", "-key", "key.pem"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the website listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
        })
        .await;
        Self {
            process,
            folder,
            port,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/client.json", self.port)
    }

    /// A node that takes documents from it.
    async fn visitor(&self) -> (OneNode, Deployment) {
        let certificate = self.folder.path().join("certificate.pem");
        let node = OneNode::builder()
            .own_tokens()
            .set(
                "OAUTH__CLIENT_DOCUMENTS__PRIVATE_HOSTS",
                &format!("localhost:{}", self.port),
            )
            .set(
                "OAUTH__CLIENT_DOCUMENTS__CA_FILE",
                certificate.to_str().unwrap(),
            )
            .start()
            .await;
        let deployment = Deployment::of_node(&node).await;
        (node, deployment)
    }
}

impl Drop for Website {
    fn drop(&mut self) {
        // Both fail only when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn document(url: &str) -> Value {
    json!({
        "client_id": url,
        "client_name": "Client of a document",
        // As Claude Code's: without a port, which each sign-in has another of.
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

#[tokio::test]
async fn a_client_that_a_document_describes_signs_in_without_registration() {
    let website = Website::serve(document).await;
    let (node, deployment) = website.visitor().await;
    let mut client =
        OAuthClient::known(&deployment.issuer, deployment.nodes.clone(), &website.url());
    let mut browser = deployment.browser();
    let page = browser.open(&client.authorization(&[])).await;
    let page = browser.sign_in(&page, "ada").await;
    assert!(page.html.contains("Client of a document"), "{}", page.html);
    assert!(
        page.html.contains("localhost"),
        "the host that describes it is shown"
    );
    let page = browser.submit(&page, &[("decision", "allow")]).await;
    let code = client.code_of(&page);
    let tokens = crate::harness::tokens(client.redeem(&code).await).await;
    let caller = node.anyone().bearer(&tokens.access);
    let reply = caller.send("tools/list", json!({})).await;
    assert_eq!(StatusCode::OK, reply.status());
}

#[tokio::test]
async fn a_document_that_names_another_client_is_refused() {
    let website =
        Website::serve(|_| document("https://claude.ai/oauth/claude-code-client-metadata")).await;
    let (_node, deployment) = website.visitor().await;
    let client = OAuthClient::known(&deployment.issuer, deployment.nodes.clone(), &website.url());
    let page = deployment.browser().open(&client.authorization(&[])).await;
    assert_eq!(
        (StatusCode::BAD_REQUEST, None),
        (page.status, page.leaves_to)
    );
}

#[tokio::test]
async fn a_document_does_not_let_codes_go_where_it_does_not_say() {
    let website = Website::serve(document).await;
    let (_node, deployment) = website.visitor().await;
    let client = OAuthClient::known(&deployment.issuer, deployment.nodes.clone(), &website.url());
    let elsewhere = REDIRECT_URI.replace("/callback", "/elsewhere");
    let page = deployment
        .browser()
        .open(&client.authorization(&[("redirect_uri", &elsewhere)]))
        .await;
    assert_eq!(
        (StatusCode::BAD_REQUEST, None),
        (page.status, page.leaves_to)
    );
}

#[tokio::test]
async fn documents_on_this_network_are_not_fetched_for_strangers() {
    let website = Website::serve(document).await;
    let (_node, deployment) = super::one_node().await;
    for id in [
        website.url(),
        website.url().replace("localhost", "127.0.0.1"),
        "https://169.254.169.254/latest/meta-data/client.json".to_owned(),
        "https://[::ffff:127.0.0.1]/client.json".to_owned(),
    ] {
        let client = OAuthClient::known(&deployment.issuer, deployment.nodes.clone(), &id);
        let page = deployment.browser().open(&client.authorization(&[])).await;
        assert_eq!(
            (StatusCode::BAD_REQUEST, None),
            (page.status, page.leaves_to),
            "{id}"
        );
    }
}
