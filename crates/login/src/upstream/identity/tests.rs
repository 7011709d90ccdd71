use serde_json::json;

use super::*;

fn read(claims: Value, names: &ClaimNames) -> Identity {
    let Value::Object(claims) = claims else {
        panic!("claims are an object")
    };
    Identity::read(&claims, names).unwrap()
}

fn names() -> ClaimNames {
    ClaimNames::default()
}

fn settings() -> ProviderSettings {
    let mut settings = ProviderSettings::new("id", "https://id.test", "tidegate");
    settings.trusted_domains = vec!["acme.test".to_owned()];
    settings
}

#[test]
fn keycloak_nests_roles() {
    let names = ClaimNames {
        groups: Some("realm_access.roles".to_owned()),
        ..names()
    };
    let identity = read(
        json!({
            "exp": 1_795_000_300, "iat": 1_795_000_000, "jti": "onrtac:5ad1", "iss": "https://kc.test/realms/acme",
            "aud": "tidegate", "sub": "7d0a1c3e-2f4b-4a55-9a62-0d6f2f9b8c11", "typ": "ID", "azp": "tidegate",
            "sid": "f2c1", "acr": "1", "email_verified": true, "name": "Alice Liddell",
            "preferred_username": "alice", "given_name": "Alice", "family_name": "Liddell",
            "email": "Alice@Acme.test",
            "realm_access": {"roles": ["offline_access", "bi"]},
            "resource_access": {"account": {"roles": ["view-profile"]}},
        }),
        &names,
    );
    assert_eq!(Some("alice"), identity.username.as_deref());
    assert_eq!(Some("Alice Liddell"), identity.name.as_deref());
    assert_eq!(
        Some(vec!["offline_access".to_owned(), "bi".to_owned()]),
        identity.groups
    );
    assert_eq!(Some("Alice@Acme.test"), identity.trusted_email(&settings()));
}

#[test]
fn auth0_names_its_claims_by_urls() {
    let names = ClaimNames {
        username: "nickname".to_owned(),
        groups: Some("https://acme.test/groups".to_owned()),
        ..names()
    };
    let identity = read(
        json!({
            "https://acme.test/groups": ["bi"], "nickname": "alice", "name": "alice@acme.test",
            "picture": "https://s.test/a.png", "updated_at": "2026-11-20T11:00:00.000Z", "email": "alice@acme.test",
            "email_verified": false, "iss": "https://acme.eu.auth0.test/", "aud": "x", "iat": 1, "exp": 2,
            "sub": "google-oauth2|103547991597142817347", "sid": "y",
        }),
        &names,
    );
    assert_eq!("google-oauth2|103547991597142817347", identity.subject);
    assert_eq!(Some("alice"), identity.username.as_deref());
    assert_eq!(Some(vec!["bi".to_owned()]), identity.groups);
    assert_eq!(None, identity.trusted_email(&settings()), "not verified");
}

/// Whoever administers any tenant of Entra writes any address into it; only `xms_edov` says that it was proven.
#[test]
fn entra_proves_no_address_by_itself() {
    let claims = |proven: Value| {
        json!({
            "aud": "6cb0", "iss": "https://login.microsoftonline.com/9188/v2.0", "iat": 1, "nbf": 1, "exp": 2,
            "email": "ceo@acme.test", "groups": ["0aa9-1", "0aa9-2"], "name": "Eve", "oid": "0000-1", "tid": "9188",
            "preferred_username": "eve@evil.test", "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "ver": "2.0",
            "xms_edov": proven,
        })
    };
    let of_entra = ClaimNames {
        email_verified: "xms_edov".to_owned(),
        groups: Some("groups".to_owned()),
        ..names()
    };
    let trusted = |claims: Value, names: &ClaimNames| {
        read(claims, names)
            .trusted_email(&settings())
            .map(str::to_owned)
    };
    assert_eq!(None, trusted(claims(json!(true)), &names()));
    for proven in [json!(true), json!(1), json!("1"), json!("true")] {
        assert!(trusted(claims(proven), &of_entra).is_some());
    }
    for unproven in [
        json!(false),
        json!(0),
        json!("0"),
        json!(null),
        json!([true]),
        json!("yes"),
        json!({}),
    ] {
        assert_eq!(None, trusted(claims(unproven), &of_entra));
    }
}

/// Entra leaves the groups out when there are many, and says where they could be asked for.
#[test]
fn groups_that_are_left_out_are_not_none() {
    let of_entra = ClaimNames {
        groups: Some("groups".to_owned()),
        ..names()
    };
    let overage = json!({
        "sub": "1", "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://graph.test/getMemberObjects"}},
    });
    assert_eq!(None, read(overage, &of_entra).groups);
    assert_eq!(
        None,
        read(json!({"sub": "1", "groups": null}), &of_entra).groups
    );
    assert_eq!(
        Some(vec![]),
        read(json!({"sub": "1", "groups": []}), &of_entra).groups
    );
    let one = read(json!({"sub": "1", "groups": "bi"}), &of_entra);
    assert_eq!(Some(vec!["bi".to_owned()]), one.groups);
    let strange = read(
        json!({"sub": "1", "groups": [1, null, "bi", ["x"]]}),
        &of_entra,
    );
    assert_eq!(Some(vec!["bi".to_owned()]), strange.groups);
}

#[test]
fn okta_and_cognito() {
    let okta = read(
        json!({
            "sub": "00uid4BxXw6I6TV4m0g3", "ver": 1, "iss": "https://acme.okta.test", "aud": "0oa", "iat": 1, "exp": 2,
            "name": "Alice Liddell", "email": "alice@acme.test", "email_verified": true,
            "preferred_username": "alice@acme.test", "groups": ["Everyone", "bi"], "auth_time": 1, "idp": "00o",
        }),
        &names(),
    );
    assert_eq!(Some("alice@acme.test"), okta.username.as_deref());
    assert_eq!(None, okta.groups, "nothing is mapped");
    let of_cognito = ClaimNames {
        username: "cognito:username".to_owned(),
        groups: Some("cognito:groups".to_owned()),
        ..names()
    };
    let cognito = read(
        json!({
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["bi"], "email_verified": "true",
            "cognito:username": "alice", "email": "alice@acme.test", "token_use": "id",
        }),
        &of_cognito,
    );
    assert_eq!(Some("alice"), cognito.username.as_deref());
    assert!(cognito.trusted_email(&settings()).is_some());
}

#[test]
fn only_one_plain_address_is_an_address() {
    let email = |email: &str| {
        let identity = read(
            json!({"sub": "1", "email": email, "email_verified": true}),
            &names(),
        );
        identity.trusted_email(&settings()).map(str::to_owned)
    };
    assert_eq!(Some("a@ACME.test"), email("a@ACME.test").as_deref());
    assert_eq!(
        Some("a+b.c@acme.test"),
        email(" a+b.c@acme.test ").as_deref()
    );
    for no_address in [
        "",
        "@acme.test",
        "a@",
        "a",
        "a@b@acme.test",
        "eve@evil.test,a@acme.test",
        "\"eve@evil.test\"@acme.test",
        "a b@acme.test",
        "a\u{0}@acme.test",
        "a@acme.test\u{200b}",
        "ä@acme.test",
        "a@аcme.test",
        "a@acme..test",
        "a@.acme.test",
        "(x)a@acme.test",
        "a@sub.acme.test",
        "a@acme.test.evil.test",
        "a@notacme.test",
        &format!("{}@acme.test", "a".repeat(65)),
    ] {
        assert_eq!(None, email(no_address), "{no_address}");
    }
}

#[test]
fn allowed_domains_want_a_proven_address() {
    let mut settings = settings();
    let is_allowed = |settings: &ProviderSettings, email: Value, proven: bool| {
        let claims = json!({"sub": "1", "email": email, "email_verified": proven});
        read(claims, &names()).is_allowed(settings)
    };
    assert!(
        is_allowed(&settings, Value::Null, false),
        "no list, no rule"
    );
    settings.allowed_domains = vec!["acme.test".to_owned()];
    assert!(is_allowed(&settings, json!("a@Acme.test"), true));
    assert!(!is_allowed(&settings, json!("a@acme.test"), false));
    assert!(!is_allowed(&settings, json!("a@evil.test"), true));
    assert!(!is_allowed(&settings, json!(["a@acme.test"]), true));
    assert!(!is_allowed(&settings, Value::Null, true));
}

#[test]
fn claims_of_another_type_are_not_there() {
    let identity = read(
        json!({"sub": "1", "preferred_username": 7, "name": ["x"], "email": {"a": 1}, "email_verified": true}),
        &names(),
    );
    assert_eq!(
        (None, None, None),
        (identity.username, identity.name, identity.email)
    );
    for subject in [
        json!(1),
        json!(""),
        json!(null),
        json!("a\n"),
        json!("x".repeat(256)),
    ] {
        let claims = json!({"sub": subject});
        assert!(Identity::read(claims.as_object().unwrap(), &names()).is_none());
    }
}
