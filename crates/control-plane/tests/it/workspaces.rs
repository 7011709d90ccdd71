//! Workspaces, and who belongs to them.

use std::time::Duration;

use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::flag::{FlagRule, ListFlags, SetFlag};
use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_control_plane::team::{CreateTeam, SetTeamMember, SetTeamWorkspace};
use tidegate_control_plane::workspace::{
    CreateWorkspace, DeclareWorkspaces, FindConnection, FindWorkspace, ListMembers,
    ListMemberships, ListWorkspaces, RemoveMembership, RemoveWorkspace, SetMembership,
    UpdateWorkspace, Workspace,
};
use tidegate_types::{AccountId, Role};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, refused, slug, workspace};

scenarios! {
    a_workspace_is_made_found_listed_and_removed,
    what_is_not_valid_names_its_field,
    a_host_leads_to_one_workspace,
    declaring_twice_changes_nothing,
    what_is_declared_is_changed_in_the_configuration_alone,
    a_host_moves_between_declared_workspaces,
    nodes_that_declare_at_once_agree,
    a_membership_is_the_widest_of_its_own_and_the_teams,
    losing_a_membership_ends_its_grants_and_is_told,
    removing_a_workspace_takes_what_is_in_it,
    sleep_is_told,
    a_member_must_exist_and_so_must_the_workspace,
}

fn with_hosts(name: &str, hosts: &[&str]) -> CreateWorkspace {
    CreateWorkspace {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..workspace(name)
    }
}

fn declared(name: &str, hosts: &[&str]) -> Workspace {
    Workspace {
        slug: slug(name),
        title: name.to_owned(),
        region: "eu".to_owned(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        public_url: None,
        is_declared: false,
        is_hibernated: false,
        created_at: 0,
    }
}

fn update(name: &str) -> UpdateWorkspace {
    UpdateWorkspace {
        slug: slug(name),
        title: None,
        hosts: None,
        is_hibernated: None,
    }
}

fn told(name: &str) -> LoggedChange {
    LoggedChange::Workspace {
        workspace: slug(name),
    }
}

async fn find(at: &Fixture, name: &str) -> Option<Workspace> {
    at.call(FindWorkspace { slug: slug(name) }).await.unwrap()
}

async fn a_workspace_is_made_found_listed_and_removed(at: Fixture) {
    let head = at.head().await;
    let asked = CreateWorkspace {
        title: "Acme Inc.".to_owned(),
        region: "us1a".to_owned(),
        public_url: Some("https://acme.example".to_owned()),
        ..with_hosts("acme", &["B.example", "a.example", "b.example"])
    };
    let made = at.call(asked).await.unwrap();
    assert_eq!(["a.example", "b.example"], *made.hosts);
    assert_eq!(
        ("Acme Inc.", "us1a", at.now()),
        (made.title.as_str(), made.region.as_str(), made.created_at)
    );
    assert!(!made.is_declared && !made.is_hibernated);
    assert_eq!(Some(&made), find(&at, "acme").await.as_ref());
    at.has_workspace("zeta").await;
    let all = at.call(ListWorkspaces {}).await.unwrap();
    assert_eq!([made, find(&at, "zeta").await.unwrap()], *all);
    assert_eq!("zeta", all[1].title);
    assert_eq!(
        vec![told("acme"), told("zeta")],
        at.changes_since(head).await
    );
    let connection = at
        .call(FindConnection { slug: slug("acme") })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        "postgresql://superset:hunter2@db/superset",
        connection.metastore
    );
    assert_eq!(
        Some("the Superset's own key"),
        connection.secret_key.as_deref()
    );
    let said = refused(at.call(workspace("acme")).await);
    assert_eq!("workspace \"acme\" exists already: use another slug", said);
    at.call(RemoveWorkspace { slug: slug("acme") })
        .await
        .unwrap();
    assert_eq!(None, find(&at, "acme").await);
    assert!(
        at.call(FindConnection { slug: slug("acme") })
            .await
            .unwrap()
            .is_none()
    );
    assert!(is_not_found(
        at.call(RemoveWorkspace { slug: slug("acme") }).await,
        "workspace"
    ));
}

async fn what_is_not_valid_names_its_field(at: Fixture) {
    let connection = |metastore: &str, superset_url: Option<&str>| {
        let mut asked = workspace("x");
        asked.connection.metastore = metastore.to_owned();
        asked.connection.superset_url = superset_url.map(str::to_owned);
        asked
    };
    let cases = [
        (
            "title",
            CreateWorkspace {
                title: "a\u{202E}b".to_owned(),
                ..workspace("x")
            },
        ),
        (
            "region",
            CreateWorkspace {
                region: "e".repeat(41),
                ..workspace("x")
            },
        ),
        ("hosts", with_hosts("x", &["https://a.example"])),
        ("hosts", with_hosts("x", &["a"; 51])),
        (
            "public_url",
            CreateWorkspace {
                public_url: Some("javascript:1".to_owned()),
                ..workspace("x")
            },
        ),
        ("connection.metastore", connection(" ", None)),
        (
            "connection.superset_url",
            connection("x.db", Some("https://u:hunter2@s.example")),
        ),
    ];
    for (field, asked) in cases {
        let said = refused(at.call(asked).await);
        assert!(said.starts_with(field), "{field}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert!(at.call(ListWorkspaces {}).await.unwrap().is_empty());
}

async fn a_host_leads_to_one_workspace(at: Fixture) {
    at.call(with_hosts("acme", &["a.example"])).await.unwrap();
    let said = refused(at.call(with_hosts("rival", &["A.example"])).await);
    assert!(
        said.contains("\"a.example\" is a host of workspace \"acme\""),
        "{said}"
    );
    assert_eq!(None, find(&at, "rival").await);
    at.has_workspace("rival").await;
    let take = UpdateWorkspace {
        hosts: Some(vec!["a.example".to_owned()]),
        ..update("rival")
    };
    refused(at.call(take).await);
    let give = UpdateWorkspace {
        hosts: Some(Vec::new()),
        ..update("acme")
    };
    assert!(at.call(give).await.unwrap().hosts.is_empty());
    let take = UpdateWorkspace {
        hosts: Some(vec!["a.example".to_owned()]),
        ..update("rival")
    };
    assert_eq!(["a.example"], *at.call(take).await.unwrap().hosts);
}

async fn declaring_twice_changes_nothing(at: Fixture) {
    let head = at.head().await;
    let declare = || DeclareWorkspaces {
        workspaces: vec![declared("acme", &["a.example"]), declared("beta", &[])],
    };
    at.call(declare()).await.unwrap();
    let after = at.head().await;
    assert_eq!(
        vec![told("acme"), told("beta")],
        at.changes_since(head).await
    );
    at.pass(Duration::from_hours(1));
    let sleep = UpdateWorkspace {
        is_hibernated: Some(true),
        ..update("acme")
    };
    at.call(sleep).await.unwrap();
    at.call(declare()).await.unwrap();
    assert_eq!(
        vec![told("acme")],
        at.changes_since(after).await,
        "the sleep alone"
    );
    let acme = find(&at, "acme").await.unwrap();
    assert!(acme.is_declared && acme.is_hibernated);
    assert_eq!(at.now() - 3_600, acme.created_at);
    // What is declared no more stays, for whoever works there.
    let head = at.head().await;
    at.call(DeclareWorkspaces {
        workspaces: vec![declared("acme", &["a.example"])],
    })
    .await
    .unwrap();
    assert_eq!(vec![told("beta")], at.changes_since(head).await);
    assert!(!find(&at, "beta").await.unwrap().is_declared);
    let twice = DeclareWorkspaces {
        workspaces: vec![declared("acme", &[]), declared("acme", &[])],
    };
    assert_eq!(
        "workspaces names \"acme\" twice",
        refused(at.call(twice).await)
    );
    let shared = DeclareWorkspaces {
        workspaces: vec![declared("acme", &["x.y"]), declared("beta", &["X.y"])],
    };
    assert!(refused(at.call(shared).await).contains("a host leads to one workspace"));
}

async fn what_is_declared_is_changed_in_the_configuration_alone(at: Fixture) {
    at.call(DeclareWorkspaces {
        workspaces: vec![declared("acme", &[])],
    })
    .await
    .unwrap();
    for (field, asked) in [
        (
            "hosts",
            UpdateWorkspace {
                hosts: Some(vec!["a.example".to_owned()]),
                ..update("acme")
            },
        ),
        (
            "title",
            UpdateWorkspace {
                title: Some("Other".to_owned()),
                ..update("acme")
            },
        ),
    ] {
        let said = refused(at.call(asked).await);
        assert_eq!(
            format!("{field} of a workspace that the configuration declares is changed there"),
            said
        );
    }
    let said = refused(at.call(RemoveWorkspace { slug: slug("acme") }).await);
    assert!(said.contains("is declared by the configuration"), "{said}");
    assert!(
        at.call(FindConnection { slug: slug("acme") })
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_host_moves_between_declared_workspaces(at: Fixture) {
    let declare = |first: &[&str], second: &[&str]| DeclareWorkspaces {
        workspaces: vec![declared("acme", first), declared("beta", second)],
    };
    at.call(declare(&["a.example", "b.example"], &["c.example"]))
        .await
        .unwrap();
    at.call(declare(&["c.example"], &["a.example"]))
        .await
        .unwrap();
    assert_eq!(["c.example"], *find(&at, "acme").await.unwrap().hosts);
    assert_eq!(["a.example"], *find(&at, "beta").await.unwrap().hosts);
    at.call(with_hosts("other", &["d.example"])).await.unwrap();
    let said = refused(at.call(declare(&["d.example"], &[])).await);
    assert!(said.contains("is a host of workspace \"other\""), "{said}");
    assert_eq!(["c.example"], *find(&at, "acme").await.unwrap().hosts);
}

async fn nodes_that_declare_at_once_agree(at: Fixture) {
    let declare = || DeclareWorkspaces {
        workspaces: (0..50)
            .map(|number| declared(&format!("w{number}"), &[&format!("w{number}.example")]))
            .collect(),
    };
    let nodes = (0..4).map(|_| {
        let (manager, declare) = (at.manager.clone(), declare());
        tokio::spawn(async move { manager.call(declare).await })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.unwrap().unwrap();
    }
    assert_eq!(50, at.call(ListWorkspaces {}).await.unwrap().len());
    assert_eq!(50, at.changes_since(0).await.len(), "each is told once");
}

async fn a_membership_is_the_widest_of_its_own_and_the_teams(at: Fixture) {
    let ada = at.has_person("ada").await;
    for name in ["acme", "beta"] {
        at.has_workspace(name).await;
    }
    for (team, workspace, role) in [
        ("staff", "acme", Role::Editor),
        ("staff", "beta", Role::Viewer),
        ("guests", "acme", Role::Viewer),
    ] {
        let _ = at
            .call(CreateTeam {
                name: team.to_owned(),
            })
            .await;
        at.call(SetTeamWorkspace {
            team: team.to_owned(),
            workspace: slug(workspace),
            role: Some(role),
        })
        .await
        .unwrap();
        at.call(SetTeamMember {
            team: team.to_owned(),
            account: ada.id.clone(),
            is_member: true,
        })
        .await
        .unwrap();
    }
    let own = SetMembership {
        workspace: slug("acme"),
        account: ada.id.clone(),
        role: Role::Analyst,
        superset_username: Some("ada.l".to_owned()),
    };
    let effective = at.call(own).await.unwrap();
    assert_eq!(
        (Role::Editor, false),
        (effective.role, effective.is_by_team)
    );
    let theirs = at
        .call(ListMemberships {
            account: ada.id.clone(),
        })
        .await
        .unwrap();
    let brief: Vec<_> = theirs
        .iter()
        .map(|place| {
            (
                place.workspace.as_str(),
                place.role,
                place.superset_username.as_str(),
                place.is_by_team,
            )
        })
        .collect();
    assert_eq!(
        [
            ("acme", Role::Editor, "ada.l", false),
            ("beta", Role::Viewer, "ada", true)
        ],
        *brief
    );
    let members = at
        .call(ListMembers {
            workspace: slug("acme"),
        })
        .await
        .unwrap();
    assert_eq!([theirs[0].clone()], *members);
    let left = SetTeamMember {
        team: "staff".to_owned(),
        account: ada.id.clone(),
        is_member: false,
    };
    at.call(left).await.unwrap();
    let theirs = at
        .call(ListMemberships {
            account: ada.id.clone(),
        })
        .await
        .unwrap();
    assert_eq!(
        [Role::Analyst],
        *theirs.iter().map(|place| place.role).collect::<Vec<_>>()
    );
}

async fn losing_a_membership_ends_its_grants_and_is_told(at: Fixture) {
    let (ada, bob) = (at.has_person("ada").await, at.has_person("bob").await);
    let client = at.has_client("app", "app.example").await;
    for name in ["acme", "beta"] {
        at.has_workspace(name).await;
        at.has_member(name, &ada.id, Role::Editor).await;
        at.has_member(name, &bob.id, Role::Editor).await;
    }
    let lost = at.has_grant(&ada.id, &client.id, "acme").await;
    let elsewhere = at.has_grant(&ada.id, &client.id, "beta").await;
    let anothers = at.has_grant(&bob.id, &client.id, "acme").await;
    let head = at.head().await;
    let remove = || RemoveMembership {
        workspace: slug("acme"),
        account: ada.id.clone(),
    };
    assert!(at.call(remove()).await.unwrap());
    let grant = at
        .call(FindGrant { id: lost.clone() })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Some((at.now(), EndReason::MembershipLost)), grant.ended);
    for id in [elsewhere, anothers] {
        assert_eq!(
            None,
            at.call(FindGrant { id }).await.unwrap().unwrap().ended
        );
    }
    let changes = at.changes_since(head).await;
    assert!(changes.contains(&LoggedChange::Session {
        workspace: Some(slug("acme")),
        id: lost
    }));
    assert!(changes.contains(&told("acme")));
    let head = at.head().await;
    assert!(!at.call(remove()).await.unwrap());
    assert!(at.changes_since(head).await.is_empty());
}

async fn removing_a_workspace_takes_what_is_in_it(at: Fixture) {
    let ada = at.has_person("ada").await;
    let client = at.has_client("app", "app.example").await;
    at.has_workspace("acme").await;
    at.has_member("acme", &ada.id, Role::Editor).await;
    let rule = FlagRule::In {
        workspace: slug("acme"),
        is_on: false,
    };
    at.call(SetFlag {
        flag: "CHATBOT_ENABLED".to_owned(),
        rule,
    })
    .await
    .unwrap();
    let grant = at.has_grant(&ada.id, &client.id, "acme").await;
    at.call(RemoveWorkspace { slug: slug("acme") })
        .await
        .unwrap();
    assert!(
        at.call(FindGrant { id: grant })
            .await
            .unwrap()
            .unwrap()
            .ended
            .is_some()
    );
    assert!(at.call(ListFlags {}).await.unwrap().is_empty());
    // A later workspace of the name begins with nobody in it.
    at.has_workspace("acme").await;
    assert!(
        at.call(ListMemberships { account: ada.id })
            .await
            .unwrap()
            .is_empty()
    );
}

async fn sleep_is_told(at: Fixture) {
    at.has_workspace("acme").await;
    let head = at.head().await;
    let sleep = |is_hibernated| UpdateWorkspace {
        is_hibernated: Some(is_hibernated),
        ..update("acme")
    };
    assert!(at.call(sleep(true)).await.unwrap().is_hibernated);
    assert!(at.call(sleep(true)).await.unwrap().is_hibernated);
    assert_eq!(vec![told("acme")], at.changes_since(head).await);
    assert!(!at.call(sleep(false)).await.unwrap().is_hibernated);
    assert!(is_not_found(at.call(update("nowhere")).await, "workspace"));
}

async fn a_member_must_exist_and_so_must_the_workspace(at: Fixture) {
    let ada = at.has_person("ada").await;
    at.has_workspace("acme").await;
    let set = |name: &str, account: &AccountId, superset_username: Option<&str>| SetMembership {
        workspace: slug(name),
        account: account.clone(),
        role: Role::Viewer,
        superset_username: superset_username.map(str::to_owned),
    };
    assert!(is_not_found(
        at.call(set("nowhere", &ada.id, None)).await,
        "workspace"
    ));
    assert!(is_not_found(
        at.call(set("acme", &AccountId::new(), None)).await,
        "account"
    ));
    let said = refused(at.call(set("acme", &ada.id, Some(&"x".repeat(65)))).await);
    assert!(said.starts_with("superset_username"), "{said}");
    assert!(
        at.call(ListMembers {
            workspace: slug("acme")
        })
        .await
        .unwrap()
        .is_empty()
    );
}
