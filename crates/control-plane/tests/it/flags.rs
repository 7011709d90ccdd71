//! Feature flags.

use std::collections::BTreeMap;

use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::flag::{
    ClearFlag, ClearFlagRule, EvaluateFlags, FlagRule, ListFlags, RuleKind, SetFlag,
};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, refused, slug};

scenarios! {
    a_workspaces_rule_counts_before_everywhere_and_that_before_a_part,
    a_rule_takes_the_place_of_one_of_its_kind,
    one_rule_is_taken_away_and_the_others_stay,
    what_is_not_valid_names_its_field,
    every_change_is_told,
}

const FLAG: &str = "MCP_OAUTH_ENABLED";

fn set(rule: FlagRule) -> SetFlag {
    SetFlag {
        flag: FLAG.to_owned(),
        rule,
    }
}

fn in_acme(is_on: bool) -> FlagRule {
    FlagRule::In {
        workspace: slug("acme"),
        is_on,
    }
}

async fn evaluated(at: &Fixture, name: &str) -> BTreeMap<String, bool> {
    at.call(EvaluateFlags {
        workspace: slug(name),
    })
    .await
    .unwrap()
}

async fn a_workspaces_rule_counts_before_everywhere_and_that_before_a_part(at: Fixture) {
    at.has_workspace("acme").await;
    assert!(
        evaluated(&at, "acme").await.is_empty(),
        "no rule decides nothing"
    );
    at.call(set(FlagRule::Percentage(100))).await.unwrap();
    assert!(evaluated(&at, "acme").await[FLAG]);
    at.call(set(FlagRule::Everywhere(false))).await.unwrap();
    assert!(!evaluated(&at, "acme").await[FLAG]);
    at.call(set(in_acme(true))).await.unwrap();
    assert!(evaluated(&at, "acme").await[FLAG]);
    assert!(!evaluated(&at, "beta").await[FLAG]);
    let clear = |workspace| ClearFlag {
        flag: FLAG.to_owned(),
        workspace,
    };
    assert!(at.call(clear(Some(slug("acme")))).await.unwrap());
    assert!(!evaluated(&at, "acme").await[FLAG]);
    assert!(at.call(clear(None)).await.unwrap());
    assert!(!at.call(clear(None)).await.unwrap());
    assert!(evaluated(&at, "acme").await.is_empty());
}

async fn a_rule_takes_the_place_of_one_of_its_kind(at: Fixture) {
    at.has_workspace("acme").await;
    for rule in [
        FlagRule::Percentage(10),
        FlagRule::Percentage(20),
        FlagRule::Everywhere(true),
        FlagRule::Everywhere(false),
        in_acme(false),
        in_acme(true),
    ] {
        at.call(set(rule)).await.unwrap();
    }
    let rules = at.call(ListFlags {}).await.unwrap();
    let rules: Vec<_> = rules.into_iter().map(|standing| standing.rule).collect();
    assert_eq!(
        [
            FlagRule::Everywhere(false),
            FlagRule::Percentage(20),
            in_acme(true)
        ],
        *rules
    );
}

async fn one_rule_is_taken_away_and_the_others_stay(at: Fixture) {
    at.has_workspace("acme").await;
    for rule in [
        FlagRule::Percentage(100),
        FlagRule::Everywhere(false),
        in_acme(true),
    ] {
        at.call(set(rule)).await.unwrap();
    }
    let clear = |kind| ClearFlagRule {
        flag: FLAG.to_owned(),
        kind,
    };
    let left = async || {
        let rules = at.call(ListFlags {}).await.unwrap();
        rules
            .into_iter()
            .map(|standing| standing.rule)
            .collect::<Vec<_>>()
    };
    let head = at.head().await;
    assert!(at.call(clear(RuleKind::Everywhere)).await.unwrap());
    assert!(!at.call(clear(RuleKind::Everywhere)).await.unwrap());
    assert_eq!([FlagRule::Percentage(100), in_acme(true)], *left().await);
    assert!(at.call(clear(RuleKind::In(slug("acme")))).await.unwrap());
    assert_eq!([FlagRule::Percentage(100)], *left().await);
    assert!(at.call(clear(RuleKind::Percentage)).await.unwrap());
    assert!(left().await.is_empty());
    assert_eq!(3, at.changes_since(head).await.len());
}

async fn what_is_not_valid_names_its_field(at: Fixture) {
    let said = refused(at.call(set(FlagRule::Percentage(101))).await);
    assert_eq!("percentage 101 is not valid: use 0 to 100", said);
    let unknown = SetFlag {
        flag: "FLY".to_owned(),
        rule: FlagRule::Everywhere(true),
    };
    let said = refused(at.call(unknown).await);
    assert!(
        said.starts_with("flag \"FLY\" is not valid: use one of MCP_SERVICE_ENABLED"),
        "{said}"
    );
    assert!(is_not_found(at.call(set(in_acme(true))).await, "workspace"));
    assert!(at.call(ListFlags {}).await.unwrap().is_empty());
}

async fn every_change_is_told(at: Fixture) {
    at.has_workspace("acme").await;
    let head = at.head().await;
    at.call(set(FlagRule::Everywhere(false))).await.unwrap();
    at.call(set(in_acme(true))).await.unwrap();
    at.call(ClearFlag {
        flag: FLAG.to_owned(),
        workspace: None,
    })
    .await
    .unwrap();
    let all = LoggedChange::Flags { workspace: None };
    let one = LoggedChange::Flags {
        workspace: Some(slug("acme")),
    };
    assert_eq!(vec![all.clone(), one, all], at.changes_since(head).await);
}
