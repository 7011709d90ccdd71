//! Outcomes of session validation.

use std::time::Duration;

use tidegate_types::{Scope, TokenId, UserId, WorkspaceSlug};

use super::{Harness, LONG, SHORT, eventually, workspace};
use crate::{KnownGrantStatus, SharedState, Validation};

fn token(text: &str) -> TokenId {
    text.parse().expect("tests name tokens rightly")
}

fn valid(user: i64) -> Validation {
    Validation::Valid {
        user: UserId(user),
        username: format!("user-{user} ä"),
        standing: (user > 1).then(|| KnownGrantStatus {
            account: "account-1".parse().expect("an account id"),
            client: "https://example.com/client.json?ä"
                .replace('ä', "%C3%A4")
                .parse()
                .expect("a client id"),
            scopes: Scope::Write.into(),
            as_of: 7,
        }),
    }
}

async fn outcome(node: &SharedState, slug: &WorkspaceSlug, token: &TokenId) -> Option<Validation> {
    node.validations.get(slug, token).await.unwrap().outcome
}

/// Puts with the generation of now.
async fn put(
    node: &SharedState,
    slug: &WorkspaceSlug,
    token: &TokenId,
    outcome: Validation,
    ttl: Duration,
) -> Validation {
    let generation = node.validations.get(slug, token).await.unwrap().generation;
    let put = node.validations.put(slug, token, outcome, generation, ttl);
    put.await.unwrap()
}

/// A good outcome is asked for again in its time.
pub async fn an_outcome_is_kept_until_it_expires(h: &impl Harness) {
    let (a, b) = (h.node(), h.other_node().await);
    let (acme, short, long) = (workspace("acme"), token("short"), token("a:{b}:c~/+="));
    assert_eq!(None, outcome(&a, &acme, &short).await);
    assert_eq!(valid(1), put(&a, &acme, &short, valid(1), SHORT).await);
    assert_eq!(valid(2), put(&a, &acme, &long, valid(2), LONG).await);
    let newer = put(&b, &acme, &long, valid(3), LONG).await;
    assert_eq!(valid(3), newer, "the newer one holds");
    h.elapse(SHORT).await;
    eventually("the outcome expires", async || {
        outcome(&b, &acme, &short).await.is_none()
    })
    .await;
    assert_eq!(Some(valid(3)), outcome(&a, &acme, &long).await);
}

/// Once revoked, always revoked, whoever says otherwise.
pub async fn a_revocation_outlives_later_outcomes(h: &impl Harness) {
    let (a, b) = (h.node(), h.other_node().await);
    let (acme, known, unknown) = (workspace("acme"), token("known"), token("unknown"));
    put(&a, &acme, &known, valid(1), LONG).await;
    for token in [&known, &unknown] {
        b.validations.revoke(&acme, token, LONG).await.unwrap();
        assert_eq!(Some(Validation::Revoked), outcome(&a, &acme, token).await);
        let stands = put(&a, &acme, token, valid(1), LONG).await;
        assert_eq!(Validation::Revoked, stands);
        a.validations.forget(&acme, token).await.unwrap();
        a.validations.forget_all(&acme).await.unwrap();
        assert_eq!(
            Some(Validation::Revoked),
            outcome(&b, &acme, token).await,
            "to forget is not to forgive"
        );
    }
    let third = token("third");
    let stands = put(&a, &acme, &third, Validation::Revoked, LONG).await;
    assert_eq!(Validation::Revoked, stands);
    let stands = put(&a, &acme, &third, valid(1), LONG).await;
    assert_eq!(Validation::Revoked, stands);
}

/// A second revocation adds time or nothing. One that is over leaves no trace.
pub async fn a_revocation_is_never_shortened(h: &impl Harness) {
    let node = h.node();
    let (acme, long, short) = (workspace("acme"), token("long"), token("short"));
    node.validations.revoke(&acme, &long, LONG).await.unwrap();
    node.validations.revoke(&acme, &long, SHORT).await.unwrap();
    put(&node, &acme, &long, valid(1), SHORT).await;
    node.validations.revoke(&acme, &short, SHORT).await.unwrap();
    h.elapse(SHORT).await;
    eventually("the short revocation is over", async || {
        outcome(&node, &acme, &short).await.is_none()
    })
    .await;
    assert_eq!(
        Some(Validation::Revoked),
        outcome(&node, &acme, &long).await
    );
}

/// A node that validated just before the revocation cannot undo it.
pub async fn a_revocation_wins_every_race(h: &impl Harness) {
    let (a, b) = (h.node(), h.other_node().await);
    let acme = workspace("acme");
    for n in 0..50 {
        let token = token(&format!("token-{n}"));
        let keep = {
            let (a, acme, token) = (a.clone(), acme.clone(), token.clone());
            tokio::spawn(async move { put(&a, &acme, &token, valid(1), LONG).await })
        };
        let revoke = {
            let (b, acme, token) = (b.clone(), acme.clone(), token.clone());
            tokio::spawn(async move { b.validations.revoke(&acme, &token, LONG).await })
        };
        keep.await.unwrap();
        revoke.await.unwrap().unwrap();
        assert_eq!(Some(Validation::Revoked), outcome(&a, &acme, &token).await);
    }
}

/// Revoking in one workspace leaves the same token id elsewhere alone.
pub async fn a_token_is_only_its_workspaces(h: &impl Harness) {
    let node = h.node();
    let (acme, rival, token) = (workspace("acme"), workspace("rival"), token("same"));
    put(&node, &acme, &token, valid(1), LONG).await;
    assert_eq!(None, outcome(&node, &rival, &token).await);
    node.validations.revoke(&rival, &token, LONG).await.unwrap();
    node.validations.forget(&rival, &token).await.unwrap();
    node.validations.forget_all(&rival).await.unwrap();
    assert_eq!(Some(valid(1)), outcome(&node, &acme, &token).await);
}

/// What was looked up before a change and is put after it does not come back, whichever node does what.
pub async fn what_was_looked_up_before_a_change_is_not_kept_after_it(h: &impl Harness) {
    let (a, b) = (h.node(), h.other_node().await);
    let (acme, mine, theirs) = (workspace("acme"), token("mine"), token("theirs"));
    for forgets_all in [false, true] {
        put(&a, &acme, &theirs, valid(2), LONG).await;
        let looked_up = a.validations.get(&acme, &mine).await.unwrap();
        let forgets = if forgets_all {
            b.validations.forget_all(&acme).await
        } else {
            b.validations.forget(&acme, &mine).await
        };
        forgets.unwrap();
        let late = a
            .validations
            .put(&acme, &mine, valid(1), looked_up.generation, LONG);
        assert_eq!(valid(1), late.await.unwrap(), "it serves its own request");
        for node in [&a, &b] {
            assert_eq!(None, outcome(node, &acme, &mine).await);
            let kept = (!forgets_all).then(|| valid(2));
            assert_eq!(kept, outcome(node, &acme, &theirs).await);
        }
        let now = a.validations.get(&acme, &mine).await.unwrap().generation;
        assert!(now > looked_up.generation);
        put(&b, &acme, &mine, valid(1), LONG).await;
        assert_eq!(Some(valid(1)), outcome(&a, &acme, &mine).await);
        a.validations.forget(&acme, &mine).await.unwrap();
        assert_eq!(None, outcome(&b, &acme, &mine).await);
    }
}

/// However look-ups and changes overlap, what stands after the last change was looked up after it.
pub async fn nothing_older_stands_after_racing_changes(h: &impl Harness) {
    let (a, b) = (h.node(), h.other_node().await);
    let (acme, token) = (workspace("acme"), token("t"));
    // What the manager would say: the number of changes so far.
    let truth = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(2));
    for _ in 0..30 {
        let look_ups: Vec<_> = [&a, &b, &a, &b]
            .into_iter()
            .map(|node| {
                let (node, acme, token) = (node.clone(), acme.clone(), token.clone());
                let truth = std::sync::Arc::clone(&truth);
                tokio::spawn(async move {
                    let generation = node.validations.get(&acme, &token).await?.generation;
                    let found = valid(truth.load(std::sync::atomic::Ordering::SeqCst));
                    tokio::task::yield_now().await;
                    let put = node.validations.put(&acme, &token, found, generation, LONG);
                    put.await
                })
            })
            .collect();
        let now = truth.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        if now % 2 == 0 {
            b.validations.forget_all(&acme).await.unwrap();
        } else {
            b.validations.forget(&acme, &token).await.unwrap();
        }
        for look_up in look_ups {
            look_up.await.unwrap().unwrap();
        }
        let stands = outcome(&a, &acme, &token).await;
        assert!(
            stands.is_none() || stands == Some(valid(now)),
            "{stands:?} after change {now}"
        );
    }
}
