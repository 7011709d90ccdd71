//! Glewlwyd, a server in C of another make (`apt-get install glewlwyd`): its access tokens are those of RFC 9068.

use std::process::{Child, Command, Stdio};

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Newcomer, REDIRECT_URI};
use super::{free_port, list_dashboards, node_of};
use crate::harness::{eventually, result_text, web};

const PERSON: (&str, &str) = ("viewer", "a password of the tests");
/// What its package's schema begins with.
const ADMINISTRATOR: (&str, &str) = ("admin", "password");

struct Glewlwyd {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Drop for Glewlwyd {
    fn drop(&mut self) {
        // Both fail only when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Cookies of somebody who signed in.
async fn sign_in(base: &str, (name, password): (&str, &str)) -> String {
    let answer = web()
        .post(format!("{base}/auth/"))
        .json(&json!({ "username": name, "password": password }))
        .send()
        .await
        .unwrap();
    assert_eq!(StatusCode::OK, answer.status(), "{name}");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn tell(method: reqwest::Method, url: String, cookie: &str, body: &Value) {
    let request = web().request(method, &url).header("cookie", cookie);
    let answer = request.json(body).send().await.unwrap();
    let status = answer.status();
    assert!(
        status.is_success(),
        "{url}: {}",
        answer.text().await.unwrap()
    );
}

impl Glewlwyd {
    /// Starts it with its package's schema in a database of its own.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let database = folder.path().join("glewlwyd.db");
        let schema = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";
        let schema = std::fs::read_to_string(schema).expect("apt-get install glewlwyd");
        let connection = rusqlite::Connection::open(&database).unwrap();
        connection.execute_batch(&schema).unwrap();
        // The package's own settings, at another place.
        let settings = std::fs::read_to_string("/etc/glewlwyd/glewlwyd.conf").unwrap();
        let settings: String = settings
            .lines()
            .map(|line| {
                let line = match line.split('=').next().map(str::trim) {
                    Some("port") => format!("port={port}"),
                    Some("external_url") => format!("external_url=\"http://127.0.0.1:{port}/\""),
                    Some("log_mode") => "log_mode=\"console\"".to_owned(),
                    _ if line.starts_with("@include") => {
                        format!(
                            "database = {{ type = \"sqlite3\"; path = \"{}\"; }};",
                            database.display()
                        )
                    }
                    _ => line.to_owned(),
                };
                line + "\n"
            })
            .collect();
        let path = folder.path().join("glewlwyd.conf");
        std::fs::write(&path, settings).unwrap();
        let process = Command::new("glewlwyd")
            .arg(format!("--config-file={}", path.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("apt-get install glewlwyd");
        let server = Self {
            process,
            port,
            _folder: folder,
        };
        eventually("glewlwyd listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
        })
        .await;
        server
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    fn issuer(&self) -> String {
        format!("{}/oidc", self.base())
    }

    /// An OpenID provider in it, for these resources, and somebody who may use it.
    async fn set_up(&self, resources: &[String]) {
        let base = self.base();
        let admin = sign_in(&base, ADMINISTRATOR).await;
        let post = reqwest::Method::POST;
        let scope = json!({
            "name": "mcp:read", "display_name": "Read", "description": "See data",
            "password_required": true, "password_max_age": 0, "scheme": {},
        });
        tell(post.clone(), format!("{base}/scope/"), &admin, &scope).await;
        let key = Command::new("openssl")
            .args([
                "genpkey",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
            ])
            .output()
            .expect("apt-get install openssl");
        let key = String::from_utf8(key.stdout).unwrap();
        let parameters = json!({
            "iss": self.issuer(), "jwt-type": "rsa", "jwt-key-size": "256", "key": key, "cert": public_key(&key),
            "access-token-duration": 3600, "refresh-token-duration": 1_209_600, "code-duration": 600,
            "refresh-token-rolling": false, "allow-non-oidc": true, "auth-type-code-enabled": true,
            "auth-type-token-enabled": false, "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
            "auth-type-password-enabled": false, "auth-type-client-enabled": false, "auth-type-device-enabled": false,
            "auth-type-refresh-enabled": true, "jwks-show": true, "pkce-allowed": true, "pkce-method-plain-allowed": false,
            "resource-allowed": true, "resource-scope": { "openid": resources, "mcp:read": resources },
            "register-client-allowed": true, "register-client-auth-scope": [], "register-client-credentials-scope": [],
            "additional-parameters": [{ "user-parameter": "username", "token-parameter": "preferred_username" }],
            "allowed-scope": ["openid", "mcp:read"],
        });
        let plugin = json!({
            "module": "oidc", "name": "oidc", "display_name": "OIDC", "order_rank": 0, "enabled": true,
            "parameters": parameters,
        });
        tell(post.clone(), format!("{base}/mod/plugin/"), &admin, &plugin).await;
        let person = json!({
            "username": PERSON.0, "password": PERSON.1, "name": "Vera", "email": "vera@acme.test", "enabled": true,
            "scope": ["openid", "mcp:read", "g_profile"],
        });
        tell(post, format!("{base}/user/"), &admin, &person).await;
    }

    /// What the person does on its pages, which are a program in the browser: signs in, agrees, and is sent back.
    async fn agree(&self, newcomer: &Newcomer) -> Url {
        let base = self.base();
        let cookie = sign_in(&base, PERSON).await;
        let grant = format!("{base}/auth/grant/{}", newcomer.client_id());
        let scope = json!({ "scope": "openid mcp:read" });
        tell(reqwest::Method::PUT, grant, &cookie, &scope).await;
        let url = format!("{}&nonce=n&g_continue", newcomer.authorization_url());
        let staying = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let request = staying.get(url).header("cookie", &cookie);
        let answer = request.send().await.unwrap();
        let back = answer.headers()["location"].to_str().unwrap();
        assert!(back.starts_with(REDIRECT_URI), "{back}");
        Url::parse(back).unwrap()
    }
}

fn public_key(private: &str) -> String {
    use std::io::Write as _;
    let mut openssl = Command::new("openssl")
        .args(["pkey", "-pubout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = openssl.stdin.take().unwrap();
    input.write_all(private.as_bytes()).unwrap();
    drop(input);
    String::from_utf8(openssl.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
#[ignore = "systems: Glewlwyd"]
async fn a_client_signs_in_at_glewlwyd() {
    let server = Glewlwyd::start().await;
    let port = free_port();
    let resource = format!("http://127.0.0.1:{port}/w/acme/mcp");
    server.set_up(std::slice::from_ref(&resource)).await;
    let issuer = server.issuer();
    let node = node_of(&issuer, &format!("{issuer}/jwks"), port)
        .set("AUTH__JWT__TOKEN_TYPES", "at+jwt")
        .start()
        .await;
    let newcomer = Newcomer::discover(&resource).await;
    let newcomer = newcomer.register("client_secret_post").await;
    let newcomer = newcomer.with_scope("openid mcp:read");
    let back = server.agree(&newcomer).await;
    let tokens = newcomer.redeem(&newcomer.code_of(&back)).await;
    let access = tokens["access_token"].as_str().unwrap();
    let reply = list_dashboards(&node, "acme", access).await;
    assert_eq!(StatusCode::OK, reply.status());
    let list: Value = serde_json::from_str(result_text(&reply.json().await)).unwrap();
    assert_eq!(2, list["total_count"], "it is the viewer");
    let id_token = tokens["id_token"].as_str().unwrap();
    let refused = list_dashboards(&node, "acme", id_token).await;
    assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
}
