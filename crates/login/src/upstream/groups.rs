//! What a provider's groups give: teams and places in workspaces.

use std::collections::BTreeMap;

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::Account;
use tidegate_control_plane::team::{ListTeams, SetTeamMember};
use tidegate_control_plane::workspace::{ListMemberships, RemoveMembership, SetMembership};
use tidegate_types::{Role, WorkspaceSlug};

use super::identity::Identity;
use crate::{GroupGrant, ProviderSettings, SignIn, SignInError};

impl SignIn {
    /// Gives and takes what the groups say. Where the provider says nothing of groups (Entra leaves them out when there are
    /// many), nothing changes.
    pub(super) async fn bring_groups(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        account: &Account,
    ) -> Result<(), SignInError> {
        let Some(groups) = &identity.groups else {
            return Ok(());
        };
        let wanted = Wanted::of(&settings.groups, groups);
        if !wanted.teams.is_empty() {
            self.bring_teams(&wanted.teams, account).await?;
        }
        if !wanted.workspaces.is_empty() {
            self.bring_workspaces(&wanted.workspaces, account).await?;
        }
        Ok(())
    }

    async fn bring_teams(
        &self,
        wanted: &BTreeMap<&str, bool>,
        account: &Account,
    ) -> Result<(), SignInError> {
        let teams = self.parts.call(ListTeams {}).await?;
        for (name, is_member) in wanted {
            let Some(team) = teams.iter().find(|team| team.name == *name) else {
                tracing::warn!(
                    team = name,
                    "a provider's group gives a team that does not exist"
                );
                continue;
            };
            if team.members.contains(&account.id) == *is_member {
                continue;
            }
            let set = SetTeamMember {
                team: team.name.clone(),
                account: account.id.clone(),
                is_member: *is_member,
            };
            ignore_missing(self.parts.call(set).await)?;
        }
        Ok(())
    }

    async fn bring_workspaces(
        &self,
        wanted: &BTreeMap<&WorkspaceSlug, Option<Role>>,
        account: &Account,
    ) -> Result<(), SignInError> {
        let account = account.id.clone();
        let places = self
            .parts
            .call(ListMemberships {
                account: account.clone(),
            })
            .await?;
        for (workspace, role) in wanted {
            let own = places
                .iter()
                .find(|place| place.workspace == **workspace && !place.is_by_team);
            match (own, role) {
                (Some(place), Some(role)) if place.role == *role => {}
                (_, Some(role)) => {
                    let set = SetMembership {
                        workspace: (*workspace).clone(),
                        account: account.clone(),
                        role: *role,
                        superset_username: own.map(|place| place.superset_username.clone()),
                    };
                    ignore_missing(self.parts.call(set).await)?;
                }
                (Some(_), None) => {
                    let remove = RemoveMembership {
                        workspace: (*workspace).clone(),
                        account: account.clone(),
                    };
                    ignore_missing(self.parts.call(remove).await)?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}

/// A workspace or team that is gone gives nothing; anything else must not pass for done.
fn ignore_missing<T>(result: Result<T, ManagerError>) -> Result<(), SignInError> {
    match result {
        Ok(_) => Ok(()),
        Err(ManagerError::NotFound { what }) => {
            tracing::warn!(
                what,
                "a provider's group maps to a team or workspace that does not exist"
            );
            Ok(())
        }
        Err(err) => Err(err.into()),
    }
}

/// Everything that groups of the provider can give, and whether these groups do.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted<'a> {
    teams: BTreeMap<&'a str, bool>,
    workspaces: BTreeMap<&'a WorkspaceSlug, Option<Role>>,
}

impl<'a> Wanted<'a> {
    fn of(grants: &'a [GroupGrant], groups: &[String]) -> Self {
        let mut wanted = Self::default();
        for grant in grants {
            match grant {
                GroupGrant::Team { group, team } => {
                    *wanted.teams.entry(team).or_default() |= groups.contains(group);
                }
                GroupGrant::Workspace {
                    group,
                    workspace,
                    role,
                } => {
                    let widest = wanted.workspaces.entry(workspace).or_default();
                    if groups.contains(group) {
                        *widest = (*widest).max(Some(*role));
                    }
                }
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants() -> Vec<GroupGrant> {
        let workspace = |group: &str, workspace: &str, role| GroupGrant::Workspace {
            group: group.to_owned(),
            workspace: workspace.parse().unwrap(),
            role,
        };
        let team = |group: &str, team: &str| GroupGrant::Team {
            group: group.to_owned(),
            team: team.to_owned(),
        };
        vec![
            workspace("bi", "acme", Role::Viewer),
            workspace("bi-leads", "acme", Role::Admin),
            workspace("bi", "emea", Role::Analyst),
            team("bi", "data"),
            team("bi-leads", "data"),
            team("hr", "people"),
        ]
    }

    #[test]
    fn the_widest_role_of_all_groups_counts_and_the_rest_is_taken() {
        let grants = grants();
        let groups = ["bi".to_owned(), "bi-leads".to_owned(), "other".to_owned()];
        let wanted = Wanted::of(&grants, &groups);
        let roles: Vec<Option<Role>> = wanted.workspaces.values().copied().collect();
        assert_eq!(vec![Some(Role::Admin), Some(Role::Analyst)], roles);
        let teams: Vec<(&str, bool)> = wanted.teams.into_iter().collect();
        assert_eq!(vec![("data", true), ("people", false)], teams);
    }

    #[test]
    fn no_groups_take_everything_that_groups_give() {
        let grants = grants();
        let wanted = Wanted::of(&grants, &[]);
        assert!(wanted.workspaces.values().all(Option::is_none));
        assert!(wanted.teams.values().all(|is_member| !is_member));
    }

    #[test]
    fn groups_are_compared_exactly() {
        let grants = grants();
        for group in ["BI", "bi ", "bi/", "b", "bi-lead"] {
            let wanted = Wanted::of(&grants, &[group.to_owned()]);
            assert!(wanted.workspaces.values().all(Option::is_none), "{group}");
        }
    }
}
