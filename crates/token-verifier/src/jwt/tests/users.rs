//! Which claims name the user.

use super::issuer::sign_with_secret;
use super::*;

fn rules(claims: &[&str]) -> UserRules {
    UserRules {
        claims: claims.iter().map(|&claim| claim.to_owned()).collect(),
        only_first: false,
        ignores_case: false,
    }
}

/// `claim=value`, and `claim~value` where it may be an address.
async fn named_by(rules: Option<UserRules>, changes: Value) -> Result<Vec<String>, TokenRefusal> {
    let mut settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    if let Some(rules) = rules {
        settings.user = rules;
    }
    let authenticator = JwtAuthenticator::new(&settings, clock()).unwrap();
    let token = sign_with_secret(SECRET.as_bytes(), &claims_with(changes));
    let token = authenticator.verify(&token).await?;
    let claims = token.subject.claims().iter();
    Ok(claims
        .map(|claim| {
            let sign = if claim.may_be_address { '~' } else { '=' };
            format!("{}{sign}{}", claim.name, claim.value)
        })
        .collect())
}

async fn assert_refused(rules: Option<UserRules>, changes: Value) {
    let refusal = named_by(rules, changes.clone()).await.unwrap_err();
    assert!(
        matches!(
            refusal,
            TokenRefusal::Claims(_)
                | TokenRefusal::NoSubject { .. }
                | TokenRefusal::UnverifiedEmail { .. }
                | TokenRefusal::ClientsOwn
        ),
        "{changes}: {refusal:?}"
    );
}

#[tokio::test]
async fn where_nothing_is_set_the_first_claim_that_is_there_decides_alone() {
    for (changes, expected) in [
        (json!({ "email": "b@c.test", "username": "d" }), "sub=alice"),
        (
            json!({ "sub": null, "email": "b@c.test", "username": "d" }),
            "email~b@c.test",
        ),
        (json!({ "sub": null, "email": "b" }), "email=b"),
        (
            json!({ "sub": null, "username": "d", "preferred_username": "e" }),
            "username=d",
        ),
        (
            json!({ "sub": null, "preferred_username": "e", "upn": "f" }),
            "preferred_username=e",
        ),
        (json!({ "sub": null, "upn": "f@g.test" }), "upn~f@g.test"),
        (json!({ "sub": "b@c.test" }), "sub~b@c.test"),
    ] {
        assert_eq!(
            vec![expected],
            named_by(None, changes.clone()).await.unwrap(),
            "{changes}"
        );
    }
}

#[tokio::test]
async fn a_list_of_the_operator_s_is_gone_through() {
    let keycloak = json!({
        "sub": "3c1f1c1e-7f3a-4a55-9d0e-0a4c0b6f2f11", "preferred_username": "ada",
        "email": "ada@acme.test", "email_verified": true,
    });
    let list = ["preferred_username", "email", "upn", "sub"];
    assert_eq!(
        vec![
            "preferred_username=ada",
            "email~ada@acme.test",
            "sub=3c1f1c1e-7f3a-4a55-9d0e-0a4c0b6f2f11"
        ],
        named_by(Some(rules(&list)), keycloak).await.unwrap()
    );
}

#[tokio::test]
async fn a_claim_may_lie_deeper_and_have_dots_in_its_name() {
    let changes = json!({
        "https://acme.test/user.name": "ada",
        "resource_access": { "tidegate": { "login": "ben" } },
        "emails": ["cleo@acme.test"],
    });
    for (claim, expected) in [
        (
            "https://acme.test/user.name",
            "https://acme.test/user.name=ada",
        ),
        (
            "resource_access.tidegate.login",
            "resource_access.tidegate.login=ben",
        ),
        ("emails", "emails~cleo@acme.test"),
    ] {
        let named = named_by(Some(rules(&[claim])), changes.clone()).await;
        assert_eq!(vec![expected], named.unwrap());
    }
}

#[tokio::test]
async fn an_empty_claim_does_not_let_the_next_decide() {
    for blank in ["", " ", "\u{a0}", "\u{2003}"] {
        assert_refused(
            None,
            json!({ "sub": blank, "email": "b", "client_id": "admin" }),
        )
        .await;
        let list = ["preferred_username", "email"];
        assert_refused(
            Some(rules(&list)),
            json!({ "preferred_username": blank, "email": "b@c.test" }),
        )
        .await;
        // `sub` is never empty, whoever names the user.
        assert_refused(
            Some(rules(&["email"])),
            json!({ "sub": blank, "email": "b@c.test" }),
        )
        .await;
        // A claim of less weight may be: the first named somebody.
        let named = named_by(
            Some(rules(&list)),
            json!({ "preferred_username": "a", "email": blank }),
        );
        assert_eq!(vec!["preferred_username=a"], named.await.unwrap());
    }
}

#[tokio::test]
async fn nobody_is_named_by_no_claim() {
    for (rules, changes) in [
        (None, json!({ "sub": null })),
        (
            None,
            json!({ "sub": null, "client_id": "admin", "azp": "admin" }),
        ),
        (Some(rules(&["upn"])), json!({})),
        (Some(rules(&["upn"])), json!({ "upn": null })),
        (Some(rules(&["emails"])), json!({ "emails": [] })),
        (Some(rules(&["a.b"])), json!({ "a": "x" })),
    ] {
        let refusal = named_by(rules, changes.clone()).await.unwrap_err();
        assert!(
            matches!(refusal, TokenRefusal::NoSubject { .. }),
            "{changes}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_claim_that_is_no_name_makes_the_token_bad() {
    for odd in [
        json!("finn\u{0}"),
        json!("finn\n"),
        json!("\u{7f}finn"),
        json!("fi\u{85}nn"),
        json!("a".repeat(1025)),
        json!(7),
        json!(true),
        json!({ "name": "finn" }),
        json!(["finn", "admin"]),
        json!([7]),
    ] {
        assert_refused(None, json!({ "sub": odd.clone() })).await;
        let list = ["upn", "sub"];
        assert_refused(Some(rules(&list)), json!({ "upn": odd })).await;
    }
    for name in ["client_id", "azp", "iss"] {
        let refusal = named_by(None, json!({ name: "a\u{0}" })).await.unwrap_err();
        assert!(
            matches!(
                refusal,
                TokenRefusal::Claims(_) | TokenRefusal::Issuer { .. }
            ),
            "{name}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_client_is_no_user_unless_that_is_asked_for() {
    let own = [
        json!({ "sub": "admin", "client_id": "admin" }),
        json!({ "sub": "admin", "azp": "admin" }),
        json!({ "sub": "admin", "cid": "admin" }),
        json!({ "sub": "admin@clients", "azp": "admin" }),
    ];
    for changes in own {
        assert_eq!(
            TokenRefusal::ClientsOwn,
            named_by(None, changes.clone()).await.unwrap_err(),
            "{changes}"
        );
        let named = named_by(
            Some(rules(&["client_id", "azp", "cid", "sub"])),
            changes.clone(),
        );
        assert!(!named.await.unwrap().is_empty(), "{changes}");
    }
    let asked = named_by(Some(rules(&["client_id"])), json!({ "client_id": "robot" }));
    assert_eq!(vec!["client_id=robot"], asked.await.unwrap());
}

#[tokio::test]
async fn an_address_that_is_not_verified_names_nobody() {
    let list = ["upn", "email"];
    for unverified in [
        json!(false),
        json!("false"),
        json!(0),
        json!("no"),
        json!([]),
        json!({}),
    ] {
        let alone = json!({ "email": "b@c.test", "email_verified": unverified });
        assert_eq!(
            TokenRefusal::UnverifiedEmail {
                by: "email_verified"
            },
            named_by(Some(rules(&list)), alone).await.unwrap_err(),
            "{unverified}"
        );
        // Others still name somebody, and none as an address.
        let beside =
            json!({ "upn": "b@c.test", "email": "x@c.test", "email_verified": unverified });
        let named = named_by(Some(rules(&list)), beside).await.unwrap();
        assert_eq!(vec!["upn=b@c.test"], named, "{unverified}");
        // In the usual order too: not even as a user name.
        assert_refused(
            None,
            json!({ "sub": null, "email": "admin", "email_verified": unverified }),
        )
        .await;
    }
    for verified in [json!(true), json!("true"), json!(1), json!(null)] {
        let changes = json!({ "email": "b@c.test", "email_verified": verified });
        let named = named_by(Some(rules(&list)), changes).await.unwrap();
        assert_eq!(vec!["email~b@c.test"], named, "{verified}");
    }
}
