use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

/// Whether a request with `requested` is let through when `registered` is registered.
fn matches(registered: &str, requested: &str) -> bool {
    RedirectUri::parse(requested).is_ok_and(|uri| uri.matches_registered(&parse(registered)))
}

#[test]
fn what_real_clients_register_is_taken() {
    for (text, kind, shown) in [
        (
            "https://claude.ai/api/mcp/auth_callback",
            RedirectKind::Https,
            "claude.ai",
        ),
        (
            "https://chatgpt.com/connector/oauth/Ab_9-x",
            RedirectKind::Https,
            "chatgpt.com",
        ),
        (
            "https://grok.com/connectors-oauth-exchange-code/",
            RedirectKind::Https,
            "grok.com",
        ),
        ("https://intranet/cb", RedirectKind::Https, "intranet"),
        (
            "https://10.0.0.7:8443/cb?tenant=a&x=%20",
            RedirectKind::Https,
            "10.0.0.7",
        ),
        ("http://localhost", RedirectKind::Loopback, "localhost"),
        (
            "http://localhost:3118/callback",
            RedirectKind::Loopback,
            "localhost",
        ),
        (
            "http://127.0.0.1:33418/",
            RedirectKind::Loopback,
            "127.0.0.1",
        ),
        (
            "http://[::1]:9/oauth/callback",
            RedirectKind::Loopback,
            "[::1]",
        ),
        (
            "https://localhost:8443/cb",
            RedirectKind::Loopback,
            "localhost",
        ),
        (
            "cursor://anysphere.cursor-mcp/oauth/callback",
            RedirectKind::PrivateScheme,
            "cursor://",
        ),
        (
            "vscode://ms-vscode.mcp/cb",
            RedirectKind::PrivateScheme,
            "vscode://",
        ),
        (
            "com.example.app:/oauth2redirect",
            RedirectKind::PrivateScheme,
            "com.example.app://",
        ),
        (
            "com.example.app:callback",
            RedirectKind::PrivateScheme,
            "com.example.app://",
        ),
        (
            "com.example.transcript:/cb",
            RedirectKind::PrivateScheme,
            "com.example.transcript://",
        ),
    ] {
        let uri = parse(text);
        assert_eq!((kind, shown), (uri.kind(), &*uri.shown_host()), "{text}");
        assert_eq!(text, uri.as_str());
        assert!(uri.matches_registered(&uri));
    }
}

#[test]
fn a_program_on_this_computer_is_shown_with_port_and_path() {
    for (text, shown) in [
        (
            "http://127.0.0.1:43210/callback?x=y",
            "127.0.0.1:43210/callback",
        ),
        ("http://localhost:3118/", "localhost:3118"),
        ("http://localhost", "localhost"),
        ("http://[::1]:9/oauth/callback", "[::1]:9/oauth/callback"),
        ("https://claude.ai:8443/api/callback", "claude.ai"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor://"),
    ] {
        assert_eq!(shown, parse(text).shown_place(), "{text}");
    }
}

/// Each text is refused, for that reason.
#[track_caller]
fn refused(expected: &[(&str, RedirectProblem)]) {
    for (text, problem) in expected {
        assert_eq!(Err(*problem), RedirectUri::parse(text), "{text:?}");
    }
}

#[test]
fn what_is_not_absolute_or_too_long_is_refused() {
    let long = format!("https://example.com/{}", "a".repeat(3000));
    refused(&[
        ("", RedirectProblem::NotAbsolute),
        ("/callback", RedirectProblem::NotAbsolute),
        ("callback", RedirectProblem::NotAbsolute),
        ("//example.com/cb", RedirectProblem::NotAbsolute),
        ("://example.com", RedirectProblem::NotAbsolute),
        ("c:/windows", RedirectProblem::NotAbsolute),
        ("1app://cb", RedirectProblem::NotAbsolute),
        ("my_app://cb", RedirectProblem::NotAbsolute),
        ("localhost:8080/cb", RedirectProblem::Scheme),
        (&long, RedirectProblem::TooLong),
    ]);
}

#[test]
fn schemes_that_do_harm_are_refused_in_all_the_ways_to_write_them() {
    refused(&[
        ("javascript:alert(1)", RedirectProblem::Scheme),
        (
            "javascript://localhost/%0aalert(1)",
            RedirectProblem::Scheme,
        ),
        ("JavaScript://localhost/", RedirectProblem::Scheme),
        ("data:text/html,hi", RedirectProblem::Scheme),
        ("vbscript:x", RedirectProblem::Scheme),
        ("file:///etc/passwd", RedirectProblem::Scheme),
        ("FILE://localhost/etc/passwd", RedirectProblem::Scheme),
        ("blob:https://example.com/x", RedirectProblem::Scheme),
        ("about:blank", RedirectProblem::Scheme),
        ("chrome://settings", RedirectProblem::Scheme),
        ("chrome-extension://abc/cb", RedirectProblem::Scheme),
        ("moz-extension://abc/cb", RedirectProblem::Scheme),
        ("view-source:https://example.com", RedirectProblem::Scheme),
        ("intent://x#Intent;end", RedirectProblem::Fragment),
        ("intent://x", RedirectProblem::Scheme),
        ("ms-msdt:/id", RedirectProblem::Scheme),
        ("mailto:a", RedirectProblem::Scheme),
        ("ws://localhost/cb", RedirectProblem::Scheme),
        ("ftp://example.com/cb", RedirectProblem::Scheme),
        ("urn:ietf:wg:oauth:2.0:oob", RedirectProblem::Scheme),
        ("jar:file:///x", RedirectProblem::Scheme),
    ]);
}

/// What opens a program of the operating system, or one that everybody has.
#[test]
fn schemes_of_well_known_handlers_are_refused() {
    for scheme in [
        "microsoft-edge",
        "microsoft-edge-holographic",
        "callto",
        "skype",
        "skype-meetnow",
        "excel",
        "word",
        "powerpoint",
        "onenote",
        "onenote-cmd",
        "ms-word",
        "ms-excel",
        "ms-settings",
        "ms-officecmd",
        "search-ms",
        "steam",
        "steamlink",
        "tel",
        "mailto",
        "sms",
        "facetime",
        "facetime-audio",
        "imessage",
        "intent",
        "slack",
        "msteams",
        "zoommtg",
        "zoomus",
        "discord",
        "whatsapp",
        "tg",
        "itms-apps",
        "itms-appss",
        "app-settings",
        "prefs",
        "shortcuts",
        "x-apple.systempreferences",
        "com.apple.tips",
        "com.epicgames.launcher",
        "bitcoin",
        "magnet",
        "vnc",
        "ssh",
        "web+mastodon",
        "jetbrains",
        "STEAM",
        "Ms-Word",
    ] {
        let text = format!("{scheme}://callback");
        assert_eq!(
            Err(RedirectProblem::Scheme),
            RedirectUri::parse(&text),
            "{text}"
        );
    }
}

#[test]
fn a_scheme_is_its_clients_own_by_its_form_or_because_it_is_known() {
    for (text, is_own) in [
        ("https://claude.ai/cb", true),
        ("http://localhost:1/cb", true),
        ("com.example.app:/cb", true),
        ("io.github.me.my-app://cb", true),
        ("Com.Example.App://cb", true),
        ("cursor://anysphere.cursor-mcp/oauth/callback", true),
        ("vscode-insiders://ms-vscode.mcp/cb", true),
        ("acme://cb", false),
        ("my-app://cb", false),
        ("cursors://cb", false),
        ("a.b://cb", false),
        ("com.://cb", false),
        ("com..app://cb", false),
        ("com.a+b://cb", false),
        ("1password.x://cb", false),
    ] {
        let is_taken = RedirectUri::parse(text).is_ok_and(|uri| uri.is_scheme_of_its_own());
        assert_eq!(is_own, is_taken, "{text}");
    }
}

#[test]
fn characters_that_browsers_skip_turn_or_decode_are_refused() {
    refused(&[
        ("java\tscript:alert(1)", RedirectProblem::Character),
        (" javascript:alert(1)", RedirectProblem::Character),
        ("\u{1}javascript:alert(1)", RedirectProblem::Character),
        (
            "https://example.com/cb\r\nLocation:x",
            RedirectProblem::Character,
        ),
        ("https://example.com/c b", RedirectProblem::Character),
        ("https:\\\\example.com\\cb", RedirectProblem::Character),
        (
            "https://example.com\\@evil.tld/cb",
            RedirectProblem::Character,
        ),
        ("https://example.com/%", RedirectProblem::Character),
        ("https://example.com/%2", RedirectProblem::Character),
        ("https://example.com/%zz", RedirectProblem::Character),
        (
            "https://example.com/\"><script>",
            RedirectProblem::Character,
        ),
        ("https://exаmple.com/cb", RedirectProblem::Character),
        ("https://example。com/cb", RedirectProblem::Character),
        ("https://example.com/ü", RedirectProblem::Character),
    ]);
}

#[test]
fn what_leads_elsewhere_than_it_looks_is_refused() {
    refused(&[
        (
            "https://claude.ai@evil.tld/cb",
            RedirectProblem::UserInformation,
        ),
        (
            "https://claude.ai:x@evil.tld/cb",
            RedirectProblem::UserInformation,
        ),
        ("https://@evil.tld/cb", RedirectProblem::UserInformation),
        (
            "http://localhost:80@evil.tld/cb",
            RedirectProblem::UserInformation,
        ),
        ("cursor://a@b/cb", RedirectProblem::UserInformation),
        ("https://example.com/cb#f", RedirectProblem::Fragment),
        ("https://example.com/cb#", RedirectProblem::Fragment),
        ("cursor://a/cb#f", RedirectProblem::Fragment),
        ("https://example.com/a/../cb", RedirectProblem::DotSegment),
        ("https://example.com/./cb", RedirectProblem::DotSegment),
        ("https://example.com/cb/..", RedirectProblem::DotSegment),
        ("https://example.com/%2e%2E/cb", RedirectProblem::DotSegment),
        ("https://example.com/.%2e/cb", RedirectProblem::DotSegment),
        (
            "https://example.com/a%5c..%5ccb",
            RedirectProblem::DotSegment,
        ),
        ("cursor://a/../cb", RedirectProblem::DotSegment),
        ("com.example:../cb", RedirectProblem::DotSegment),
    ]);
}

#[test]
fn a_host_must_be_written_as_it_is_read() {
    refused(&[
        ("https:///cb", RedirectProblem::Host),
        ("https:/example.com/cb", RedirectProblem::Malformed),
        ("https:example.com/cb", RedirectProblem::Malformed),
        ("https:cb", RedirectProblem::Malformed),
        ("https://", RedirectProblem::Malformed),
        ("https:///example.com/cb", RedirectProblem::Host),
        ("http://127.1/cb", RedirectProblem::Host),
        ("http://2130706433/cb", RedirectProblem::Host),
        ("http://0x7f.0.0.1/cb", RedirectProblem::Host),
        ("http://[0:0:0:0:0:0:0:1]/cb", RedirectProblem::Host),
        ("http://loc%61lhost/cb", RedirectProblem::Host),
        ("https://example.com./cb", RedirectProblem::Host),
        ("http://localhost./cb", RedirectProblem::Host),
        ("https://example.com:/cb", RedirectProblem::Host),
        ("https://example.com:0443/cb", RedirectProblem::Host),
        ("https://example..com/cb", RedirectProblem::Host),
        ("https://*/cb", RedirectProblem::Host),
        ("https://*.example.com/cb", RedirectProblem::Host),
        ("https://a,b.example.com/cb", RedirectProblem::Host),
        ("https://a;b.example.com/cb", RedirectProblem::Host),
        ("https://a'b.example.com/cb", RedirectProblem::Host),
        ("https://(a).example.com/cb", RedirectProblem::Host),
        ("https://example.com:99999/cb", RedirectProblem::Malformed),
        ("https://exa[mple.com/cb", RedirectProblem::Malformed),
    ]);
}

#[test]
fn http_is_for_this_machine_alone() {
    refused(&[
        ("http://example.com/cb", RedirectProblem::HttpsNeeded),
        ("http://localhost.evil.tld/cb", RedirectProblem::HttpsNeeded),
        ("http://127.0.0.1.evil.tld/cb", RedirectProblem::HttpsNeeded),
        ("http://127.0.0.2/cb", RedirectProblem::HttpsNeeded),
        ("http://app.localhost/cb", RedirectProblem::HttpsNeeded),
        ("http://[::ffff:127.0.0.1]/cb", RedirectProblem::Host),
        ("http://[::ffff:7f00:1]/cb", RedirectProblem::HttpsNeeded),
        ("http://0.0.0.0/cb", RedirectProblem::HttpsNeeded),
    ]);
}

#[test]
fn a_query_must_not_have_the_answers_parameters() {
    refused(&[
        (
            "https://example.com/cb?code=x",
            RedirectProblem::AnswerParameter,
        ),
        (
            "https://example.com/cb?a=b&st%61te=x",
            RedirectProblem::AnswerParameter,
        ),
        ("http://localhost/cb?iss", RedirectProblem::AnswerParameter),
        ("cursor://a/cb?error=x", RedirectProblem::AnswerParameter),
        ("cursor:", RedirectProblem::Malformed),
        ("cursor://", RedirectProblem::Malformed),
    ]);
}

#[test]
fn a_loopback_host_has_any_port_and_nothing_else_differs() {
    for (registered, requested) in [
        (
            "http://localhost/callback",
            "http://localhost:3118/callback",
        ),
        (
            "http://localhost:53952/callback",
            "http://localhost:1/callback",
        ),
        (
            "http://localhost:53952/callback",
            "http://localhost/callback",
        ),
        ("http://127.0.0.1/", "http://127.0.0.1:33418/"),
        (
            "http://127.0.0.1:19876/mcp/cb?x=1",
            "http://127.0.0.1:5/mcp/cb?x=1",
        ),
        ("http://[::1]/cb", "http://[::1]:8080/cb"),
        ("http://localhost", "http://localhost:7777/"),
        ("http://LOCALHOST/cb", "http://localhost:7777/cb"),
        ("https://localhost/cb", "https://localhost:8443/cb"),
    ] {
        assert!(matches(registered, requested), "{registered} {requested}");
    }
    for (registered, requested) in [
        ("http://localhost/callback", "http://127.0.0.1/callback"),
        ("http://127.0.0.1/callback", "http://localhost/callback"),
        ("http://127.0.0.1/callback", "http://[::1]/callback"),
        ("http://localhost/callback", "https://localhost/callback"),
        ("http://localhost/callback", "http://localhost/callback/"),
        ("http://localhost/callback", "http://localhost/Callback"),
        ("http://localhost/callback", "http://localhost/callback?x=1"),
        (
            "http://localhost/callback?x=1",
            "http://localhost/callback?x=2",
        ),
        ("http://localhost/callback", "http://localhost/callback/id"),
        ("http://localhost/callback", "http://localhost/call%62ack"),
        ("http://localhost/", "http://localhost:1/?"),
        (
            "http://localhost/callback",
            "http://localhost.evil.tld/callback",
        ),
        (
            "http://localhost/callback",
            "http://localhost:80@evil.tld/callback",
        ),
    ] {
        assert!(!matches(registered, requested), "{registered} {requested}");
    }
}

#[test]
fn everything_else_is_compared_in_full() {
    for (registered, requested) in [
        ("https://example.com/cb", "https://example.com/cb"),
        ("https://example.com/cb", "HTTPS://EXAMPLE.com:443/cb"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com:8443/cb", "https://example.com:8443/cb"),
        (
            "cursor://anysphere.cursor-mcp/cb",
            "cursor://anysphere.cursor-mcp/cb",
        ),
    ] {
        assert!(matches(registered, requested), "{registered} {requested}");
    }
    for (registered, requested) in [
        ("https://example.com/cb", "https://example.com:8443/cb"),
        ("https://example.com:8443/cb", "https://example.com/cb"),
        ("https://example.com/cb", "https://example.com/cb2"),
        ("https://example.com/cb", "https://example.com/cb/"),
        ("https://example.com/cb", "https://example.com//cb"),
        ("https://example.com/cb", "https://sub.example.com/cb"),
        ("https://example.com/cb", "https://example.com.evil.tld/cb"),
        ("https://example.com/cb", "https://evil.tld/cb"),
        ("https://example.com/cb", "https://example.com/cb?next=x"),
        (
            "https://example.com/cb?a=1&b=2",
            "https://example.com/cb?b=2&a=1",
        ),
        ("https://example.com/*", "https://example.com/cb"),
        ("cursor://anysphere.cursor-mcp/cb", "cursor://evil/cb"),
        (
            "cursor://anysphere.cursor-mcp/cb",
            "cursor://anysphere.cursor-mcp:1/cb",
        ),
        (
            "cursor://anysphere.cursor-mcp/cb",
            "windsurf://anysphere.cursor-mcp/cb",
        ),
        // A private scheme's host is a name in a program, not this machine.
        ("myapp://localhost:1/cb", "myapp://localhost:2/cb"),
    ] {
        assert!(!matches(registered, requested), "{registered} {requested}");
    }
}

#[test]
fn the_owner_of_a_host_is_told_apart() {
    for (text, before, registrable) in [
        ("https://claude.ai/cb", "", "claude.ai"),
        (
            "https://claude.ai.evil.co.uk/cb",
            "claude.ai.",
            "evil.co.uk",
        ),
        ("https://LOGIN.Example.com:8443/cb", "login.", "example.com"),
        ("https://someone.github.io/cb", "", "someone.github.io"),
        ("https://a.someone.github.io/cb", "a.", "someone.github.io"),
        ("https://xn--pple-43d.com/cb", "", "xn--pple-43d.com"),
        ("https://192.0.2.7/cb", "", "192.0.2.7"),
        ("https://[2001:db8::1]/cb", "", "[2001:db8::1]"),
        ("https://intranet/cb", "", "intranet"),
        ("http://localhost:1/cb", "", "localhost"),
        ("cursor://anysphere/cb", "", "cursor://"),
    ] {
        let parts = parse(text).host_parts();
        assert_eq!(
            (before, registrable),
            (&*parts.before, &*parts.registrable),
            "{text}"
        );
        assert_eq!(parts.to_string(), parse(text).shown_host());
    }
}

#[test]
fn a_site_of_the_same_owner_is_known() {
    let uri = parse("https://app.example.co.uk/cb");
    assert!(uri.is_of_owner_of("login.example.co.uk"));
    assert!(uri.is_of_owner_of("EXAMPLE.co.uk"));
    assert!(!uri.is_of_owner_of("other.co.uk"));
    assert!(!uri.is_of_owner_of("co.uk"));
    assert!(!parse("https://a.github.io/cb").is_of_owner_of("b.github.io"));
    assert!(parse("https://192.0.2.7/cb").is_of_owner_of("192.0.2.7"));
    assert!(!parse("https://192.0.2.7/cb").is_of_owner_of("192.0.0.7"));
    // Whoever listens on this machine owns nothing.
    assert!(!parse("http://localhost/cb").is_of_owner_of("localhost"));
}

#[test]
fn parameters_are_added_to_the_query() {
    let answer = [
        ("code", "a+b/c=&x"),
        ("iss", "https://h"),
        ("state", "é \r\n#"),
    ];
    let query = "code=a%2Bb%2Fc%3D%26x&iss=https%3A%2F%2Fh&state=%C3%A9%20%0D%0A%23";
    for (text, expected) in [
        ("https://h/cb", format!("https://h/cb?{query}")),
        ("https://h", format!("https://h?{query}")),
        ("https://h/cb?x=1", format!("https://h/cb?x=1&{query}")),
        ("https://h/cb?", format!("https://h/cb?{query}")),
        ("cursor://a/cb", format!("cursor://a/cb?{query}")),
        ("com.example:cb", format!("com.example:cb?{query}")),
    ] {
        assert_eq!(expected, parse(text).with_parameters(&answer));
    }
    assert_eq!("https://h/cb", parse("https://h/cb").with_parameters(&[]));
}

#[test]
fn a_uri_from_json_is_checked() {
    assert!(serde_json::from_str::<RedirectUri>(r#""javascript:x""#).is_err());
    let uri: RedirectUri = serde_json::from_str(r#""http://LocalHost:1/cb""#).unwrap();
    assert_eq!(
        r#""http://LocalHost:1/cb""#,
        serde_json::to_string(&uri).unwrap()
    );
}

proptest! {
    /// Nothing that is let through leads a browser to another place than the one that was read here.
    #[test]
    fn browsers_read_what_we_read(text in "(https?|cursor)://[a-z0-9.:@\\[\\]%\\\\-]{0,24}[/?#a-zA-Z.%0-9;&=]{0,24}") {
        if let Ok(uri) = RedirectUri::parse(&text) {
            let browser = Url::parse(&text).unwrap();
            prop_assert_eq!(browser.scheme(), uri.scheme());
            prop_assert_eq!(browser.username(), "");
            prop_assert!(browser.fragment().is_none());
            if uri.kind() != RedirectKind::PrivateScheme {
                prop_assert_eq!(browser.host_str().unwrap(), uri.shown_host());
                prop_assert_eq!((browser.path(), browser.query()), uri.path_and_query());
                let is_private = browser.scheme() == "http";
                prop_assert!(!is_private || uri.kind() == RedirectKind::Loopback);
            }
        }
    }

    /// Whatever values are added come back as they were, once each, at the registered place.
    #[test]
    fn added_parameters_are_read_back(code in ".{0,40}", state in any::<String>()) {
        for base in ["https://example.com/cb?kept=1", "http://localhost:1/", "cursor://a/cb"] {
            let text = parse(base).with_parameters(&[("code", &code), ("state", &state)]);
            prop_assert!(text.is_ascii() && text.starts_with(base));
            let url = Url::parse(&text).unwrap();
            let read: Vec<_> = url.query_pairs().filter(|(name, _)| name != "kept").collect();
            prop_assert_eq!(2, read.len());
            prop_assert_eq!((&*read[0].1, &*read[1].1), (&*code, &*state));
        }
    }

    /// Two URIs match only if a browser goes to the same place, but for a loopback port.
    #[test]
    fn matching_is_equality_but_for_a_loopback_port(
        one in "(https?)://(localhost|127\\.0\\.0\\.1|a\\.com|b\\.com)(:[1-9][0-9]{0,3})?(/[ab/]{0,4})?(\\?[ab=&]{0,4})?",
        other in "(https?)://(localhost|127\\.0\\.0\\.1|a\\.com|b\\.com)(:[1-9][0-9]{0,3})?(/[ab/]{0,4})?(\\?[ab=&]{0,4})?",
    ) {
        if let (Ok(first), Ok(second)) = (RedirectUri::parse(&one), RedirectUri::parse(&other)) {
            let (mut first_url, mut second_url) = (Url::parse(&one).unwrap(), Url::parse(&other).unwrap());
            if first.kind() == RedirectKind::Loopback && second.kind() == RedirectKind::Loopback {
                first_url.set_port(None).unwrap();
                second_url.set_port(None).unwrap();
            }
            prop_assert_eq!(first_url == second_url, first.matches_registered(&second));
            prop_assert_eq!(first.matches_registered(&second), second.matches_registered(&first));
        }
    }
}
