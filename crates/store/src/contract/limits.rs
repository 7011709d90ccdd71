//! Rate limits.

use std::time::Duration;

use tidegate_types::UserId;

use super::{Harness, eventually, workspace};
use crate::{Budget, LimitScope, LimitedEndpoint, Plane, Verdict};

/// So slow that nothing refills within a test.
const PER_MINUTE: u32 = 1;

fn budget(scope: LimitScope, burst: u32) -> Budget {
    Budget {
        scope,
        per_minute: PER_MINUTE,
        burst,
    }
}

/// How many of `calls` are allowed, one after the other.
async fn allowed(
    h: &impl Harness,
    workspace_name: &str,
    budgets: &[Budget],
    calls: usize,
) -> usize {
    allowed_in(h, &plane(workspace_name), budgets, calls).await
}

async fn allowed_in(h: &impl Harness, plane: &Plane, budgets: &[Budget], calls: usize) -> usize {
    let limits = h.node().limits;
    let mut allowed = 0;
    for _ in 0..calls {
        if limits.check(plane, budgets).await.unwrap() == Verdict::Allowed {
            allowed += 1;
        }
    }
    allowed
}

fn plane(workspace_name: &str) -> Plane {
    Plane::Workspace(workspace(workspace_name))
}

fn limited(verdict: Verdict) -> (LimitScope, Duration) {
    match verdict {
        Verdict::Limited { scope, retry_after } => (scope, retry_after),
        Verdict::Allowed => panic!("the call must be limited"),
    }
}

/// All nodes count together.
pub async fn a_burst_is_allowed_and_then_no_more(h: &impl Harness) {
    let (a, b) = (h.node().limits, h.other_node().await.limits);
    let (acme, budgets) = (plane("acme"), [budget(LimitScope::Tenant, 3)]);
    for node in [&a, &b, &a] {
        assert_eq!(Verdict::Allowed, node.check(&acme, &budgets).await.unwrap());
    }
    for node in [&a, &b] {
        let (scope, retry_after) = limited(node.check(&acme, &budgets).await.unwrap());
        assert_eq!(LimitScope::Tenant, scope);
        assert!(
            retry_after <= Duration::from_mins(1),
            "one call refills in a minute"
        );
        assert!(
            retry_after > Duration::from_secs(30),
            "said {retry_after:?}"
        );
    }
}

/// The answer says when to come back, and coming back then works, and not before.
pub async fn a_bucket_refills_evenly_and_says_when(h: &impl Harness) {
    let (limits, acme) = (h.node().limits, plane("acme"));
    let budgets = [Budget {
        scope: LimitScope::Tenant,
        per_minute: 30,
        burst: 2,
    }];
    let began = h.clock().unix_millis();
    assert_eq!(
        Verdict::Allowed,
        limits.check(&acme, &budgets).await.unwrap()
    );
    assert_eq!(
        Verdict::Allowed,
        limits.check(&acme, &budgets).await.unwrap()
    );
    let (_, retry_after) = limited(limits.check(&acme, &budgets).await.unwrap());
    assert!(retry_after <= Duration::from_secs(2));

    h.elapse(retry_after.saturating_sub(Duration::from_millis(2)))
        .await;
    let early = limits.check(&acme, &budgets).await.unwrap();
    assert_ne!(Verdict::Allowed, early, "two seconds are not over");
    h.elapse(Duration::from_millis(2)).await;
    eventually("one call refills", async || {
        limits.check(&acme, &budgets).await.unwrap() == Verdict::Allowed
    })
    .await;
    let waited = h.clock().unix_millis() - began;
    assert!(
        waited >= 1_990,
        "a call refilled after {waited} ms instead of two seconds"
    );
}

/// All budgets or none.
pub async fn nothing_is_taken_when_one_budget_is_empty(h: &impl Harness) {
    let user = LimitScope::User(UserId(1));
    let both = [budget(LimitScope::Tenant, 10), budget(user.clone(), 1)];
    assert_eq!(1, allowed(h, "acme", &both, 6).await);
    assert_eq!(
        9,
        allowed(h, "acme", &both[..1], 20).await,
        "five refused calls took nothing"
    );
    let (scope, _) = limited(
        h.node()
            .limits
            .check(&plane("acme"), &both[1..])
            .await
            .unwrap(),
    );
    assert_eq!(user, scope);
}

/// Whoever waits as long as told is not refused by another budget then.
pub async fn the_longest_wait_is_told_with_the_first_empty_budget(h: &impl Harness) {
    let quick = Budget {
        scope: LimitScope::Tenant,
        per_minute: 6,
        burst: 1,
    };
    let both = [quick, budget(LimitScope::User(UserId(1)), 1)];
    let (limits, acme) = (h.node().limits, plane("acme"));
    assert_eq!(Verdict::Allowed, limits.check(&acme, &both).await.unwrap());
    let (scope, retry_after) = limited(limits.check(&acme, &both).await.unwrap());
    assert_eq!(LimitScope::Tenant, scope);
    assert!(
        retry_after > Duration::from_secs(30),
        "the user's budget needs a minute, not {retry_after:?}"
    );
}

/// Nobody spends another's budget, whatever their names are.
pub async fn budgets_of_tenants_users_clients_and_tools_are_apart(h: &impl Harness) {
    let long = "c".repeat(3_000);
    let scopes = [
        LimitScope::Tenant,
        LimitScope::User(UserId(1)),
        LimitScope::User(UserId(11)),
        LimitScope::Client("1".to_owned()),
        LimitScope::Client("a:b".to_owned()),
        LimitScope::Client("https://example.com/{client}?ä".to_owned()),
        LimitScope::Client(long.clone()),
        LimitScope::Client(long[1..].to_owned()),
        LimitScope::Tool(UserId(1), "list_charts".to_owned()),
        LimitScope::Tool(UserId(11), "list_charts".to_owned()),
        LimitScope::Tool(UserId(1), "list_datasets".to_owned()),
    ];
    for workspace in ["acme", "rival"] {
        for scope in &scopes {
            let budgets = [budget(scope.clone(), 1)];
            assert_eq!(
                1,
                allowed(h, workspace, &budgets, 2).await,
                "{workspace} {scope:?}"
            );
        }
    }
}

/// Nobody outside spends what is for members of a workspace, nor one endpoint's budget at another.
pub async fn budgets_of_the_control_plane_are_apart(h: &impl Harness) {
    let client: tidegate_types::ClientId = "client-1".parse().expect("a client id");
    let account: tidegate_types::AccountId = "client-1".parse().expect("an account id");
    let name = String::from("client-1");
    for endpoint in LimitedEndpoint::ALL {
        for scope in [
            LimitScope::Everybody(endpoint),
            LimitScope::Address(endpoint, name.clone()),
            LimitScope::Address(endpoint, "2001:db8:0:1::/64".to_owned()),
            LimitScope::Account(endpoint, account.clone()),
            LimitScope::ClientAt(endpoint, client.clone()),
        ] {
            for plane in [Plane::Control, plane("acme")] {
                let budgets = [budget(scope.clone(), 1)];
                assert_eq!(
                    1,
                    allowed_in(h, &plane, &budgets, 2).await,
                    "{plane:?} {scope:?}"
                );
            }
        }
    }
    let budgets = [budget(LimitScope::Client(name), 1)];
    assert_eq!(1, allowed_in(h, &Plane::Control, &budgets, 2).await);
}

/// Two nodes and many calls at once allow exactly the burst.
pub async fn concurrent_checks_never_allow_too_many(h: &impl Harness) {
    let (a, b) = (h.node().limits, h.other_node().await.limits);
    let budgets = vec![
        budget(LimitScope::Tenant, 25),
        budget(LimitScope::User(UserId(1)), 10),
    ];
    let checks = (0..100).map(|n| {
        let node = if n % 2 == 0 { a.clone() } else { b.clone() };
        let budgets = budgets.clone();
        tokio::spawn(async move { node.check(&plane("acme"), &budgets).await })
    });
    let verdicts = futures_util::future::join_all(checks).await;
    let allowed_at_once = verdicts
        .into_iter()
        .filter(|v| matches!(v, Ok(Ok(Verdict::Allowed))))
        .count();
    assert_eq!(10, allowed_at_once);
    assert_eq!(
        15,
        allowed(h, "acme", &budgets[..1], 30).await,
        "and took ten from the tenant"
    );
}

/// No limits are set.
pub async fn a_call_without_budgets_is_allowed(h: &impl Harness) {
    assert_eq!(3, allowed(h, "acme", &[], 3).await);
}
