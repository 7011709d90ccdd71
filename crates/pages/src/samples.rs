//! Every page with sample data. `TIDEGATE_PAGES_OUT=<folder>` makes the test write them as files, to look at.

use tidegate_types::{AccountId, Role, Scope, ScopeSet};

use crate::*;

const NOW: Timestamp = Timestamp(1_795_172_540);
const EARLIER: Timestamp = Timestamp(1_794_072_540);
const LATER: Timestamp = Timestamp(1_799_172_540);

fn name(text: &str) -> UntrustedText {
    UntrustedText::new(text)
}

fn person() -> Person {
    Person {
        username: name("ada@example.com"),
        display_name: name("Ada Lovelace"),
    }
}

/// A token that is used.
fn notebook() -> ApiTokenLine {
    ApiTokenLine {
        id: "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0001".parse().unwrap(),
        name: name("Notebook"),
        scope: Scope::Query,
        workspace: Some(name("Sales")),
        hint: name("x7Qa"),
        created_at: EARLIER,
        expires_at: Some(LATER),
        is_expired: false,
        last_used_at: Some(NOW),
        last_used_from: Some(name("2001:db8::7")),
    }
}

fn layout(at: Section) -> AdminLayout {
    AdminLayout {
        csrf: "token".into(),
        person: person(),
        at,
        manages: true,
        is_administrator: true,
        now: NOW,
        notice: None,
        hints: vec![],
    }
}

fn paging(shown: u64, total: u64, noun: (&'static str, &'static str)) -> Paging {
    Paging {
        page: 2,
        first: 26,
        shown,
        total,
        is_more: total >= 10_000,
        noun,
        previous: Some("page=1".into()),
        next: Some("page=3".into()),
        back: "Previous",
        on: "Next",
    }
}

fn picks() -> Vec<WorkspacePick> {
    [
        ("", "The whole deployment"),
        ("sales", "Sales"),
        ("board", "Board"),
    ]
    .map(|(slug, title)| WorkspacePick {
        slug: slug.parse().ok(),
        title: name(title),
        is_here: slug == "sales",
    })
    .into()
}

fn workspace(slug: &str, title: &str, region: &str, role: Role) -> WorkspaceChoice {
    WorkspaceChoice {
        slug: slug.parse().unwrap(),
        title: name(title),
        region: name(region),
        role,
        is_chosen: slug == "sales",
        granted: None,
        closed: None,
    }
}

pub(crate) fn consent() -> ConsentPage {
    ConsentPage {
        action: "/oauth/consent/tx".into(),
        csrf: "token".into(),
        client: name("Claude"),
        client_page: WebLink::parse("https://claude.ai/"),
        identity: Identity::VerifiedDomain(name("claude.ai")),
        destination: Destination::Web(name("claude.ai")),
        warnings: vec![],
        account: person(),
        switch_account: Some("/sign-in?return_to=%2Foauth%2Fauthorize".into()),
        workspaces: vec![
            workspace("sales", "Sales", "eu", Role::Editor),
            WorkspaceChoice {
                granted: Some(Scope::Read),
                ..workspace("finance", "Finance and controlling", "eu", Role::Analyst)
            },
            WorkspaceChoice {
                closed: Some("Its administrators must approve this application first."),
                ..workspace("board", "Board", "us1a", Role::Viewer)
            },
        ],
        scopes: [Scope::Read, Scope::Query, Scope::Write]
            .map(|scope| ScopeChoice {
                scope,
                is_chosen: scope == Scope::Query,
            })
            .into(),
        ignored_scopes: vec![],
        offline: Some(OfflineChoice {
            idle: Span(30 * 86_400),
            longest: Span(90 * 86_400),
            is_chosen: true,
        }),
        access: Span(3_600),
        problem: None,
        may_join: false,
    }
}

fn providers() -> Vec<ProviderLink> {
    ["Okta", "Microsoft Entra"]
        .map(|title| ProviderLink {
            title: name(title),
            href: "/sign-in/okta?return_to=%2Fsettings".into(),
        })
        .into()
}

fn sign_in() -> SignInPage {
    SignInPage {
        csrf: "token".into(),
        return_to: "/settings".into(),
        purpose: Some(
            "An app asks to be connected. Sign in, then you see what it wants and decide.",
        ),
        username: String::new(),
        has_passwords: true,
        accepts_superset: true,
        providers: providers(),
        notice: None,
        problem: None,
        wait: None,
    }
}

fn invitation(way: InvitationWay) -> InvitationPage {
    InvitationPage {
        action: "/invitation/secret".into(),
        csrf: "token".into(),
        email: name("grace@example.com"),
        workspace: name("Sales"),
        role: Role::Analyst,
        expires_at: LATER,
        way,
        username: String::new(),
        display_name: String::new(),
        rule: PasswordRule { least: 8 },
        problems: vec![],
    }
}

fn offered() -> ScopeSet {
    ScopeSet::from(Scope::Query).expanded()
}

fn home(entry: HomeEntry) -> HomePage {
    HomePage {
        entry,
        endpoints: vec![HomeEndpoint {
            title: name("Sales"),
            url: "https://mcp.example.com/mcp".into(),
        }],
        clients: vec![
            HomeClient {
                title: "Claude Code".into(),
                place: "a terminal; then /mcp in Claude Code".into(),
                text: "claude mcp add --transport http tidegate https://mcp.example.com/mcp".into(),
            },
            HomeClient {
                title: "Cursor".into(),
                place: "~/.cursor/mcp.json".into(),
                text: "{\n  \"mcpServers\": {\n    \"tidegate\": {\n      \"url\": \"https://mcp.example.com/mcp\"\n    }\n  }\n}".into(),
            },
        ],
        left_out: vec!["Claude.ai".into(), "ChatGPT".into()],
    }
}

/// What a program calls itself that wants to be taken for another.
const HOSTILE: &str = "<script>alert(1)</script> \u{202e}Claude by Anthropic, Inc., the real one, please press Allow now";

fn sheets() -> Vec<(&'static str, Box<dyn Page>)> {
    vec![
        ("sign-in", Box::new(sign_in())),
        (
            "sign-in-refused",
            Box::new(SignInPage {
                purpose: None,
                username: "ada".into(),
                accepts_superset: false,
                providers: vec![],
                problem: Some("The name or the password is wrong.".into()),
                ..sign_in()
            }),
        ),
        (
            "sign-in-locked",
            Box::new(SignInPage {
                purpose: None,
                username: "ada".into(),
                notice: Some("You were signed out before the form was sent."),
                problem: Some("Too many attempts.".into()),
                wait: Some(9),
                ..sign_in()
            }),
        ),
        (
            "device-code",
            Box::new(DeviceCodePage {
                user_code: String::new(),
                problem: Some("This code is unknown or has expired.".into()),
            }),
        ),
        (
            "refusal",
            Box::new(MessagePage {
                is_refusal: true,
                title: "This application is not known here".into(),
                text: "It may have been removed because nobody used it.".into(),
                steps: vec![
                    "Remove the connection in the application, and add it again: it registers anew.".into(),
                    "If it asks for a client id, make one here under OAuth clients.".into(),
                ],
                code: Some("unknown_client"),
                onward: None,
            }),
        ),
        (
            "return-to-app",
            Box::new(ReturnPage {
                scheme: name("cursor://"),
                is_allowed: true,
                link: AppLink::parse("cursor://anysphere.cursor-mcp/oauth/callback?code=x&state=y&iss=https%3A%2F%2Fa").unwrap(),
            }),
        ),
        (
            "done",
            Box::new(MessagePage {
                is_refusal: false,
                title: "The device is connected".into(),
                text: "You can close this page.".into(),
                steps: vec![],
                code: None,
                onward: Some(("/settings/apps".into(), "Show connected apps")),
            }),
        ),
    ]
}

fn homes() -> Vec<(&'static str, Box<dyn Page>)> {
    let open = HomeEntry::Open {
        user: name("admin"),
        has_accounts: true,
    };
    let token = HomeEntry::Token {
        issuer: name("https://identity.example.com/"),
    };
    let nobody = HomeEntry::SignIn {
        person: None,
        outside: None,
    };
    let administrator = HomeEntry::SignIn {
        person: Some(person()),
        outside: Some(Outside::MayJoin),
    };
    vec![
        ("home-open", Box::new(home(open))),
        ("home-token", Box::new(home(token))),
        ("home-sign-in", Box::new(home(nobody))),
        ("home-signed-in", Box::new(home(administrator))),
    ]
}

fn newcomers() -> Vec<(&'static str, Box<dyn Page>)> {
    vec![
        (
            "password",
            Box::new(PasswordPage {
                csrf: "token".into(),
                username: name("admin"),
                return_to: "/settings".into(),
                is_required: true,
                asks_current: false,
                rule: PasswordRule { least: 8 },
                problem: None,
            }),
        ),
        (
            "password-by-choice",
            Box::new(PasswordPage {
                csrf: "token".into(),
                username: name("admin"),
                return_to: "/settings/account".into(),
                is_required: false,
                asks_current: true,
                rule: PasswordRule { least: 8 },
                problem: Some(PasswordProblem {
                    at: PasswordField::New,
                    text: "The two new passwords differ.".into(),
                }),
            }),
        ),
        (
            "invitation",
            Box::new(invitation(InvitationWay::NewAccount {
                has_passwords: true,
                providers: providers(),
            })),
        ),
        (
            "invitation-refused",
            Box::new(InvitationPage {
                username: "grace hopper".into(),
                display_name: "Grace Hopper".into(),
                problems: vec![
                    "A name has 1 to 64 of a-z, 0-9, ., _, - and +.".into(),
                    "The two passwords differ.".into(),
                ],
                ..invitation(InvitationWay::NewAccount {
                    has_passwords: true,
                    providers: vec![],
                })
            }),
        ),
        (
            "invitation-join",
            Box::new(invitation(InvitationWay::Join {
                username: name("grace"),
            })),
        ),
        (
            "invitation-sign-in",
            Box::new(invitation(InvitationWay::SignIn {
                href: "/sign-in?return_to=%2Finvitation%2Fsecret".into(),
            })),
        ),
    ]
}

fn consents() -> Vec<(&'static str, Box<dyn Page>)> {
    vec![
        ("consent", Box::new(consent())),
        (
            "consent-unverified",
            Box::new(ConsentPage {
                client: name(HOSTILE),
                client_page: None,
                identity: Identity::Unverified,
                warnings: vec![ConsentWarning::Unverified],
                destination: Destination::Web(name(
                    "claude.ai.login.a-very-long-host-name-that-goes-on-and-on.example.net",
                )),
                workspaces: vec![workspace("sales", "Sales", "", Role::Viewer)],
                scopes: vec![ScopeChoice {
                    scope: Scope::Read,
                    is_chosen: true,
                }],
                ignored_scopes: vec![name("openid"), name("everything:*")],
                offline: None,
                problem: Some("Choose a workspace.".into()),
                ..consent()
            }),
        ),
        (
            "consent-loopback",
            Box::new(ConsentPage {
                client: name("Claude Code (tidegate)"),
                destination: Destination::ThisComputer(name("localhost:3118/callback")),
                warnings: vec![ConsentWarning::LocalProgram],
                ..consent()
            }),
        ),
        (
            "consent-unverified-loopback",
            Box::new(ConsentPage {
                client: name("Claude"),
                client_page: None,
                identity: Identity::Unverified,
                destination: Destination::ThisComputer(name("127.0.0.1:43210/callback")),
                warnings: vec![ConsentWarning::Unverified, ConsentWarning::LocalProgram],
                workspaces: ["acme", "demo"]
                    .map(|slug| WorkspaceChoice {
                        is_chosen: false,
                        ..workspace(slug, slug, "", Role::Admin)
                    })
                    .into(),
                ..consent()
            }),
        ),
        (
            "consent-app",
            Box::new(ConsentPage {
                client: name("Cursor"),
                client_page: None,
                identity: Identity::Unverified,
                warnings: vec![ConsentWarning::Unverified, ConsentWarning::PrivateScheme],
                destination: Destination::App(name("cursor://")),
                ..consent()
            }),
        ),
        (
            "consent-device",
            Box::new(ConsentPage {
                action: "/device".into(),
                client: name("Report printer"),
                client_page: None,
                identity: Identity::Approved,
                warnings: vec![ConsentWarning::Device],
                destination: Destination::Device {
                    user_code: "BCDF-GHJK".into(),
                    address: name("192.0.2.7"),
                    asked_at: NOW,
                },
                switch_account: None,
                ..consent()
            }),
        ),
        (
            "consent-nowhere",
            Box::new(ConsentPage {
                workspaces: vec![],
                scopes: vec![],
                ..consent()
            }),
        ),
    ]
}

fn app(client: &str, host: &str, scope: Scope) -> ConnectedApp {
    ConnectedApp {
        id: "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000".parse().unwrap(),
        client: name(client),
        origin: "Verified domain",
        host: name(host),
        workspace: name("Sales"),
        scope,
        created_at: EARLIER,
        last_used_at: (scope != Scope::Read).then_some(NOW),
        calls: 1_204,
        is_offline: scope != Scope::Read,
        expires_at: LATER,
    }
}

#[expect(clippy::too_many_lines, reason = "a list")]
fn settings() -> Vec<(&'static str, Box<dyn Page>)> {
    let secret_line = SecretLine {
        created_at: EARLIER,
        expires_at: Some(LATER),
    };
    vec![
        (
            "settings-apps",
            Box::new(AppsPage {
                layout: AdminLayout {
                    notice: Some(Notice::Done("Claude is disconnected.".into())),
                    ..layout(Section::Apps)
                },
                apps: vec![
                    app("Claude", "claude.ai", Scope::Query),
                    app("Claude Code (tidegate)", "localhost", Scope::Write),
                    app(HOSTILE, "evil.example.net", Scope::Read),
                ],
                count: 261,
                search: "cl".into(),
                paging: paging(25, 261, ("connected app", "connected apps")),
                sort: AppSort::Used,
            }),
        ),
        (
            "settings-apps-empty",
            Box::new(AppsPage {
                layout: AdminLayout {
                    manages: false,
                    is_administrator: false,
                    ..layout(Section::Apps)
                },
                apps: vec![],
                count: 0,
                search: String::new(),
                paging: paging(0, 0, ("connected app", "connected apps")),
                sort: AppSort::default(),
            }),
        ),
        (
            "settings-connect",
            Box::new(ConnectPage {
                layout: layout(Section::Connect),
                endpoints: vec![
                    Endpoint {
                        title: name("Any of your workspaces, chosen as you connect"),
                        url: "https://mcp.example.com/mcp".into(),
                    },
                    Endpoint {
                        title: name("Workspace Sales"),
                        url: "https://mcp.example.com/w/sales/mcp".into(),
                    },
                ],
                recipes: vec![
                    Recipe {
                        id: "claude-code".into(),
                        title: "Claude Code".into(),
                        ways: vec![Way { title: "With a browser".into(), place: "a terminal".into(), text: "claude mcp add --transport http tidegate https://mcp.example.com/mcp".into() }],
                    },
                    Recipe {
                        id: "cursor".into(),
                        title: "Cursor".into(),
                        ways: vec![Way { title: "With a browser".into(), place: ".cursor/mcp.json".into(), text: "{\n  \"mcpServers\": {\n    \"tidegate\": {\"url\": \"https://mcp.example.com/mcp\"}\n  }\n}".into() }],
                    },
                ],
                left_out: vec!["Claude.ai".into(), "ChatGPT".into()],
            }),
        ),
        (
            "settings-clients",
            Box::new(ClientsPage {
                layout: layout(Section::Clients),
                offered: offered(),
                clients: vec![OwnClient {
                    id: "tgc_0123456789abcdef".parse().unwrap(),
                    name: name("My editor"),
                    redirect_uris: vec![name("http://localhost:8787/callback"), name("cursor://anysphere.cursor-mcp/oauth/callback")],
                    scope: Scope::Write,
                    secrets: vec![secret_line.clone()],
                    is_confidential: true,
                    created_at: EARLIER,
                    last_used_at: None,
                }],
                most: 10,
                presets: ["Claude.ai", "Claude Desktop", "Cursor", "VS Code", "Windsurf", "Zed", "ChatGPT", "Gemini CLI"]
                    .map(|title| PresetLink {
                        id: title.to_lowercase(),
                        title: title.into(),
                        is_chosen: title == "Cursor",
                    })
                    .into(),
                draft: ClientDraft {
                    name: "Cursor".into(),
                    redirect_uris: "cursor://anysphere.cursor-mcp/oauth/callback\nhttp://localhost:8787/callback".into(),
                    scope: Scope::Query,
                    is_confidential: false,
                },
                by_command: vec![CommandClient {
                    id: "tgc_00112233445566778899".parse().unwrap(),
                    name: name("Warehouse export"),
                    is_machine: true,
                    workspace: Some(name("Sales")),
                    scope: Scope::Query,
                    created_at: EARLIER,
                    last_used_at: Some(NOW),
                }],
            }),
        ),
        (
            "settings-machines",
            Box::new(MachinesPage {
                layout: layout(Section::Machines),
                offered: offered(),
                machines: vec![MachineClient {
                    id: "tgc_fedcba9876543210".parse().unwrap(),
                    name: name("Nightly report"),
                    service_account: Some(name("nightly-report")),
                    workspace: name("Sales"),
                    scope: Scope::Query,
                    secrets: vec![secret_line],
                    signs: false,
                    created_at: EARLIER,
                    last_used_at: Some(NOW),
                }],
                most: 10,
                count: 2,
                workspaces: vec![MachineWorkspace {
                    slug: "sales".parse().unwrap(),
                    title: name("Sales"),
                    may_make_service_accounts: true,
                }],
                access: Span(3_600),
                draft: MachineDraft::default(),
            }),
        ),
        (
            "settings-tokens",
            Box::new(TokensPage {
                offered: offered(),
                layout: AdminLayout {
                    notice: Some(Notice::Refused("Name: nothing came; write 1 to 100 characters.".into())),
                    ..layout(Section::Tokens)
                },
                tokens: vec![
                    notebook(),
                    ApiTokenLine {
                        id: "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0002".parse().unwrap(),
                        name: name("Old script"),
                        scope: Scope::Read,
                        workspace: None,
                        hint: name("b2Lm"),
                        created_at: EARLIER,
                        expires_at: None,
                        is_expired: false,
                        last_used_at: None,
                        last_used_from: None,
                    },
                ],
                most: 10,
                workspaces: vec![("sales".parse().unwrap(), name("Sales"))],
                draft: TokenDraft::default(),
            }),
        ),
        (
            "settings-secret",
            Box::new(SecretPage {
                layout: layout(Section::Machines),
                name: name("Nightly report"),
                what: "client secret",
                id: Some(("Client id", "tgc_fedcba9876543210".into())),
                secret: "tg_cs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_x7Qa".into(),
                uses: vec![(
                    "Try it",
                    "curl -u tgc_fedcba9876543210:tg_cs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_x7Qa \\\n  -d grant_type=client_credentials https://mcp.example.com/oauth/token".into(),
                )],
                overlap: Some(Span(86_400)),
            }),
        ),
        (
            "settings-account",
            Box::new(AccountPage {
                layout: AdminLayout {
                    hints: vec![Hint {
                        text: "You act in Board as ada, and that workspace’s Superset has no such user.".into(),
                        link: Some(("/diagnosis", "Diagnosis")),
                    }],
                    ..layout(Section::Account)
                },
                joinable: vec![("finance".parse().unwrap(), name("Finance and controlling"))],
                email: Some((name("ada@example.com"), false)),
                has_password: true,
                signed_in_at: NOW,
                memberships: vec![(name("Sales"), role(Role::Editor)), (name("Board"), role(Role::Viewer))],
            }),
        ),
    ]
}

fn flag(name: &'static str, title: &'static str) -> FlagLine {
    FlagLine {
        name,
        title,
        on: "Apps list and query at /mcp.",
        off: "Every app is refused at once, for everybody.",
        is_live: name != "DASHBOARD_RBAC",
        state: FlagState::On,
        origin: FlagOrigin::Default,
        rules: vec![],
        percentage: None,
    }
}

#[expect(clippy::too_many_lines, reason = "a list")]
fn administration() -> Vec<(&'static str, Box<dyn Page>)> {
    let event = |action: &str, refusal: &str, detail: &str| AuditLine {
        at: NOW,
        action: name(action),
        code: name("sign_in.failed"),
        account: name("ada"),
        client: name("Claude Code"),
        client_query: Some("client=claude-code".into()),
        workspace: name("sales"),
        address: name("2001:db8:85a3::8a2e:370:7334"),
        refusal: name(refusal),
        detail: UntrustedText::bounded(detail, 2_000),
    };
    let connection = |client: &str, username: &str| ConnectionLine {
        id: "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000".parse().unwrap(),
        client_id: "https://claude.ai/oauth/claude-code-client-metadata"
            .parse()
            .unwrap(),
        client: name(client),
        origin: "Verified domain",
        host: name("claude.ai"),
        username: name(username),
        workspace: name("Sales"),
        scope: Scope::Query,
        is_offline: true,
        created_at: EARLIER,
        last_used_at: Some(NOW),
        calls: 17,
    };
    let member = |display_name: &str, role, is_service| MemberLine {
        id: "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000".parse().unwrap(),
        username: name("ada"),
        display_name: name(display_name),
        role,
        superset_username: name("ada"),
        is_self: role == Role::Admin,
        is_administrator: role == Role::Admin,
        is_last_administrator: role == Role::Admin,
        connections: 3,
        api_tokens: 1,
        is_by_team: role == Role::Viewer,
        is_service,
        is_active: true,
        last_sign_in_at: Some(NOW),
    };
    let account = |username: &str, is_service: bool, is_active: bool| AccountLine {
        id: AccountId::new(),
        username: name(username),
        display_name: name("Grace Hopper"),
        email: (!is_service).then(|| name("grace@example.com")),
        is_self: username == "ada",
        is_administrator: username == "ada",
        is_service,
        is_active,
        has_password: !is_service,
        must_change_password: !is_active,
        may_reset: !is_service && username != "ada",
        last_sign_in_at: is_active.then_some(NOW),
    };
    vec![
        (
            "admin-accounts",
            Box::new(AccountsPage {
                layout: layout(Section::Accounts),
                search: String::new(),
                accounts: vec![
                    account("ada", false, true),
                    account("grace", false, true),
                    account("left-long-ago", false, false),
                    account("nightly-report-0192ab", true, true),
                ],
                paging: paging(4, 4, ("account", "accounts")),
            }),
        ),
        (
            "admin-members",
            Box::new(MembersPage {
                layout: layout(Section::Members),
                picks: picks(),
                workspace: "sales".parse().ok(),
                search: "a".into(),
                paging: paging(25, 1_000, ("member", "members")),
                invite: InviteDraft {
                    email: String::new(),
                    role: Role::Viewer,
                },
                new_member: NewMemberDraft {
                    username: String::new(),
                    role: Role::Viewer,
                    superset_username: String::new(),
                    is_open: false,
                },
                members: vec![
                    member("Ada Lovelace", Role::Admin, false),
                    member("Grace Hopper", Role::Viewer, false),
                    member("Nightly report", Role::Analyst, true),
                ],
                invitations: vec![InvitationLine {
                    id: "invitation".into(),
                    email: name("alan@example.com"),
                    role: Role::Analyst,
                    expires_at: LATER,
                }],
                can_add: true,
                new_link: Some((name("alan@example.com"), "https://mcp.example.com/invitation/tg_in_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_x7Qa".into())),
            }),
        ),
        (
            "admin-member-tokens",
            Box::new(MemberTokensPage {
                layout: layout(Section::Members),
                workspace: "sales".parse().unwrap(),
                workspace_title: name("Sales"),
                account: AccountId::new(),
                display_name: name("Grace Hopper"),
                tokens: vec![notebook()],
                has_all: false,
            }),
        ),
        (
            "admin-not-allowed",
            Box::new(RefusalPage {
                layout: layout(Section::Elsewhere),
                title: "Not for this account",
                text: "Your account does not manage this. Ask an administrator, or sign in with another account.",
                code: "not_allowed",
            }),
        ),
        (
            "admin-connections",
            Box::new(ConnectionsPage {
                layout: layout(Section::Connections),
                picks: picks(),
                workspace: "sales".parse().ok(),
                client: None,
                search: String::new(),
                connections: vec![connection("Claude Code", "ada"), connection("Claude Code", "grace")],
                paging: paging(25, 1_000, ("connected app", "connected apps")),
            }),
        ),
        (
            "admin-connections-of-client",
            Box::new(ConnectionsPage {
                layout: layout(Section::Connections),
                picks: picks(),
                workspace: None,
                client: Some(("https://claude.ai/oauth/claude-code-client-metadata".parse().unwrap(), name("Claude Code"))),
                search: String::new(),
                connections: vec![connection("Claude Code", "ada")],
                paging: paging(1, 1, ("connected app", "connected apps")),
            }),
        ),
        (
            "admin-policy",
            Box::new(PolicyPage {
                layout: layout(Section::Policy),
                picks: picks(),
                workspace: "sales".parse().ok(),
                needs_approval: true,
                rules: vec![
                    PolicyLine {
                        is_host: true,
                        matches: "claude.ai".into(),
                        name: None,
                        decision: PolicyDecision::Approved,
                    },
                    PolicyLine {
                        is_host: false,
                        matches: "tgc_0123456789abcdef".into(),
                        name: Some(name("Cursor")),
                        decision: PolicyDecision::Teams(name("analysts, engineers")),
                    },
                    PolicyLine {
                        is_host: true,
                        matches: "evil.example.net".into(),
                        name: None,
                        decision: PolicyDecision::Blocked,
                    },
                ],
                teams: vec![name("analysts"), name("engineers")],
                draft: PolicyDraft::default(),
            }),
        ),
        (
            "admin-confirm",
            Box::new(ConfirmPage {
                layout: layout(Section::Policy),
                question: "Block every app of evil.example.net?".into(),
                text: "What is connected stops working for everybody at once. Removing the rule later lets people connect it again.".into(),
                button: "Block".into(),
                action: "/admin/policy/rules".into(),
                fields: vec![("match".into(), "evil.example.net".into())],
                back: "/admin/policy".into(),
            }),
        ),
        (
            "admin-flags",
            Box::new(FlagsPage {
                layout: AdminLayout {
                    notice: Some(Notice::Undoable(
                        "MCP endpoint is off everywhere.".into(),
                        Undo {
                            action: "/admin/flags/MCP_SERVICE_ENABLED".into(),
                            fields: vec![("rule".into(), "on".into())],
                        },
                    )),
                    ..layout(Section::Flags)
                },
                picks: picks(),
                workspace: None,
                flags: vec![
                    FlagLine {
                        rules: vec![
                            RuleLine {
                                setting: RuleSetting::Percentage(25),
                                since: EARLIER,
                            },
                            RuleLine {
                                setting: RuleSetting::In("sales".parse().unwrap(), name("Sales"), false),
                                since: EARLIER,
                            },
                        ],
                        state: FlagState::Mixed { on: 2, of: 5 },
                        origin: FlagOrigin::Percentage(25),
                        percentage: Some(PercentageDraft {
                            typed: "120".into(),
                            problem: "120 came; write 0 to 100.".into(),
                        }),
                        ..flag("MCP_OAUTH_ENABLED", "Connecting apps")
                    },
                    flag("MCP_SERVICE_ENABLED", "MCP endpoint"),
                    flag("DASHBOARD_RBAC", "Dashboard roles"),
                ],
            }),
        ),
        (
            "admin-flags-of-workspace",
            Box::new(FlagsPage {
                layout: layout(Section::Flags),
                picks: picks(),
                workspace: Some(("sales".parse().unwrap(), name("Sales"))),
                flags: vec![
                    FlagLine {
                        state: FlagState::Off,
                        origin: FlagOrigin::Workspace,
                        ..flag("MCP_OAUTH_ENABLED", "Connecting apps")
                    },
                    flag("MCP_SERVICE_ENABLED", "MCP endpoint"),
                ],
            }),
        ),
        (
            "admin-audit",
            Box::new(AuditPage {
                layout: layout(Section::Audit),
                picks: picks(),
                fields: AuditFields::default(),
                actions: vec![(
                    "Sign-in",
                    vec![ActionOption {
                        code: "sign_in.failed",
                        words: "Sign-in failed",
                        is_chosen: false,
                    }],
                )],
                events: vec![
                    event("Sign-in failed", "wrong password", ""),
                    event("App connected", "", "View and run SQL, stays connected"),
                    event("Token refused", "used twice", "presented again after 400 s; the connection was ended <b>now</b>"),
                ],
                paging: paging(3, 10_000, ("record", "records")),
                nothing: None,
                query: String::new(),
            }),
        ),
        (
            "diagnosis",
            Box::new(DiagnosisPage {
                layout: layout(Section::Diagnosis),
                checks: vec![
                    Check {
                        layer: "Address",
                        verdict: Verdict::Passes,
                        text: "mcp.example.com is a host of this server; the workspace is sales.".into(),
                    },
                    Check {
                        layer: "Proxy",
                        verdict: Verdict::Notice,
                        text: "X-Forwarded-For came from 192.0.2.1, which is no trusted proxy: it is not believed.".into(),
                    },
                    Check {
                        layer: "Token",
                        verdict: Verdict::Refuses,
                        text: "It expired 12 minutes ago. The client should refresh it.".into(),
                    },
                    Check {
                        layer: "Standing",
                        verdict: Verdict::NotAsked,
                        text: "The token was refused before.".into(),
                    },
                ],
                headers: vec![
                    (name("host"), name("mcp.example.com")),
                    (name("cookie"), name("[left out, 96 characters]")),
                    (name("user-agent"), name("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0")),
                ],
                refusals: vec![event("Token refused", "used twice", "")],
                command: "curl -sS -H \"Authorization: Bearer YOUR_TOKEN\" https://mcp.example.com/diagnosis".into(),
                url: "https://mcp.example.com/mcp".into(),
            }),
        ),
    ]
}

/// Names and pages.
pub(crate) fn all() -> Vec<(&'static str, Box<dyn Page>)> {
    [
        sheets(),
        homes(),
        newcomers(),
        consents(),
        settings(),
        administration(),
    ]
    .into_iter()
    .flatten()
    .collect()
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
        for path in [
            assets::style(),
            assets::script(),
            assets::theme(),
            assets::icon(),
        ] {
            let name = path.trim_start_matches("/assets/");
            let asset = assets::find(name).unwrap();
            std::fs::create_dir_all(folder.join("assets")).unwrap();
            std::fs::write(folder.join("assets").join(name), asset.content).unwrap();
        }
    }
}
