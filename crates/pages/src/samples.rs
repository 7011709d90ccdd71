//! Every page with sample data. `TIDEGATE_PAGES_OUT=<folder>` makes the test write them as files, to look at.

use tidegate_types::{Role, Scope};

use crate::*;

fn person() -> Person {
    Person {
        username: Foreign::new("ada@example.com"),
        display_name: Foreign::new("Ada Lovelace"),
    }
}

fn workspace(
    slug: &str,
    title: &str,
    region: &str,
    role: Role,
    is_chosen: bool,
) -> WorkspaceChoice {
    WorkspaceChoice {
        slug: slug.parse().unwrap(),
        title: Foreign::new(title),
        region: Foreign::new(region),
        role,
        is_chosen,
    }
}

fn consent() -> ConsentPage {
    ConsentPage {
        transaction: "tx".into(),
        csrf: "token".into(),
        client: Foreign::new("Claude"),
        identity: Identity::VerifiedDomain(Foreign::new("claude.ai")),
        destination: Destination::Web(Foreign::new("claude.ai")),
        account: person(),
        switch_account: "/sign-in?switch=yes&return_to=/oauth/consent/tx".into(),
        workspaces: vec![
            workspace("sales", "Sales", "eu", Role::Editor, true),
            workspace(
                "finance",
                "Finance and controlling",
                "eu",
                Role::Analyst,
                false,
            ),
            workspace("board", "Board", "us1a", Role::Viewer, false),
        ],
        scopes: [Scope::Read, Scope::Query, Scope::Write]
            .map(|scope| ScopeChoice {
                scope,
                is_chosen: scope == Scope::Query,
            })
            .into(),
        offline: Some(OfflineChoice {
            idle: Span(30 * 86_400),
            longest: Span(90 * 86_400),
            is_chosen: true,
        }),
        access: Span(3_600),
        problem: None,
    }
}

fn sign_in() -> SignInPage {
    SignInPage {
        csrf: "token".into(),
        return_to: "/settings".into(),
        client: Some(Foreign::new("Claude")),
        username: String::new(),
        accepts_superset: true,
        providers: ["Okta", "Microsoft Entra"]
            .map(|title| ProviderLink {
                title: Foreign::new(title),
                href: "/sign-in/okta?return_to=%2Fsettings".into(),
            })
            .into(),
        problem: None,
    }
}

/// Names and pages.
pub(crate) fn all() -> Vec<(&'static str, Box<dyn Page>)> {
    vec![
        ("sign-in", Box::new(sign_in())),
        (
            "sign-in-refused",
            Box::new(SignInPage {
                client: None,
                username: "ada".into(),
                providers: Vec::new(),
                problem: Some("The name or the password is not right.".into()),
                ..sign_in()
            }),
        ),
        ("consent", Box::new(consent())),
        (
            "consent-unverified",
            Box::new(ConsentPage {
                client: Foreign::new(
                    "<script>alert(1)</script> \u{202e}Claude by Anthropic, Inc., the real one, please press Allow now",
                ),
                identity: Identity::Unverified,
                destination: Destination::Web(Foreign::new(
                    "claude.ai.login.a-very-long-host-name-that-goes-on-and-on.example.net",
                )),
                workspaces: vec![workspace("sales", "Sales", "", Role::Viewer, true)],
                scopes: vec![ScopeChoice {
                    scope: Scope::Read,
                    is_chosen: true,
                }],
                offline: None,
                ..consent()
            }),
        ),
        (
            "consent-loopback",
            Box::new(ConsentPage {
                client: Foreign::new("Claude Code (tidegate)"),
                destination: Destination::ThisComputer(Foreign::new("localhost:3118")),
                ..consent()
            }),
        ),
        (
            "consent-app",
            Box::new(ConsentPage {
                client: Foreign::new("Cursor"),
                identity: Identity::Unverified,
                destination: Destination::App(Foreign::new("cursor")),
                ..consent()
            }),
        ),
    ]
}

#[test]
fn every_page_is_made() {
    let folder = std::env::vars_os()
        .find(|(name, _)| name == "TIDEGATE_PAGES_OUT")
        .map(|(_, folder)| std::path::PathBuf::from(folder));
    for (name, page) in all() {
        let html = page.html();
        assert!(html.starts_with("<!DOCTYPE html>"), "{name}");
        if let Some(folder) = &folder {
            let html = html.replace("/assets/", "assets/");
            std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
        }
    }
    if let Some(folder) = &folder {
        for path in [assets::style(), assets::script(), assets::icon()] {
            let name = path.trim_start_matches("/assets/");
            let asset = assets::find(name).unwrap();
            std::fs::create_dir_all(folder.join("assets")).unwrap();
            std::fs::write(folder.join("assets").join(name), asset.content).unwrap();
        }
    }
}
