//! API tokens: their bounds, their lists, their end.

use std::time::Duration;

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::api_token::{
    ApiToken, CreateApiToken, EndApiToken, FindApiToken, ListApiTokens, NoteApiTokenUse,
};
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_types::{AccountId, GrantId, Scope, ScopeSet};

use crate::deployment::{Deployment, invalid, person, slug, workspace};
use crate::fixture::{Fixture, scenarios};

fn secret() -> SecretHash {
    IssuedSecret::draw(SecretKind::ApiToken).hash
}

impl Deployment {
    fn token(&self, name: &str) -> CreateApiToken {
        CreateApiToken {
            account: self.grace.id.clone(),
            name: name.into(),
            scopes: Scope::Read.into(),
            workspace: None,
            secret: secret(),
            hint: "wxyz".into(),
            expires_at: None,
        }
    }

    async fn list_tokens(&self) -> Vec<ApiToken> {
        let account = self.grace.id.clone();
        self.manager.call(ListApiTokens { account }).await.unwrap()
    }

    async fn end_token(&self, id: &GrantId, account: Option<&AccountId>) -> Option<ApiToken> {
        let end = EndApiToken {
            id: id.clone(),
            account: account.cloned(),
        };
        self.manager.call(end).await.unwrap()
    }
}

async fn a_token_is_found_by_its_secret_and_listed(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let asked = deployment.token("first");
    let secret = asked.secret;
    let first = deployment.manager.call(asked.clone()).await.unwrap();
    fixture.pass(Duration::from_secs(1));
    let second = deployment.token("second");
    let second = deployment.manager.call(second).await.unwrap();
    let find = |secret| deployment.manager.call(FindApiToken { secret });
    assert_eq!(Some(first.clone()), find(secret).await.unwrap());
    assert_eq!(None, find(SecretHash::of("another")).await.unwrap());
    assert_eq!(vec![second, first], deployment.list_tokens().await);
    let again = deployment.manager.call(asked).await;
    assert!(matches!(again, Err(ManagerError::Conflict(_))), "{again:?}");
}

async fn what_makes_no_token_is_refused(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    workspace(&deployment.manager, "rival").await;
    let token = || deployment.token("fine");
    for (field, asked) in [
        ("name", deployment.token(" ")),
        ("name", deployment.token(&"x".repeat(101))),
        ("name", deployment.token("a\u{7}b")),
        (
            "scopes",
            CreateApiToken {
                scopes: ScopeSet::NONE,
                ..token()
            },
        ),
        (
            "hint",
            CreateApiToken {
                hint: "a whole secret".into(),
                ..token()
            },
        ),
        (
            "expires_at",
            CreateApiToken {
                expires_at: Some(fixture.now()),
                ..token()
            },
        ),
        (
            "workspace",
            CreateApiToken {
                workspace: Some(slug("rival")),
                ..token()
            },
        ),
        (
            "workspace",
            CreateApiToken {
                workspace: Some(slug("nowhere")),
                ..token()
            },
        ),
    ] {
        let words = invalid(deployment.manager.call(asked).await);
        assert!(words.contains(field), "{words}");
    }
    let nobody = CreateApiToken {
        account: AccountId::new(),
        ..token()
    };
    let nobody = deployment.manager.call(nobody).await;
    assert!(matches!(
        nobody,
        Err(ManagerError::NotFound { what: "account" })
    ));
    assert!(deployment.list_tokens().await.is_empty());
}

async fn a_person_has_ten_live_tokens(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let mut until = deployment.token("short");
    until.expires_at = Some(fixture.now() + 60);
    let mut ids = vec![deployment.manager.call(until).await.unwrap().id];
    let make = || deployment.manager.call(deployment.token("long"));
    for _ in 0..9 {
        ids.push(make().await.unwrap().id);
    }
    let eleventh = make().await;
    assert!(
        matches!(eleventh, Err(ManagerError::LimitReached(_))),
        "{eleventh:?}"
    );
    // One expires, one is ended: neither counts.
    fixture.pass(Duration::from_mins(1));
    make().await.unwrap();
    deployment.end_token(&ids[1], None).await.unwrap();
    make().await.unwrap();
    make().await.unwrap_err();
}

async fn a_person_ends_their_own_alone(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let ada = person(&deployment.manager, "ada").await;
    let token = deployment.token("mine");
    let token = deployment.manager.call(token).await.unwrap();
    assert_eq!(None, deployment.end_token(&token.id, Some(&ada.id)).await);
    assert_eq!(1, deployment.list_tokens().await.len());
    let grace = deployment.grace.id.clone();
    let ended = deployment.end_token(&token.id, Some(&grace)).await.unwrap();
    assert_eq!(Some(fixture.now()), ended.ended_at);
    assert!(deployment.list_tokens().await.is_empty());
    // Once more: it stays as it is, and nobody is told.
    let before = deployment.head().await;
    fixture.pass(Duration::from_secs(5));
    assert_eq!(Some(ended), deployment.end_token(&token.id, None).await);
    assert!(deployment.changes_after(before).await.is_empty());
}

async fn a_use_is_noted_at_most_once_a_minute(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let token = deployment.token("mine");
    let id = deployment.manager.call(token).await.unwrap().id;
    let note = |from: &str| {
        deployment.manager.call(NoteApiTokenUse {
            id: id.clone(),
            from: Some(from.into()),
        })
    };
    let last = async || {
        let token = deployment.list_tokens().await.remove(0);
        (token.last_used_at, token.last_used_from)
    };
    let first = fixture.now();
    note("192.0.2.1").await.unwrap();
    fixture.pass(Duration::from_secs(59));
    note("192.0.2.2").await.unwrap();
    assert_eq!((Some(first), Some("192.0.2.1".into())), last().await);
    fixture.pass(Duration::from_secs(1));
    note("192.0.2.2").await.unwrap();
    assert_eq!(
        (Some(fixture.now()), Some("192.0.2.2".into())),
        last().await
    );
    invalid(note(&"x".repeat(65)).await);
}

scenarios!(
    a_token_is_found_by_its_secret_and_listed,
    what_makes_no_token_is_refused,
    a_person_has_ten_live_tokens,
    a_person_ends_their_own_alone,
    a_use_is_noted_at_most_once_a_minute,
);
