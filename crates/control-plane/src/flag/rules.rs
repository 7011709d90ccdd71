//! Sets, lists and evaluates rules.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query};
use tidegate_database::{DatabaseError, FromRow, NamedRow, row};
use tidegate_types::WorkspaceSlug;

use super::{ClearFlag, ClearFlagRule, FlagRule, KNOWN_FLAGS, RuleKind, SetFlag, StandingRule};
use crate::change::{self, LoggedChange};
use crate::{LocalManager, ManagerError, UnixSecs, input, workspace};

const EVERYWHERE: &str = "everywhere";
const PERCENTAGE: &str = "percentage";
const WORKSPACE: &str = "workspace";
/// More than one rule of each kind for each flag in each workspace cannot be.
const MAX_LISTED: u64 = 100_000;

fn check_flag(flag: &str) -> Result<(), ManagerError> {
    if KNOWN_FLAGS.contains(&flag) {
        Ok(())
    } else {
        let right = format!("use one of {}", KNOWN_FLAGS.join(", "));
        Err(input::invalid("flag", flag, &right))
    }
}

pub(super) async fn set(manager: &LocalManager, asked: &SetFlag) -> Result<(), ManagerError> {
    check_flag(&asked.flag)?;
    let now = manager.now();
    let (scope, workspace, value) = match &asked.rule {
        FlagRule::Everywhere(is_on) => (EVERYWHERE, None, i64::from(*is_on)),
        FlagRule::In { workspace, is_on } => (WORKSPACE, Some(workspace), i64::from(*is_on)),
        FlagRule::Percentage(part @ 0..=100) => (PERCENTAGE, None, i64::from(*part)),
        FlagRule::Percentage(part) => {
            return Err(ManagerError::Invalid(format!(
                "percentage {part} is not valid: use 0 to 100"
            )));
        }
    };
    let mut transaction = manager.pool.begin("set a flag").await?;
    if let Some(workspace) = workspace {
        workspace::lock(&mut transaction, workspace).await?;
    }
    let upsert = Query::insert()
        .into_table("flag_rules")
        .columns(["flag", "scope", "workspace", "value", "set_at"])
        .values_panic([
            asked.flag.as_str().into(),
            scope.into(),
            workspace.map_or("", WorkspaceSlug::as_str).into(),
            value.into(),
            now.into(),
        ])
        .on_conflict(
            OnConflict::columns(["flag", "scope", "workspace"])
                .update_columns(["value", "set_at"])
                .to_owned(),
        )
        .to_owned();
    transaction.execute(&upsert).await?;
    let workspace = workspace.cloned();
    change::append(&mut transaction, &[LoggedChange::Flags { workspace }], now).await?;
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn clear(manager: &LocalManager, asked: &ClearFlag) -> Result<bool, ManagerError> {
    check_flag(&asked.flag)?;
    let scopes: &[&str] = match &asked.workspace {
        Some(_) => &[WORKSPACE],
        None => &[EVERYWHERE, PERCENTAGE],
    };
    remove(manager, &asked.flag, scopes, asked.workspace.clone()).await
}

pub(super) async fn clear_one(
    manager: &LocalManager,
    asked: &ClearFlagRule,
) -> Result<bool, ManagerError> {
    check_flag(&asked.flag)?;
    let (scope, workspace) = match &asked.kind {
        RuleKind::Everywhere => (EVERYWHERE, None),
        RuleKind::Percentage => (PERCENTAGE, None),
        RuleKind::In(workspace) => (WORKSPACE, Some(workspace.clone())),
    };
    remove(manager, &asked.flag, &[scope], workspace).await
}

async fn remove(
    manager: &LocalManager,
    flag: &str,
    scopes: &[&str],
    workspace: Option<WorkspaceSlug>,
) -> Result<bool, ManagerError> {
    let mut transaction = manager.pool.begin("clear a flag").await?;
    let delete = Query::delete()
        .from_table("flag_rules")
        .and_where(Expr::col("flag").eq(flag))
        .and_where(Expr::col("scope").is_in(scopes.iter().copied()))
        .and_where(Expr::col("workspace").eq(workspace.as_ref().map_or("", WorkspaceSlug::as_str)))
        .to_owned();
    if transaction.execute(&delete).await? == 0 {
        return Ok(false);
    }
    let changes = [LoggedChange::Flags { workspace }];
    change::append(&mut transaction, &changes, manager.now()).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn list(manager: &LocalManager) -> Result<Vec<StandingRule>, ManagerError> {
    let all = RuleRow::select(&mut Query::select())
        .from("flag_rules")
        .order_by("flag", Order::Asc)
        .order_by("scope", Order::Asc)
        .order_by("workspace", Order::Asc)
        .limit(MAX_LISTED)
        .to_owned();
    Ok(manager.pool.read("list flags", &all).await?)
}

row! {
    struct RuleRow {
        flag: String = flag_rules.flag,
        scope: String = flag_rules.scope,
        workspace: String = flag_rules.workspace,
        value: i64 = flag_rules.value,
        set_at: UnixSecs = flag_rules.set_at,
    }
}

impl FromRow for StandingRule {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let corrupt = |reason: String| DatabaseError::Corrupt {
            operation: "read a flag",
            reason,
        };
        let row = RuleRow::from_row(row)?;
        let is_on = row.value != 0;
        let rule = match row.scope.as_str() {
            EVERYWHERE => FlagRule::Everywhere(is_on),
            PERCENTAGE => FlagRule::Percentage(u8::try_from(row.value.clamp(0, 100)).unwrap_or(0)),
            WORKSPACE => {
                let workspace = row.workspace.parse();
                FlagRule::In {
                    workspace: workspace.map_err(|err| corrupt(format!("workspace: {err}")))?,
                    is_on,
                }
            }
            other => return Err(corrupt(format!("{other:?} is no kind of rule"))),
        };
        Ok(Self {
            flag: row.flag,
            rule,
            set_at: row.set_at,
        })
    }
}

pub(super) async fn evaluate(
    manager: &LocalManager,
    workspace: &WorkspaceSlug,
) -> Result<BTreeMap<String, bool>, ManagerError> {
    let rules = RuleRow::select(&mut Query::select())
        .from("flag_rules")
        .and_where(Expr::col("workspace").is_in(["", workspace.as_str()]))
        .to_owned();
    let rules: Vec<_> = manager.pool.read("evaluate flags", &rules).await?;
    Ok(decide(&rules, workspace))
}

/// Each flag that a rule decides.
fn decide(rules: &[StandingRule], workspace: &WorkspaceSlug) -> BTreeMap<String, bool> {
    let flags: BTreeSet<&str> = rules.iter().map(|rule| rule.flag.as_str()).collect();
    flags
        .into_iter()
        .filter_map(|flag| {
            let (_, is_on) = decided(rules, flag, workspace)?;
            Some((flag.to_owned(), is_on))
        })
        .collect()
}

/// The rule that decides a flag in a workspace, and what it decides; `None` where the nodes' configuration does.
pub fn decided<'r>(
    rules: &'r [StandingRule],
    flag: &str,
    workspace: &WorkspaceSlug,
) -> Option<(&'r FlagRule, bool)> {
    let mut best: Option<(u8, &FlagRule, bool)> = None;
    for StandingRule { rule, .. } in rules.iter().filter(|rule| rule.flag == flag) {
        let (weight, is_on) = match rule {
            FlagRule::In { workspace: of, .. } if of != workspace => continue,
            FlagRule::In { is_on, .. } => (2, *is_on),
            FlagRule::Everywhere(is_on) => (1, *is_on),
            FlagRule::Percentage(part) => (0, bucket(flag, workspace) < *part),
        };
        if best.is_none_or(|(most, ..)| weight > most) {
            best = Some((weight, rule, is_on));
        }
    }
    best.map(|(_, rule, is_on)| (rule, is_on))
}

/// 0 to 99, always the same for a flag in a workspace. The flag is part of it, so that not the same workspaces come
/// first for every flag.
fn bucket(flag: &str, workspace: &WorkspaceSlug) -> u8 {
    let hash = digest(&SHA256, format!("{flag}\n{workspace}").as_bytes());
    let first = hash.as_ref().iter().take(8);
    let number = first.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    u8::try_from(number % 100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(number: u32) -> WorkspaceSlug {
        format!("w{number}").parse().unwrap()
    }

    fn percentage(part: u8) -> [StandingRule; 1] {
        [StandingRule {
            flag: "CHATBOT_ENABLED".to_owned(),
            rule: FlagRule::Percentage(part),
            set_at: 0,
        }]
    }

    fn is_on(rules: &[StandingRule], workspace: &WorkspaceSlug) -> bool {
        decide(rules, workspace)["CHATBOT_ENABLED"]
    }

    #[test]
    fn a_workspace_that_is_in_stays_in_as_the_part_grows() {
        for number in 0..200 {
            let mut was_on = false;
            for part in 0..=100 {
                let now_on = is_on(&percentage(part), &slug(number));
                assert!(now_on || !was_on, "w{number} fell out at {part}");
                was_on = now_on;
            }
            assert!(was_on, "100 is everybody");
            assert!(!is_on(&percentage(0), &slug(number)), "0 is nobody");
        }
    }

    #[test]
    fn a_part_is_about_that_part() {
        let count = (0..2_000).filter(|number| is_on(&percentage(30), &slug(*number)));
        assert!((520..680).contains(&count.count()));
    }

    #[test]
    fn the_same_workspaces_are_in_on_every_node_and_release() {
        let buckets: Vec<_> = (0..5)
            .map(|number| bucket("CHATBOT_ENABLED", &slug(number)))
            .collect();
        assert_eq!(vec![14, 64, 16, 29, 0], buckets);
    }
}
