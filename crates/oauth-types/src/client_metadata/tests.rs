#![expect(
    clippy::needless_pass_by_value,
    reason = "metadata is written at the call"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_types::ClientId;

use super::*;
use crate::{ErrorCode, OAuthError};

const DOCUMENT: &str = "https://chatgpt.com/oauth/Ab12/client.json";

fn register(metadata: Value) -> Result<ClientMetadata, OAuthError> {
    ClientMetadata::from_registration(metadata)
}

fn good(metadata: Value) -> ClientMetadata {
    register(metadata.clone()).unwrap_or_else(|error| panic!("{metadata}: {error}"))
}

/// Registration metadata of a public client, with members changed.
fn with(changes: Value) -> Value {
    let base = json!({
        "client_name": "Agent",
        "redirect_uris": ["http://localhost:1234/callback"],
        "token_endpoint_auth_method": "none",
    });
    merged(base, changes)
}

fn merged(mut base: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

fn document(changes: Value) -> Result<ClientMetadata, OAuthError> {
    let base = json!({
        "client_id": DOCUMENT,
        "client_name": "ChatGPT",
        "redirect_uris": ["https://chatgpt.com/connector/oauth/Ab12"],
    });
    let url: ClientId = DOCUMENT.parse().unwrap();
    ClientMetadata::from_document(&url, merged(base, changes))
}

/// A key of P-256 (RFC 7517 appendix A.1).
fn key_set() -> Value {
    json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] })
}

mod registration {
    use super::*;

    #[test]
    fn claude_code_registers() {
        let metadata = good(json!({
            "client_name": "Claude Code (oa2)",
            "redirect_uris": ["http://localhost:53952/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "scope": "mcp:read mcp:query openid offline_access",
        }));
        insta::assert_json_snapshot!(metadata, @r#"
        {
          "client_name": "Claude Code (oa2)",
          "redirect_uris": [
            "http://localhost:53952/callback"
          ],
          "grant_types": [
            "authorization_code",
            "refresh_token"
          ],
          "token_endpoint_auth_method": "none",
          "application_type": "native",
          "scope": "mcp:read mcp:query offline_access"
        }
        "#);
    }

    #[test]
    fn cursor_registers_with_its_scheme_and_is_a_program() {
        let uris = json!([
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback",
        ]);
        let metadata = good(with(
            json!({ "redirect_uris": uris, "application_type": "web" }),
        ));
        assert_eq!(uris, json!(metadata.redirect_uris));
        assert_eq!(Some(ApplicationType::Native), metadata.application_type);
        assert_eq!(
            vec!["cursor://", "localhost", "www.cursor.com"],
            metadata.redirect_hosts()
        );
        for requested in [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "http://localhost:9999/callback",
        ] {
            assert!(metadata.allows_redirect(&requested.parse().unwrap()));
        }
        assert!(!metadata.allows_redirect(&"cursor://other/oauth/callback".parse().unwrap()));
    }

    #[test]
    fn a_scheme_that_could_be_any_programs_is_for_those_who_are_signed_in() {
        let uris = |uris: &[&str]| with(json!({ "redirect_uris": uris }));
        let taken = ClientMetadata::from_settings(uris(&["acme://cb"])).unwrap();
        assert_eq!(vec!["acme://cb"], taken.redirect_uris);
        let refused = ClientMetadata::from_registration(uris(&["acme://cb"])).unwrap_err();
        assert_eq!(ErrorCode::InvalidRedirectUri, refused.code);
        assert!(
            refused.description.contains("com.example.app"),
            "{refused:?}"
        );
        // Those beside it are taken.
        let both = uris(&["acme://cb", "com.example.app:/cb", "zed://cb"]);
        let taken = ClientMetadata::from_registration(both).unwrap();
        assert_eq!(vec!["com.example.app:/cb", "zed://cb"], taken.redirect_uris);
    }

    #[test]
    fn the_answer_never_holds_null() {
        let nulls = json!({
            "client_uri": null, "jwks": null, "jwks_uri": "", "scope": null, "software_id": null,
            "software_version": "", "application_type": null, "grant_types": null, "response_types": null,
            "logo_uri": null, "contacts": null,
        });
        let text = serde_json::to_string(&good(with(nulls))).unwrap();
        assert!(!text.contains("null") && !text.contains("\"\""), "{text}");
    }

    #[test]
    fn unusable_uris_are_left_out_if_one_remains() {
        let metadata = good(with(json!({ "redirect_uris": [
            "javascript:alert(1)", "http://example.com/cb", "https://ok.example/cb", "https://ok.example/cb", "",
        ] })));
        assert_eq!(vec!["https://ok.example/cb"], metadata.redirect_uris);
    }

    #[test]
    fn without_a_usable_uri_it_is_refused() {
        for uris in [
            json!([]),
            json!(null),
            json!(["javascript:alert(1)"]),
            json!(["http://example.com/cb", "/cb"]),
            json!(vec!["https://a.example/cb"; 33]),
        ] {
            let error = register(with(json!({ "redirect_uris": uris }))).unwrap_err();
            assert_eq!(ErrorCode::InvalidRedirectUri, error.code, "{uris}");
        }
    }

    #[test]
    fn members_of_another_shape_are_refused_by_name() {
        for (name, value) in [
            ("redirect_uris", json!("https://a.example/cb")),
            ("redirect_uris", json!([1])),
            ("redirect_uris", json!([["https://a.example/cb"]])),
            ("client_name", json!({ "en": "x" })),
            ("grant_types", json!("authorization_code")),
            ("response_types", json!([null])),
            ("scope", json!(["mcp:read"])),
            ("token_endpoint_auth_method", json!(7)),
            ("application_type", json!("browser")),
            ("jwks_uri", json!({})),
        ] {
            let error = register(with(json!({ name: value }))).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code, "{name}");
            assert!(
                error.description.contains(name),
                "{name}: {}",
                error.description
            );
        }
        for whole in [json!(null), json!([]), json!("x"), json!(1)] {
            let error = register(whole).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code);
        }
    }

    #[test]
    fn names_are_kept_as_people_may_see_them() {
        for (name, kept) in [
            (json!("Claude Code (my-server)"), "Claude Code (my-server)"),
            (json!("  Zoë\u{202e}'s\n agent\u{200b} "), "Zoë's agent"),
            (json!("<script>"), "<script>"),
            (json!("\u{202e}\u{200b}"), "Unnamed MCP client"),
            (json!(null), "Unnamed MCP client"),
        ] {
            assert_eq!(kept, good(with(json!({ "client_name": name }))).client_name);
        }
        let long = good(with(json!({ "client_name": "ä".repeat(10_000) })));
        assert_eq!(200, long.client_name.chars().count());
    }

    #[test]
    fn a_control_character_is_refused_and_named_wherever_it_is() {
        for (name, value) in [
            ("client_name", json!("Age\u{0}nt")),
            ("client_name", json!("Age\u{1b}nt")),
            ("client_name", json!("Age\u{85}nt")),
            ("software_id", json!("a\u{7f}")),
            ("software_version", json!("\u{0}")),
            ("contacts", json!(["a@example.com", "b\u{0}@example.com"])),
            (
                "redirect_uris",
                json!(["http://localhost/cb", "http://localhost/\u{0}"]),
            ),
            ("client_uri", json!("https://a.example/\u{1}")),
            ("logo_uri", json!("https://a.example/\u{9f}")),
            ("scope", json!("mcp:read\u{0}")),
            ("jwks", json!({ "keys": [{ "kid": "\u{0}" }] })),
            ("anything", json!({ "deep": ["\u{2}"] })),
        ] {
            for refused in [
                register(with(json!({ name: value }))),
                ClientMetadata::from_settings(with(json!({ name: value }))),
                document(json!({ name: value })),
            ] {
                let error = refused.unwrap_err();
                assert_eq!(ErrorCode::InvalidClientMetadata, error.code, "{name}");
                assert!(error.description.contains(name), "{error}");
                assert!(
                    error.description.contains("control character U+"),
                    "{error}"
                );
            }
        }
        assert!(register(with(json!({ "a\nb": 1 }))).is_err());
    }

    #[test]
    fn grant_types_are_those_that_we_have() {
        let of = |types: Value| good(with(json!({ "grant_types": types }))).grant_types;
        let both = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        assert_eq!(both, of(json!(null)));
        assert_eq!(both, of(json!([])));
        assert_eq!(
            both,
            of(json!([
                "authorization_code",
                "implicit",
                "refresh_token",
                "refresh_token",
                "password"
            ]))
        );
        assert_eq!(
            vec![GrantType::DeviceCode],
            of(json!(["urn:ietf:params:oauth:grant-type:device_code"]))
        );
        // A person must say for whom a machine acts; an unproved client cannot bring an identity provider's word.
        assert_eq!(
            vec![GrantType::AuthorizationCode],
            of(json!([
                "client_credentials",
                "authorization_code",
                "urn:ietf:params:oauth:grant-type:jwt-bearer"
            ]))
        );
    }

    #[test]
    fn a_client_without_a_way_to_tokens_is_refused() {
        for types in [
            json!(["implicit"]),
            json!(["refresh_token"]),
            json!(["client_credentials"]),
            json!(["client_credentials", "refresh_token"]),
        ] {
            let error = register(with(json!({ "grant_types": types }))).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code, "{types}");
        }
        let error = register(with(json!({ "response_types": ["token"] }))).unwrap_err();
        assert!(error.description.contains("response_types"));
        assert!(register(with(json!({ "response_types": ["code", "token"] }))).is_ok());
    }

    #[test]
    fn a_device_needs_no_redirect_uri() {
        let device = json!([
            "urn:ietf:params:oauth:grant-type:device_code",
            "refresh_token"
        ]);
        let metadata = good(with(json!({ "grant_types": device, "redirect_uris": [] })));
        assert!(metadata.redirect_uris.is_empty());
    }

    #[test]
    fn methods_are_those_that_we_have() {
        let method = |changes: Value| good(with(changes)).token_endpoint_auth_method;
        assert_eq!(
            TokenEndpointAuthMethod::ClientSecretBasic,
            method(json!({ "token_endpoint_auth_method": null }))
        );
        assert_eq!(
            TokenEndpointAuthMethod::ClientSecretPost,
            method(json!({ "token_endpoint_auth_method": "client_secret_post" }))
        );
        let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key_set() });
        assert_eq!(TokenEndpointAuthMethod::PrivateKeyJwt, method(keyed));
        for unknown in ["client_secret_jwt", "tls_client_auth", "NONE", "x"] {
            let error =
                register(with(json!({ "token_endpoint_auth_method": unknown }))).unwrap_err();
            assert!(error.description.contains("token_endpoint_auth_method"));
        }
    }

    #[test]
    fn private_key_jwt_needs_a_key_that_could_be_used() {
        let shared = json!({ "keys": [{ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T" }] });
        let mut private = key_set();
        private["keys"][0]["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
        for keys in [
            json!({}),
            json!({ "jwks": {} }),
            json!({ "jwks": { "keys": [] } }),
            json!({ "jwks": "x" }),
            json!({ "jwks": shared }),
            json!({ "jwks": private }),
            json!({ "jwks": key_set(), "jwks_uri": "https://a.example/jwks" }),
            json!({ "jwks_uri": "http://a.example/jwks" }),
            json!({ "jwks_uri": "https://user@a.example/jwks" }),
            json!({ "jwks_uri": "https://a.example/jwks#x" }),
            json!({ "jwks_uri": "https:\\\\a.example/jwks" }),
            json!({ "jwks_uri": "file:///etc/passwd" }),
            json!({ "jwks": { "keys": vec![key_set()["keys"][0].clone(); 1000] } }),
        ] {
            let changes = merged(
                json!({ "token_endpoint_auth_method": "private_key_jwt" }),
                keys,
            );
            let error = register(with(changes)).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code);
            assert!(error.description.contains("jwks"), "{error}");
        }
    }

    #[test]
    fn keys_that_prove_nothing_are_not_kept() {
        let metadata = good(with(json!({ "jwks": key_set() })));
        assert_eq!((None, None), (metadata.jwks, metadata.jwks_uri));
    }

    #[test]
    fn a_client_page_that_is_no_web_page_is_left_out() {
        for bad in [
            json!("javascript:alert(1)"),
            json!("http://a.example"),
            json!("x"),
            json!(7),
            json!("https://u:p@a.example/"),
        ] {
            assert_eq!(None, good(with(json!({ "client_uri": bad }))).client_uri);
        }
        let page = good(with(json!({ "client_uri": "https://a.example/about" })));
        assert_eq!(Some("https://a.example/about"), page.client_uri.as_deref());
    }

    #[test]
    fn machines_are_made_in_the_settings() {
        let machine = json!({
            "client_name": "Nightly export",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_basic",
        });
        let metadata = ClientMetadata::from_settings(machine.clone()).unwrap();
        assert_eq!(vec![GrantType::ClientCredentials], metadata.grant_types);
        assert!(register(machine.clone()).is_err());
        let public = merged(machine, json!({ "token_endpoint_auth_method": "none" }));
        assert!(ClientMetadata::from_settings(public).is_err());
    }
}

mod dedupe {
    use super::*;

    fn digest(changes: Value) -> String {
        good(with(changes)).digest().to_string()
    }

    #[test]
    fn the_same_client_has_the_same_digest() {
        assert_eq!(
            digest(json!({ "redirect_uris": ["http://localhost:1/cb", "https://a.example/cb"] })),
            digest(json!({ "redirect_uris": ["https://a.example/cb", "http://localhost:2/cb"] })),
        );
        assert_eq!(
            digest(json!({ "grant_types": ["authorization_code", "refresh_token"] })),
            digest(json!({ "grant_types": ["refresh_token", "authorization_code", "implicit"] })),
        );
        assert_eq!(digest(json!({ "contacts": ["a"] })), digest(json!({})));
    }

    #[test]
    fn another_client_has_another_digest() {
        let mut digests = std::collections::HashSet::new();
        let different = [
            json!({}),
            json!({ "client_name": "Other" }),
            json!({ "redirect_uris": ["http://127.0.0.1:1/callback"] }),
            json!({ "redirect_uris": ["http://localhost:1/callback?x"] }),
            json!({ "redirect_uris": ["https://a.example:1/callback"] }),
            json!({ "redirect_uris": ["https://a.example:2/callback"] }),
            json!({ "grant_types": ["authorization_code"] }),
            json!({ "scope": "mcp:read" }),
            json!({ "software_version": "2" }),
            json!({ "application_type": "native" }),
        ];
        for changes in &different {
            digests.insert(digest(changes.clone()));
        }
        assert_eq!(different.len(), digests.len());
    }
}

mod documents {
    use super::*;

    #[test]
    fn chatgpts_document_is_taken_with_its_keys() {
        let metadata = document(json!({
            "client_uri": "https://chatgpt.com/",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        }))
        .unwrap();
        insta::assert_json_snapshot!(metadata, @r#"
        {
          "client_name": "ChatGPT",
          "redirect_uris": [
            "https://chatgpt.com/connector/oauth/Ab12"
          ],
          "grant_types": [
            "authorization_code",
            "refresh_token"
          ],
          "token_endpoint_auth_method": "private_key_jwt",
          "client_uri": "https://chatgpt.com/",
          "jwks_uri": "https://chatgpt.com/oauth/jwks.json"
        }
        "#);
    }

    #[test]
    fn a_document_that_says_nothing_is_of_a_public_client() {
        let method = document(json!({})).unwrap().token_endpoint_auth_method;
        assert_eq!(TokenEndpointAuthMethod::None, method);
    }

    #[test]
    fn methods_are_negotiated_from_what_the_document_lists() {
        let method = |changes: Value| document(changes).map(|it| it.token_endpoint_auth_method);
        for changes in [
            json!({ "token_endpoint_auth_method": "tls_client_auth", "token_endpoint_auth_methods_supported": ["tls_client_auth", "none"] }),
            // No keys: what is left is `none`.
            json!({ "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"] }),
            json!({ "token_endpoint_auth_methods_supported": ["none"] }),
        ] {
            assert_eq!(Ok(TokenEndpointAuthMethod::None), method(changes));
        }
        assert_eq!(
            Ok(TokenEndpointAuthMethod::PrivateKeyJwt),
            method(
                json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"], "jwks": key_set() })
            )
        );
    }

    #[test]
    fn shared_secrets_are_refused() {
        for changes in [
            json!({ "client_secret": "hunter2" }),
            json!({ "client_secret_expires_at": 0 }),
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "token_endpoint_auth_method": "client_secret_post" }),
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        ] {
            let error = document(changes).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code);
            assert!(!error.description.contains("hunter2"));
        }
    }

    #[test]
    fn the_document_must_name_itself_exactly() {
        for id in [
            json!(null),
            json!(""),
            json!("https://chatgpt.com/oauth/Ab12/client.json/"),
            json!("https://chatgpt.com:443/oauth/Ab12/client.json"),
            json!("https://ChatGPT.com/oauth/Ab12/client.json"),
            json!("https://chatgpt.com/oauth/Ab12/client.json?x"),
            json!("https://evil.tld/client.json"),
            json!([DOCUMENT]),
        ] {
            let error = document(json!({ "client_id": id })).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code, "{id}");
        }
    }

    #[test]
    fn name_and_redirect_uris_are_needed() {
        for changes in [
            json!({ "client_name": null }),
            json!({ "client_name": " \u{202e}" }),
            json!({ "redirect_uris": [] }),
            json!({ "redirect_uris": ["http://chatgpt.com/cb"] }),
            json!({ "redirect_uris": [], "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"] }),
            json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt", "jwks": key_set() }),
        ] {
            assert!(document(changes.clone()).is_err(), "{changes}");
        }
    }

    #[test]
    fn where_a_document_may_be() {
        for good in [
            DOCUMENT,
            "https://claude.ai/oauth/claude-code-client-metadata",
            "https://example.com:8443/c",
            "https://example.com/c?v=1",
            "https://xn--pple-43d.com/c",
        ] {
            let url = ClientMetadata::document_url(&good.parse().unwrap()).unwrap();
            assert_eq!(good, url.as_str());
        }
        for bad in [
            "my-client",
            "http://example.com/c",
            "https://example.com",
            "https://example.com/",
            "https://example.com?x",
            "https://example.com/c#f",
            "https://example.com/c#",
            "https://u@example.com/c",
            "https://u:p@example.com/c",
            "https://example.com/a/../c",
            "https://example.com/./c",
            "https://example.com/%2e%2e/c",
            "https://example.com:443/c",
            "https://EXAMPLE.com/c",
            "https:\\\\example.com\\c",
            "https:/example.com/c",
            "https:example.com/c",
            "https://example.com./c",
            "https://127.1/c",
            "https://0x7f000001/c",
            "HTTPS://example.com/c",
            "ftp://example.com/c",
        ] {
            let error = ClientMetadata::document_url(&bad.parse().unwrap()).unwrap_err();
            assert_eq!(ErrorCode::InvalidClientMetadata, error.code, "{bad}");
        }
    }
}

/// Any JSON of a few levels, with the members of metadata among its names.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        "(https?|javascript|cursor)://[a-z.@:0-9]{0,12}/[a-z#?]{0,5}".prop_map(Value::from),
        "(none|private_key_jwt|client_secret_basic|code|authorization_code|web|native)"
            .prop_map(Value::from),
    ];
    let name = "(client_id|client_name|redirect_uris|grant_types|response_types|token_endpoint_auth_method|application_type|jwks|jwks_uri|scope|keys|client_uri|software_id)";
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..8).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    /// Whatever comes is refused, or kept in a form that is taken again unchanged.
    #[test]
    fn what_is_kept_is_sound(metadata in any_json()) {
        let url: ClientId = DOCUMENT.parse().unwrap();
        let read = [
            ClientMetadata::from_registration(metadata.clone()),
            ClientMetadata::from_settings(metadata.clone()),
            ClientMetadata::from_document(&url, merged(json!({}), match metadata {
                Value::Object(_) => merged(metadata.clone(), json!({ "client_id": DOCUMENT })),
                _ => json!({}),
            })),
        ];
        for kept in read.into_iter().flatten() {
            prop_assert!(!kept.client_name.is_empty() && kept.client_name.chars().count() <= 200);
            prop_assert!(kept.redirect_uris.iter().all(|uri| RedirectUri::parse(uri).is_ok()));
            let json = serde_json::to_value(&kept).unwrap();
            prop_assert!(json.as_object().unwrap().values().all(|value| !value.is_null()));
            let again = ClientMetadata::from_settings(json).unwrap();
            prop_assert_eq!(kept.digest(), again.digest());
            prop_assert_eq!(kept, again);
        }
    }
}
