//! Feature flags: rules of the manager, which change at run time, over the configuration.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tidegate_authorization_server::{OAuthGate, SwitchedOff};
use tidegate_config::{Flag, Flags, Settings};
use tidegate_control_plane::flag::{EvaluateFlags, FlagRule, ListFlags, StandingRule};
use tidegate_control_plane::workspace::FindWorkspace;
use tidegate_control_plane::{Manager, ManagerError};
use tidegate_runtime::{ControlError, FlagSource, WorkspaceState};
use tidegate_tools::Features;
use tidegate_types::{Clock, WorkspaceSlug};

use crate::workspaces::enabled;

/// Workspaces whose flags are remembered.
const MOST_KNOWN: u64 = 10_000;

/// How long flags count that cannot be asked for again.
const MOST_AGE: Duration = Duration::from_mins(5);

/// What is on where. It is remembered until the manager's change log says that flags changed; while the manager
/// cannot be reached it counts for 5 minutes, and then the configuration does.
pub(crate) struct FlagRules {
    manager: Manager,
    usual: Flags,
    configured: HashMap<WorkspaceSlug, Flags>,
    /// Counts changes: what was read before one is read again.
    generation: AtomicU64,
    /// By workspace; `None` is the deployment.
    known: Cache<Option<WorkspaceSlug>, RememberedFlags>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy)]
struct RememberedFlags {
    flags: Flags,
    generation: u64,
    read_at_millis: i64,
}

impl FlagRules {
    pub(super) fn new(manager: Manager, settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        Self {
            manager,
            usual: settings.flags,
            configured: enabled(settings)
                .map(|workspace| (workspace.slug.clone(), workspace.flags))
                .collect(),
            generation: AtomicU64::new(0),
            known: Cache::new(MOST_KNOWN),
            clock,
        }
    }

    /// Rules changed somewhere.
    pub(crate) fn changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The flags of a workspace, or of the deployment.
    pub(crate) async fn of(&self, workspace: Option<&WorkspaceSlug>) -> Flags {
        let generation = self.generation.load(Ordering::Acquire);
        let now = self.clock.unix_millis();
        let key = workspace.cloned();
        let age = |known: &RememberedFlags| now.saturating_sub(known.read_at_millis);
        let most_age = i64::try_from(MOST_AGE.as_millis()).unwrap_or(i64::MAX);
        let is_young = |known: &RememberedFlags| age(known) < most_age;
        let known = self.known.get(&key).filter(is_young);
        if let Some(known) = known.filter(|known| known.generation == generation) {
            return known.flags;
        }
        match self.read(workspace).await {
            Ok(flags) => {
                let read = RememberedFlags {
                    flags,
                    generation,
                    read_at_millis: now,
                };
                self.known.insert(key, read);
                flags
            }
            Err(err) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "flags cannot be read; what is known of them counts"
                );
                known.map_or_else(|| self.configured(workspace), |known| known.flags)
            }
        }
    }

    fn configured(&self, workspace: Option<&WorkspaceSlug>) -> Flags {
        workspace
            .and_then(|workspace| self.configured.get(workspace))
            .copied()
            .unwrap_or(self.usual)
    }

    async fn read(&self, workspace: Option<&WorkspaceSlug>) -> Result<Flags, ManagerError> {
        let configured = self.configured(workspace);
        let Some(workspace) = workspace else {
            let rules = self.manager.call(ListFlags {}).await?;
            return Ok(anywhere(&rules, configured));
        };
        let evaluate = EvaluateFlags {
            workspace: workspace.clone(),
        };
        let decided = self.manager.call(evaluate).await?;
        Ok(Flag::ALL
            .into_iter()
            .fold(configured, |flags, flag| match decided.get(flag.as_str()) {
                Some(on) => flags.with(flag, *on),
                None => flags,
            }))
    }
}

/// What is on in the deployment: a flag that rules turn on in some workspace is, so that there is something to turn on.
fn anywhere(rules: &[StandingRule], configured: Flags) -> Flags {
    Flag::ALL.into_iter().fold(configured, |flags, flag| {
        let of_flag = || rules.iter().filter(|rule| rule.flag == flag.as_str());
        let is_on_somewhere = of_flag().any(|rule| match &rule.rule {
            FlagRule::Everywhere(on) | FlagRule::In { is_on: on, .. } => *on,
            FlagRule::Percentage(part) => *part > 0,
        });
        let is_decided = of_flag().any(|rule| !matches!(rule.rule, FlagRule::In { .. }));
        flags.with(
            flag,
            is_on_somewhere || (!is_decided && configured.is_on(flag)),
        )
    })
}

/// What has to be on for applications, the widest first; the last one counts in workspaces alone.
const SWITCHES: [(Flag, SwitchedOff); 3] = [
    (Flag::McpService, SwitchedOff::Service),
    (Flag::McpOauth, SwitchedOff::OAuth),
    (Flag::McpOauthWorkspace, SwitchedOff::OAuthInWorkspace),
];

fn first_off(flags: Flags, switches: &[(Flag, SwitchedOff)]) -> Option<SwitchedOff> {
    let (_, off) = switches.iter().find(|(flag, _)| !flags.is_on(*flag))?;
    Some(*off)
}

#[async_trait::async_trait]
impl OAuthGate for FlagRules {
    async fn off(&self) -> Option<SwitchedOff> {
        first_off(self.of(None).await, &SWITCHES[..2])
    }

    async fn off_in(&self, workspace: &WorkspaceSlug) -> Option<SwitchedOff> {
        first_off(self.of(Some(workspace)).await, &SWITCHES)
    }
}

#[async_trait::async_trait]
impl FlagSource for FlagRules {
    async fn state_of(&self, workspace: &WorkspaceSlug) -> Result<WorkspaceState, ControlError> {
        let failed = |err: ManagerError| ControlError(Box::new(err));
        let find = FindWorkspace {
            slug: workspace.clone(),
        };
        let known = self.manager.call(find).await.map_err(failed)?;
        Ok(WorkspaceState {
            flags: self.read(Some(workspace)).await.map_err(failed)?,
            is_hibernated: known.is_some_and(|known| known.is_hibernated),
        })
    }
}

#[async_trait::async_trait]
impl Features for FlagRules {
    async fn fills_in_templates(&self, workspace: &WorkspaceSlug) -> bool {
        let flags = self.of(Some(workspace)).await;
        flags.is_on(Flag::TemplateProcessing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_switches_that_are_off_the_widest_is_told() {
        let on = SWITCHES
            .iter()
            .fold(Flags::default(), |flags, (flag, _)| flags.with(*flag, true));
        assert_eq!(None, first_off(on, &SWITCHES));
        for (flag, off) in SWITCHES {
            assert_eq!(Some(off), first_off(on.with(flag, false), &SWITCHES));
        }
        let service = on.with(Flag::McpService, false).with(Flag::McpOauth, false);
        assert_eq!(Some(SwitchedOff::Service), first_off(service, &SWITCHES));
    }

    fn rule(flag: Flag, rule: FlagRule) -> StandingRule {
        StandingRule {
            flag: flag.as_str().to_owned(),
            rule,
            set_at: 0,
        }
    }

    #[test]
    fn the_deployment_offers_what_is_on_in_some_workspace() {
        let acme = || "acme".parse().unwrap();
        let on = Flags::default().with(Flag::McpOauth, true);
        let off = Flags::default();
        let cases = [
            (vec![], on, true),
            (vec![], off, false),
            (vec![FlagRule::Everywhere(false)], on, false),
            (vec![FlagRule::Everywhere(true)], off, true),
            (vec![FlagRule::Percentage(0)], on, false),
            (vec![FlagRule::Percentage(1)], off, true),
            (
                vec![FlagRule::In {
                    workspace: acme(),
                    is_on: false,
                }],
                on,
                true,
            ),
            (
                vec![FlagRule::In {
                    workspace: acme(),
                    is_on: true,
                }],
                off,
                true,
            ),
            (
                vec![
                    FlagRule::Everywhere(false),
                    FlagRule::In {
                        workspace: acme(),
                        is_on: true,
                    },
                ],
                on,
                true,
            ),
        ];
        for (rules, configured, expected) in cases {
            let named = format!("{rules:?}");
            let rules: Vec<_> = rules
                .into_iter()
                .map(|of| rule(Flag::McpOauth, of))
                .chain([rule(Flag::Chatbot, FlagRule::Everywhere(true))])
                .collect();
            let flags = anywhere(&rules, configured);
            assert_eq!(expected, flags.is_on(Flag::McpOauth), "{named}");
        }
    }
}
