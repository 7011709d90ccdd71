//! `[auth.jwt]`: whose tokens are taken, and which user they are of.

use tidegate_config::{AuthMethod, JwtKey, JwtSettings, Problem, Settings};

fn load(variables: &[(&str, &str)]) -> Result<JwtSettings, Vec<Problem>> {
    let mut environment: tidegate_config::Environment = variables
        .iter()
        .map(|(name, value)| {
            let name = match name.strip_prefix("jwt.") {
                Some(key) => format!("TIDEGATE_AUTH__JWT__{}", key.to_uppercase()),
                None => (*name).to_owned(),
            };
            (name, (*value).to_owned())
        })
        .collect();
    environment.insert("TIDEGATE_AUTH__ENABLED".to_owned(), "true".to_owned());
    match Settings::load(None, &environment)?.auth.method {
        AuthMethod::Jwt(jwt) => Ok(*jwt),
        other => panic!("{other:?}"),
    }
}

const KEYS: (&str, &str) = ("jwt.jwks_uri", "https://id.example/jwks");
const TENANT: &str = "https://login.microsoftonline.com/8f3b1c2e-0d4a-4b6f-9a51-2c7e9d8b1a60/v2.0";

#[test]
fn where_nothing_is_said_users_are_those_of_superset_s_order_without_clients() {
    let jwt = load(&[KEYS]).unwrap();
    assert_eq!(
        ["sub", "email", "username", "preferred_username", "upn"].as_slice(),
        jwt.user.claims.as_slice()
    );
    assert!(jwt.user.only_first && !jwt.user.ignores_case);
    assert_eq!(
        ["at+jwt", "jwt"].as_slice(),
        jwt.token_types.named.as_slice()
    );
    assert!(jwt.token_types.may_be_absent);
    assert_eq!(
        ["scope", "scp", "scopes"].as_slice(),
        jwt.scope_claims.as_slice()
    );
    assert!(jwt.issuers.is_empty() && jwt.issuer.is_none());
    assert!(jwt.client_scopes.supported.is_empty() && jwt.client_scopes.challenged.is_empty());
}

#[test]
fn an_operator_s_claims_are_gone_through_in_their_order() {
    let jwt = load(&[
        KEYS,
        ("jwt.user_claim", "preferred_username, email,realm.user"),
    ])
    .unwrap();
    assert_eq!(
        ["preferred_username", "email", "realm.user"].as_slice(),
        jwt.user.claims.as_slice()
    );
    assert!(!jwt.user.only_first && !jwt.user.ignores_case);
    for (value, ignores_case) in [("exact", false), ("ignore", true)] {
        let jwt = load(&[KEYS, ("jwt.username_case", value)]).unwrap();
        assert_eq!(ignores_case, jwt.user.ignores_case, "{value}");
    }
    let jwt = load(&[KEYS, ("AUTH_USERNAME_CI", "True")]).unwrap();
    assert!(jwt.user.ignores_case);
    let jwt = load(&[
        ("AUTH_USERNAME_CI", "False"),
        ("jwt.preset", "keycloak"),
        ("jwt.issuer", "https://id.acme.test/realms/acme"),
        ("jwt.audience", "tidegate"),
    ])
    .unwrap();
    assert!(!jwt.user.ignores_case);
}

#[test]
fn a_preset_needs_an_issuer_and_an_audience_and_finds_the_rest() {
    let keycloak = [
        ("jwt.preset", "keycloak"),
        ("jwt.issuer", "https://id.acme.test/realms/acme"),
        ("jwt.audience", "tidegate"),
    ];
    let jwt = load(&keycloak).unwrap();
    let JwtKey::Jwks(keys) = &jwt.key else {
        panic!("{:?}", jwt.key);
    };
    assert_eq!(
        "https://id.acme.test/realms/acme/protocol/openid-connect/certs",
        keys.uri.as_str()
    );
    assert_eq!(
        ["preferred_username", "email"].as_slice(),
        jwt.user.claims.as_slice()
    );
    assert!(!jwt.user.only_first && jwt.user.ignores_case);
    assert_eq!(Some("Bearer"), jwt.shape.payload_type);
    // What is set counts before the preset.
    let own = [
        ("jwt.user_claim", "sub"),
        ("jwt.username_case", "exact"),
        ("jwt.jwks_uri", "https://elsewhere.test/keys"),
        ("jwt.algorithm", "ES256"),
    ];
    let jwt = load(&[&keycloak[..], &own].concat()).unwrap();
    assert_eq!(["sub"].as_slice(), jwt.user.claims.as_slice());
    assert!(!jwt.user.ignores_case);
    assert!(
        matches!(&jwt.key, JwtKey::Jwks(keys) if keys.uri.as_str() == "https://elsewhere.test/keys")
    );
    assert_eq!(["ES256"], [jwt.algorithms[0].as_str()]);
}

#[test]
fn entra_s_issuer_and_audience_are_known_in_both_forms() {
    let jwt = load(&[
        ("jwt.preset", "entra"),
        ("jwt.issuer", TENANT),
        ("jwt.audience", "6cb04018-a3f5-46a7-b995-940c78f5aef3"),
    ])
    .unwrap();
    assert_eq!(Some(TENANT), jwt.issuer.as_deref());
    assert!(
        jwt.issuers
            .contains(&"https://sts.windows.net/8f3b1c2e-0d4a-4b6f-9a51-2c7e9d8b1a60/".to_owned())
    );
    assert!(
        jwt.audience
            .contains(&"api://6cb04018-a3f5-46a7-b995-940c78f5aef3".to_owned())
    );
    assert_eq!(["scp"].as_slice(), jwt.scope_claims.as_slice());
}

#[test]
fn settings_that_would_let_in_others_are_refused() {
    let realm = ("jwt.issuer", "https://id.acme.test/realms/acme");
    let keycloak = ("jwt.preset", "keycloak");
    for (key, variables) in [
        ("auth.jwt.preset", vec![("jwt.preset", "Keycloak"), KEYS]),
        (
            "auth.jwt.issuer",
            vec![keycloak, ("jwt.audience", "t"), KEYS],
        ),
        (
            "auth.jwt.issuer",
            vec![
                keycloak,
                ("jwt.audience", "t"),
                ("jwt.issuer", "http://id.acme.test/realms/acme"),
                KEYS,
            ],
        ),
        ("auth.jwt.audience", vec![keycloak, realm]),
        (
            "auth.jwt.audience",
            vec![keycloak, realm, ("jwt.audience", "t,account")],
        ),
        (
            "auth.jwt.issuer",
            vec![
                ("jwt.preset", "entra"),
                ("jwt.audience", "t"),
                (
                    "jwt.issuer",
                    "https://login.microsoftonline.com/common/v2.0",
                ),
                KEYS,
            ],
        ),
        (
            "auth.jwt.user_claim",
            vec![KEYS, ("jwt.user_claim", r#"["a", ""]"#)],
        ),
        (
            "auth.jwt.user_claim",
            vec![KEYS, ("jwt.user_claim", r#"[" a"]"#)],
        ),
        (
            "auth.jwt.username_case",
            vec![KEYS, ("jwt.username_case", "lower")],
        ),
        (
            "auth.jwt.token_types",
            vec![KEYS, ("jwt.token_types", "[]")],
        ),
        (
            "auth.jwt.token_types",
            vec![KEYS, ("jwt.token_types", r#"["JWT", ""]"#)],
        ),
        (
            "auth.jwt.required_scopes",
            vec![KEYS, ("jwt.required_scopes", r#"["a\"b"]"#)],
        ),
        (
            "auth.jwt.scopes_supported",
            vec![KEYS, ("jwt.scopes_supported", r#"["a b"]"#)],
        ),
        ("auth.jwt.algorithm", vec![KEYS, ("jwt.algorithm", "none")]),
        (
            "auth.jwt.algorithm",
            vec![
                ("jwt.algorithm", "any"),
                (
                    "jwt.public_key",
                    "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----",
                ),
            ],
        ),
        // What says something of an issuer's tokens, and no key.
        ("auth.jwt.jwks_uri", vec![("jwt.user_claim", "email")]),
        (
            "auth.jwt.jwks_uri",
            vec![("jwt.scopes_supported", "openid")],
        ),
    ] {
        let problems = load(&variables).expect_err(&format!("{variables:?}"));
        assert_eq!(1, problems.len(), "{variables:?}: {problems:#?}");
        assert!(
            problems[0].to_string().starts_with(key),
            "{variables:?}: {}",
            problems[0]
        );
    }
}

#[test]
fn a_resolver_in_python_is_refused_with_what_takes_its_place() {
    let problems = load(&[KEYS, ("MCP_USER_RESOLVER", "my_resolver")]).unwrap_err();
    let told = problems[0].to_string();
    assert!(
        told.starts_with("MCP_USER_RESOLVER") && told.contains("auth.jwt.user_claim"),
        "{told}"
    );
    load(&[KEYS, ("MCP_USER_RESOLVER", "None")]).unwrap();
}

#[test]
fn clients_hear_of_the_scopes_that_the_issuer_is_known_to_have() {
    let scopes = |variables: &[(&str, &str)]| load(variables).unwrap().client_scopes;
    let required = scopes(&[KEYS, ("jwt.required_scopes", "mcp:read")]);
    assert_eq!(["mcp:read"].as_slice(), required.supported.as_slice());
    assert_eq!(["mcp:read"].as_slice(), required.challenged.as_slice());
    let supported = scopes(&[KEYS, ("jwt.scopes_supported", "openid,profile")]);
    assert_eq!(
        ["openid", "profile"].as_slice(),
        supported.supported.as_slice()
    );
    assert_eq!(
        ["openid", "profile"].as_slice(),
        supported.challenged.as_slice()
    );
    // Tokens without any open nothing, so that there has to be this one.
    let ours = scopes(&[KEYS, ("jwt.require_mcp_scopes", "true")]);
    assert_eq!(["mcp:read"].as_slice(), ours.challenged.as_slice());
    let both = scopes(&[
        KEYS,
        ("jwt.required_scopes", "mcp:read"),
        ("jwt.scopes_supported", "openid"),
    ]);
    assert_eq!(["openid", "mcp:read"].as_slice(), both.supported.as_slice());
    assert_eq!(["mcp:read"].as_slice(), both.challenged.as_slice());
}
