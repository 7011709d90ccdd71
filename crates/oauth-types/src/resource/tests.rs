use super::*;

fn map() -> ResourceMap {
    ResourceMap::new(
        &"https://bi.example.com/".parse().unwrap(),
        [
            ("acme.example.net".to_owned(), slug("acme")),
            ("BI.example.com.au".to_owned(), slug("au")),
        ],
        None,
    )
}

fn slug(text: &str) -> WorkspaceSlug {
    text.parse().unwrap()
}

fn find(text: &str) -> Option<Target> {
    map().find(&Resource::parse(text).unwrap())
}

#[test]
fn what_clients_write_differently_is_the_same_resource() {
    for text in [
        "https://bi.example.com/mcp",
        "https://bi.example.com/mcp/",
        "https://bi.example.com/mcp//",
        "https://bi.example.com//mcp",
        "https://bi.example.com///mcp//?x",
        "https://BI.Example.COM/mcp",
        "HTTPS://bi.example.com:443/mcp",
        "https://bi.example.com/mcp?kb_name=x",
        "https://bi.example.com/mcp/?",
        "https://bi.example.com/x/../mcp",
    ] {
        let resource = Resource::parse(text).unwrap();
        assert_eq!("https://bi.example.com/mcp", resource.as_str(), "{text}");
    }
    let with_port = Resource::parse("http://127.0.0.1:8080/mcp/").unwrap();
    assert_eq!("http://127.0.0.1:8080/mcp", with_port.as_str());
    assert_eq!(
        "http://[::1]",
        Resource::parse("http://[::1]:80/").unwrap().as_str()
    );
}

#[test]
fn what_is_no_resource_is_invalid_target() {
    let long = format!("https://bi.example.com/{}", "a".repeat(4096));
    for bad in [
        "",
        "mcp",
        "/mcp",
        "//bi.example.com/mcp",
        "bi.example.com/mcp",
        "urn:example:mcp",
        "file:///mcp",
        "https://user@bi.example.com/mcp",
        "https://:secret@bi.example.com/mcp",
        "https://bi.example.com/mcp#",
        "https://bi.example.com/mcp#part",
        "https://bi.example.com\\mcp",
        "https://bi.exam\nple.com/mcp",
        " https://bi.example.com/mcp",
        "https://bi.exämple.com/mcp",
        "https://bi.example.com/mcp https://bi.example.com/mcp",
        &long,
    ] {
        let error = Resource::parse(bad).unwrap_err();
        assert_eq!(ErrorCode::InvalidTarget, error.code, "{bad:?}");
    }
}

#[test]
fn our_resources_are_found() {
    for (text, target) in [
        ("https://bi.example.com/mcp/", Target::Generic),
        ("https://bi.example.com", Target::Generic),
        (
            "https://bi.example.com/w/acme/mcp",
            Target::Workspace(slug("acme")),
        ),
        (
            "https://bi.example.com/w/other/mcp/?x",
            Target::Workspace(slug("other")),
        ),
        (
            "https://acme.example.net/mcp",
            Target::Workspace(slug("acme")),
        ),
        ("https://acme.example.net/", Target::Workspace(slug("acme"))),
        // Its text begins as the issuer's does.
        (
            "https://bi.example.com.au/mcp",
            Target::Workspace(slug("au")),
        ),
    ] {
        assert_eq!(Some(target), find(text), "{text}");
    }
}

#[test]
fn others_are_not_ours() {
    for text in [
        "http://bi.example.com/mcp",
        "https://bi.example.com:8443/mcp",
        "https://bi.example.com.evil.tld/mcp",
        "https://evil.tld/mcp",
        "https://evil.tld/https://bi.example.com/mcp",
        "https://bi.example.com/other",
        "https://bi.example.com/mcp/more",
        "https://bi.example.com/w/acme",
        "https://bi.example.com/w//mcp",
        "https://bi.example.com/w/a/b/mcp",
        "https://bi.example.com/w/Acme/mcp",
        "https://bi.example.com/w/%61cme/mcp",
        "https://bi.example.com/w/acme/MCP",
        // A workspace's host is that workspace's and no other's.
        "https://acme.example.net/w/rival/mcp",
        "https://acme.example.net/other",
        "https://other.example.net/mcp",
    ] {
        assert_eq!(None, find(text), "{text}");
    }
}

#[test]
fn other_names_of_the_server_name_the_same_resources() {
    let map = ResourceMap::new(&"http://127.0.0.1:5008".parse().unwrap(), [], None)
        .with_other_names(["localhost", "127.0.0.1", "[::1]", "not a host"]);
    for (host, named) in [
        ("localhost:5008", "http://localhost:5008/w/acme/mcp"),
        ("LOCALHOST:5008", "http://localhost:5008/w/acme/mcp"),
        ("[::1]:5008", "http://[::1]:5008/w/acme/mcp"),
        ("127.0.0.1:5008", "http://127.0.0.1:5008/w/acme/mcp"),
        // Another port and another host are nobody's names.
        ("localhost:80", "http://127.0.0.1:5008/w/acme/mcp"),
        ("localhost", "http://127.0.0.1:5008/w/acme/mcp"),
        ("evil.example:5008", "http://127.0.0.1:5008/w/acme/mcp"),
        ("x@localhost:5008", "http://localhost:5008/w/acme/mcp"),
        ("", "http://127.0.0.1:5008/w/acme/mcp"),
    ] {
        let resource = map.named_as(map.of_workspace(&slug("acme")), host);
        assert_eq!(named, resource.as_str(), "{host}");
        assert_eq!(Some(Target::Workspace(slug("acme"))), map.find(&resource));
    }
    let other_port = Resource::parse("http://localhost/mcp").unwrap();
    assert_eq!(None, map.find(&other_port));
    assert_eq!("http://127.0.0.1:5008", map.issuer());
}

#[test]
fn a_resource_is_named_as_its_client_spells_it_and_never_as_another() {
    let resource = map().of_workspace(&slug("acme"));
    for (path, url) in [
        ("/w/acme/mcp", "https://bi.example.com/w/acme/mcp"),
        ("/w/acme/mcp/", "https://bi.example.com/w/acme/mcp/"),
        ("//w//acme/mcp", "https://bi.example.com//w//acme/mcp"),
        ("/w/%61cme/mcp", "https://bi.example.com/w/acme/mcp"),
        ("/w/rival/mcp", "https://bi.example.com/w/acme/mcp"),
        ("", "https://bi.example.com/w/acme/mcp"),
    ] {
        assert_eq!(url, resource.spelled(path).url(), "{path}");
    }
    assert_eq!(
        "https://bi.example.com/.well-known/oauth-protected-resource/w/acme/mcp/",
        resource.spelled("/w/acme/mcp/").well_known()
    );
}

#[test]
fn the_only_workspace_is_meant_where_none_is_named() {
    let map = ResourceMap::new(
        &"http://localhost:8080/some/path?x#y".parse().unwrap(),
        [("acme.localhost".to_owned(), slug("acme"))],
        Some(slug("acme")),
    );
    assert_eq!("http://localhost:8080", map.issuer());
    assert_eq!(
        Some(Target::Workspace(slug("acme"))),
        map.find(&map.generic())
    );
    // Hosts have the port of the public URL unless they name one.
    let at_host = map.of_host("acme.localhost:8080").unwrap();
    assert_eq!("http://acme.localhost:8080/mcp", at_host.as_str());
    assert_eq!(Some(Target::Workspace(slug("acme"))), map.find(&at_host));
    assert_eq!(None, map.of_host("acme.localhost"));
    assert_eq!(None, map.of_host("localhost:8080"));
    assert_eq!(None, map.of_host("evil.tld/#"));
}

#[test]
fn what_the_map_names_it_finds() {
    let map = map();
    assert_eq!(Some(Target::Generic), map.find(&map.generic()));
    let workspace = map.of_workspace(&slug("acme"));
    assert_eq!(Some(Target::Workspace(slug("acme"))), map.find(&workspace));
}

#[test]
fn metadata_is_between_origin_and_path() {
    let map = map();
    for (resource, at) in [
        (
            map.generic(),
            "https://bi.example.com/.well-known/oauth-protected-resource/mcp",
        ),
        (
            map.of_workspace(&slug("acme")),
            "https://bi.example.com/.well-known/oauth-protected-resource/w/acme/mcp",
        ),
        (
            Resource::parse("https://acme.example.net/").unwrap(),
            "https://acme.example.net/.well-known/oauth-protected-resource",
        ),
    ] {
        assert_eq!(at, resource.spelled("").well_known());
    }
}

#[test]
fn a_resource_from_json_is_checked() {
    assert!(serde_json::from_str::<Resource>(r#""ftp://h/mcp""#).is_err());
    let kept: Resource = serde_json::from_str(r#""https://H/mcp/""#).unwrap();
    assert_eq!(r#""https://h/mcp""#, serde_json::to_string(&kept).unwrap());
}

proptest::proptest! {
    /// The canonical form is one: reading it again changes nothing.
    #[test]
    fn reading_twice_is_reading_once(text in "https?://[a-zA-Z0-9.:\\[\\]-]{1,20}(/[!-~]{0,12}){0,3}") {
        if let Ok(once) = Resource::parse(&text) {
            proptest::prop_assert_eq!(&once, &Resource::parse(once.as_str()).unwrap());
            let text = once.as_str();
            proptest::prop_assert!(!text.ends_with('/') && !text.contains(['?', '#']));
        }
    }
}
