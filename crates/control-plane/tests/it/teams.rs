//! Teams.

use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_control_plane::policy::{
    ClientDecision, ClientMatch, PolicyRule, RemovePolicyRule, SetPolicyRule,
};
use tidegate_control_plane::team::{
    CreateTeam, ListTeams, RemoveTeam, SetTeamMember, SetTeamWorkspace,
};
use tidegate_control_plane::workspace::{ListMemberships, RemoveWorkspace};
use tidegate_types::{AccountId, GrantId, Role};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, refused, slug};

scenarios! {
    a_team_opens_its_workspaces_to_its_members,
    what_is_not_valid_names_its_field,
    leaving_a_team_ends_the_grants_in_what_it_opened,
    a_grant_stays_while_another_place_is_left,
    a_workspace_that_leaves_a_team_is_lost_to_its_members,
    removing_a_team_ends_what_it_gave,
    a_team_that_a_policy_names_stays,
}

fn create(name: &str) -> CreateTeam {
    CreateTeam {
        name: name.to_owned(),
    }
}

fn member(team: &str, account: &AccountId, is_member: bool) -> SetTeamMember {
    SetTeamMember {
        team: team.to_owned(),
        account: account.clone(),
        is_member,
    }
}

fn opens(team: &str, workspace: &str, role: Option<Role>) -> SetTeamWorkspace {
    SetTeamWorkspace {
        team: team.to_owned(),
        workspace: slug(workspace),
        role,
    }
}

fn remove(name: &str) -> RemoveTeam {
    RemoveTeam {
        name: name.to_owned(),
    }
}

/// `ada` is by team `staff` an editor of `acme`, and let an app in.
async fn staffed(at: &Fixture) -> (AccountId, GrantId) {
    let ada = at.has_person("ada").await.id;
    at.has_workspace("acme").await;
    at.call(create("staff")).await.unwrap();
    at.call(opens("staff", "acme", Some(Role::Editor)))
        .await
        .unwrap();
    at.call(member("staff", &ada, true)).await.unwrap();
    let client = at.has_client("app", "app.example").await;
    let grant = at.has_grant(&ada, &client.id, "acme").await;
    (ada, grant)
}

async fn end_of(at: &Fixture, id: &GrantId) -> Option<EndReason> {
    let grant = at
        .call(FindGrant { id: id.clone() })
        .await
        .unwrap()
        .unwrap();
    grant.ended.map(|(_, reason)| reason)
}

async fn a_team_opens_its_workspaces_to_its_members(at: Fixture) {
    let (ada, _) = staffed(&at).await;
    at.call(create("guests")).await.unwrap();
    // The same again changes nothing.
    at.call(member("staff", &ada, true)).await.unwrap();
    at.call(opens("staff", "acme", Some(Role::Admin)))
        .await
        .unwrap();
    let teams = at.call(ListTeams {}).await.unwrap();
    assert_eq!(
        ["guests", "staff"],
        *teams
            .iter()
            .map(|team| team.name.as_str())
            .collect::<Vec<_>>()
    );
    assert_eq!(vec![ada.clone()], teams[1].members);
    assert_eq!([(slug("acme"), Role::Admin)], *teams[1].workspaces);
    let theirs = at.call(ListMemberships { account: ada }).await.unwrap();
    assert_eq!(
        (1, Role::Admin, true),
        (theirs.len(), theirs[0].role, theirs[0].is_by_team)
    );
    at.call(RemoveWorkspace { slug: slug("acme") })
        .await
        .unwrap();
    assert!(
        at.call(ListTeams {}).await.unwrap()[1]
            .workspaces
            .is_empty()
    );
}

async fn what_is_not_valid_names_its_field(at: Fixture) {
    let ada = at.has_person("ada").await.id;
    for name in ["", "Staff", "a b", "a\"b", &"a".repeat(65)] {
        let said = refused(at.call(create(name)).await);
        assert!(
            said.starts_with("name ") && said.contains("use 1 to 64 of a-z"),
            "{said}"
        );
    }
    at.call(create("staff")).await.unwrap();
    assert_eq!(
        "team \"staff\" exists already: use another name",
        refused(at.call(create("staff")).await)
    );
    assert!(is_not_found(
        at.call(member("none", &ada, true)).await,
        "team"
    ));
    assert!(is_not_found(
        at.call(member("staff", &AccountId::new(), true)).await,
        "account"
    ));
    assert!(is_not_found(
        at.call(opens("none", "acme", None)).await,
        "team"
    ));
    assert!(is_not_found(
        at.call(opens("staff", "nowhere", Some(Role::Viewer))).await,
        "workspace"
    ));
    assert!(!at.call(remove("none")).await.unwrap());
}

async fn leaving_a_team_ends_the_grants_in_what_it_opened(at: Fixture) {
    let (ada, grant) = staffed(&at).await;
    let head = at.head().await;
    at.call(member("staff", &ada, false)).await.unwrap();
    assert_eq!(Some(EndReason::MembershipLost), end_of(&at, &grant).await);
    assert!(
        at.changes_since(head)
            .await
            .contains(&LoggedChange::Account)
    );
}

async fn a_grant_stays_while_another_place_is_left(at: Fixture) {
    let (ada, grant) = staffed(&at).await;
    at.call(create("guests")).await.unwrap();
    at.call(opens("guests", "acme", Some(Role::Viewer)))
        .await
        .unwrap();
    at.call(member("guests", &ada, true)).await.unwrap();
    at.call(member("staff", &ada, false)).await.unwrap();
    assert_eq!(None, end_of(&at, &grant).await);
    at.has_member("acme", &ada, Role::Viewer).await;
    assert!(at.call(remove("guests")).await.unwrap());
    assert_eq!(None, end_of(&at, &grant).await);
}

async fn a_workspace_that_leaves_a_team_is_lost_to_its_members(at: Fixture) {
    let (_, grant) = staffed(&at).await;
    let head = at.head().await;
    at.call(opens("staff", "acme", None)).await.unwrap();
    assert_eq!(Some(EndReason::MembershipLost), end_of(&at, &grant).await);
    let told = LoggedChange::Workspace {
        workspace: slug("acme"),
    };
    assert!(at.changes_since(head).await.contains(&told));
    let head = at.head().await;
    at.call(opens("staff", "acme", None)).await.unwrap();
    assert!(at.changes_since(head).await.is_empty());
}

async fn removing_a_team_ends_what_it_gave(at: Fixture) {
    let (ada, grant) = staffed(&at).await;
    assert!(at.call(remove("staff")).await.unwrap());
    assert_eq!(Some(EndReason::MembershipLost), end_of(&at, &grant).await);
    assert!(
        at.call(ListMemberships { account: ada })
            .await
            .unwrap()
            .is_empty()
    );
    assert!(at.call(ListTeams {}).await.unwrap().is_empty());
}

async fn a_team_that_a_policy_names_stays(at: Fixture) {
    for name in ["staff", "sta_f"] {
        at.call(create(name)).await.unwrap();
    }
    let matches = ClientMatch::Host("app.example".to_owned());
    let rule = PolicyRule {
        workspace: None,
        matches: matches.clone(),
        decision: ClientDecision::Teams(vec!["staff".to_owned()]),
    };
    at.call(SetPolicyRule { rule }).await.unwrap();
    let said = refused(at.call(remove("staff")).await);
    assert!(
        said.contains("stands in the client policy for \"app.example\""),
        "{said}"
    );
    assert!(
        at.call(remove("sta_f")).await.unwrap(),
        "its name is no pattern"
    );
    at.call(RemovePolicyRule {
        workspace: None,
        matches,
    })
    .await
    .unwrap();
    assert!(at.call(remove("staff")).await.unwrap());
}
