//! Asking another process's manager: what goes over the wire, and what its failures come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tidegate_control_plane::account::{AccountKey, CountAccounts, FindAccount, SetPassword};
use tidegate_control_plane::workspace::{FindConnection, ListWorkspaces};
use tidegate_control_plane::{
    Manager, ManagerError, RemoteManager, RemoteSettings, ServeError, serve,
};
use tidegate_types::{AccountId, SecretString};
use url::Url;

use crate::fixture::{Fixture, SERVICE_TOKEN, answer};
use crate::given::{is_not_found, person, refused, slug, workspace};
use crate::http::{Answer, Server};

fn remote(url: &Url, token: &str) -> Manager {
    let settings = RemoteSettings {
        url: url.clone(),
        token: SecretString::from(token),
        timeout: Duration::from_millis(500),
    };
    Manager::Remote(Arc::new(RemoteManager::new(&settings).unwrap()))
}

/// A server that answers each request likewise, and how many came.
async fn always(answer: Answer) -> (Server, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let server = Server::start(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let answer = answer.clone();
        async move { answer }
    });
    (server.await, count)
}

#[tokio::test]
async fn errors_arrive_as_what_they_were() {
    let at = Fixture::through_remote().await;
    at.has_person("ada").await;
    let said = refused(at.call(person("ada")).await);
    assert_eq!("username \"ada\" is taken: use another", said);
    assert!(matches!(
        at.call(person("a b")).await,
        Err(ManagerError::Invalid(_))
    ));
    let set = SetPassword {
        id: AccountId::new(),
        password_hash: "$argon2id$x".to_owned(),
        must_change: false,
    };
    assert!(is_not_found(at.call(set).await, "account"));
}

#[tokio::test]
async fn a_sealed_connection_arrives_whole() {
    let at = Fixture::through_remote().await;
    at.call(workspace("acme")).await.unwrap();
    let find = FindConnection { slug: slug("acme") };
    let found = at.call(find).await.unwrap().unwrap();
    assert_eq!("postgresql://superset:hunter2@db/superset", found.metastore);
    assert_eq!("WorkspaceConnection([redacted])", format!("{found:?}"));
}

#[tokio::test]
async fn a_wrong_service_token_is_no_missing_account() {
    let at = Fixture::on_sqlite().await;
    let local = at.local.clone();
    let server = Server::start(move |request| {
        let local = local.clone();
        async move { Some(answer(&local, &request).await) }
    });
    let server = server.await;
    let err = remote(&server.url, "guessed")
        .call(ListWorkspaces {})
        .await
        .unwrap_err();
    let ManagerError::Internal(source) = err else {
        panic!("{err:?}")
    };
    assert_eq!(
        "the remote manager refused the service token",
        source.to_string()
    );
    assert!(
        remote(&server.url, SERVICE_TOKEN)
            .call(ListWorkspaces {})
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_look_is_sent_again_when_no_answer_came_and_a_change_is_not() {
    let (server, count) = always(None).await;
    let manager = remote(&server.url, SERVICE_TOKEN);
    let err = manager.call(CountAccounts {}).await.unwrap_err();
    assert!(matches!(err, ManagerError::Unavailable(_)), "{err:?}");
    assert_eq!(2, count.swap(0, Ordering::SeqCst));
    // It may have happened: whoever asked must not think that it did not.
    let err = manager.call(person("ada")).await.unwrap_err();
    assert!(matches!(err, ManagerError::Timeout), "{err:?}");
    assert_eq!(1, count.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_proxys_answer_says_nothing_of_a_change() {
    let (server, count) = always(Some(("502 X".to_owned(), b"<html>bad gateway".to_vec()))).await;
    let manager = remote(&server.url, SERVICE_TOKEN);
    let err = manager.call(CountAccounts {}).await.unwrap_err();
    assert!(matches!(err, ManagerError::Unavailable(_)), "{err:?}");
    assert_eq!(2, count.swap(0, Ordering::SeqCst));
    let err = manager.call(person("ada")).await.unwrap_err();
    assert!(matches!(err, ManagerError::Timeout), "{err:?}");
    assert_eq!(1, count.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_manager_that_does_not_listen_did_nothing() {
    let manager = remote(&"http://127.0.0.1:1".parse().unwrap(), SERVICE_TOKEN);
    let err = manager.call(person("ada")).await.unwrap_err();
    assert!(matches!(err, ManagerError::Unavailable(_)), "{err:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_in_time() {
    let server = Server::start(|_| std::future::pending::<Answer>()).await;
    let manager = remote(&server.url, SERVICE_TOKEN);
    let err = manager.call(CountAccounts {}).await.unwrap_err();
    assert!(matches!(err, ManagerError::Timeout), "{err:?}");
}

#[tokio::test]
async fn an_answer_is_not_read_without_end() {
    let (server, _) = always(Some(("200 X".to_owned(), vec![b' '; (32 << 20) + 1]))).await;
    let settings = RemoteSettings {
        url: server.url.clone(),
        token: SecretString::from(SERVICE_TOKEN),
        timeout: Duration::from_secs(30),
    };
    let manager = Manager::Remote(Arc::new(RemoteManager::new(&settings).unwrap()));
    let err = manager.call(CountAccounts {}).await.unwrap_err();
    let ManagerError::Internal(source) = err else {
        panic!("{err:?}")
    };
    assert!(source.to_string().contains("is larger than"), "{source}");
}

#[tokio::test]
async fn a_redirect_does_not_take_the_token_elsewhere() {
    let (elsewhere, count) = always(Some(("200 X".to_owned(), b"0".to_vec()))).await;
    let location = elsewhere.url.clone();
    let server = Server::start(move |_| {
        let head = format!("307 X\r\nLocation: {location}");
        async move { Some((head, Vec::new())) }
    });
    let server = server.await;
    let manager = remote(&server.url, SERVICE_TOKEN);
    let err = manager.call(CountAccounts {}).await.unwrap_err();
    assert!(matches!(err, ManagerError::Internal(_)), "{err:?}");
    assert_eq!(0, count.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_body_of_another_version_is_told_without_its_values() {
    let at = Fixture::on_sqlite().await;
    let said = |err: ServeError| (err.status(), String::from_utf8(err.body()).unwrap());
    let err = serve(&at.local, "account.find", b"{}").await.unwrap_err();
    let (status, text) = said(err);
    assert_eq!(400, status);
    assert!(
        text.contains("the body is no account.find: missing field `key`"),
        "{text}"
    );
    let secret = br#"{"id":"00000000","password_hash":{"x":1},"must_change":"hunter2"}"#;
    let (status, text) = said(
        serve(&at.local, "account.set_password", secret)
            .await
            .unwrap_err(),
    );
    assert_eq!(400, status);
    assert!(
        !text.contains("hunter2") && text.contains("line 1 column"),
        "{text}"
    );
    let (status, text) = said(
        serve(&at.local, "account.explode", b"{}")
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (
            404,
            r#"{"error":"unknown_operation","text":"account.explode"}"#
        ),
        (status, text.as_str())
    );
    let (status, _) = said(
        serve(&at.local, "account.find", &vec![b' '; (8 << 20) + 1])
            .await
            .unwrap_err(),
    );
    assert_eq!(400, status);
}

#[tokio::test]
async fn a_look_up_of_nothing_is_an_answer() {
    let at = Fixture::through_remote().await;
    let key = AccountKey::Username("nobody".to_owned());
    assert_eq!(None, at.call(FindAccount { key }).await.unwrap());
}

#[test]
fn a_url_or_token_that_cannot_be_used_is_refused_at_once() {
    let new = |url: &str, token: &str| {
        RemoteManager::new(&RemoteSettings {
            url: url.parse().unwrap(),
            token: SecretString::from(token),
            timeout: Duration::from_secs(1),
        })
    };
    assert!(refused(new("ftp://manager.example", "x")).starts_with("manager.url"));
    let said = refused(new("https://manager.example", "line\nbreak"));
    assert!(
        said.starts_with("manager.service_token") && !said.contains("break"),
        "{said}"
    );
    let made = new("https://manager.example/base/", "secret-token").unwrap();
    assert!(!format!("{made:?}").contains("secret-token"));
}
