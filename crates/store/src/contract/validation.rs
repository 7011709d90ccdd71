//! Outcomes of session validation.

use tidegate_types::{TokenId, UserId};

use super::{Harness, LONG, SHORT, eventually, workspace};
use crate::Validation;

fn token(text: &str) -> TokenId {
    text.parse().expect("tests name tokens rightly")
}

fn valid(user: i64) -> Validation {
    Validation::Valid {
        user: UserId(user),
        username: format!("user-{user} ä"),
    }
}

/// A good outcome is asked for again in its time.
pub async fn an_outcome_is_kept_until_it_expires(h: &impl Harness) {
    let (a, b) = (h.node().validations, h.other_node().await.validations);
    let (acme, short, long) = (workspace("acme"), token("short"), token("a:{b}:c~/+="));
    assert_eq!(None, a.get(&acme, &short).await.unwrap());
    assert_eq!(
        valid(1),
        a.put(&acme, &short, valid(1), SHORT).await.unwrap()
    );
    assert_eq!(valid(2), a.put(&acme, &long, valid(2), LONG).await.unwrap());
    assert_eq!(
        valid(3),
        a.put(&acme, &long, valid(3), LONG).await.unwrap(),
        "the newer one holds"
    );
    h.elapse(SHORT).await;
    eventually("the outcome expires", async || {
        b.get(&acme, &short).await.unwrap().is_none()
    })
    .await;
    assert_eq!(Some(valid(3)), b.get(&acme, &long).await.unwrap());
}

/// Once revoked, always revoked, whoever says otherwise.
pub async fn a_revocation_outlives_later_outcomes(h: &impl Harness) {
    let (a, b) = (h.node().validations, h.other_node().await.validations);
    let (acme, known, unknown) = (workspace("acme"), token("known"), token("unknown"));
    a.put(&acme, &known, valid(1), LONG).await.unwrap();
    for token in [&known, &unknown] {
        b.revoke(&acme, token, LONG).await.unwrap();
        assert_eq!(
            Some(Validation::Revoked),
            a.get(&acme, token).await.unwrap()
        );
        assert_eq!(
            Validation::Revoked,
            a.put(&acme, token, valid(1), LONG).await.unwrap()
        );
        assert_eq!(
            Some(Validation::Revoked),
            b.get(&acme, token).await.unwrap()
        );
    }
    let third = token("third");
    assert_eq!(
        Validation::Revoked,
        a.put(&acme, &third, Validation::Revoked, LONG)
            .await
            .unwrap()
    );
    assert_eq!(
        Validation::Revoked,
        a.put(&acme, &third, valid(1), LONG).await.unwrap()
    );
}

/// A second revocation adds time or nothing. One that is over leaves no trace.
pub async fn a_revocation_is_never_shortened(h: &impl Harness) {
    let validations = h.node().validations;
    let (acme, long, short) = (workspace("acme"), token("long"), token("short"));
    validations.revoke(&acme, &long, LONG).await.unwrap();
    validations.revoke(&acme, &long, SHORT).await.unwrap();
    validations
        .put(&acme, &long, valid(1), SHORT)
        .await
        .unwrap();
    validations.revoke(&acme, &short, SHORT).await.unwrap();
    h.elapse(SHORT).await;
    eventually("the short revocation is over", async || {
        validations.get(&acme, &short).await.unwrap().is_none()
    })
    .await;
    assert_eq!(
        Some(Validation::Revoked),
        validations.get(&acme, &long).await.unwrap()
    );
}

/// A node that validated just before the revocation cannot undo it.
pub async fn a_revocation_wins_every_race(h: &impl Harness) {
    let (a, b) = (h.node().validations, h.other_node().await.validations);
    let acme = workspace("acme");
    for n in 0..50 {
        let token = token(&format!("token-{n}"));
        let put = {
            let (a, acme, token) = (a.clone(), acme.clone(), token.clone());
            tokio::spawn(async move { a.put(&acme, &token, valid(1), LONG).await })
        };
        let revoke = {
            let (b, acme, token) = (b.clone(), acme.clone(), token.clone());
            tokio::spawn(async move { b.revoke(&acme, &token, LONG).await })
        };
        put.await.unwrap().unwrap();
        revoke.await.unwrap().unwrap();
        assert_eq!(
            Some(Validation::Revoked),
            a.get(&acme, &token).await.unwrap()
        );
    }
}

/// Revoking in one workspace leaves the same token id elsewhere alone.
pub async fn a_token_is_only_its_workspaces(h: &impl Harness) {
    let validations = h.node().validations;
    let (acme, rival, token) = (workspace("acme"), workspace("rival"), token("same"));
    validations
        .put(&acme, &token, valid(1), LONG)
        .await
        .unwrap();
    assert_eq!(None, validations.get(&rival, &token).await.unwrap());
    validations.revoke(&rival, &token, LONG).await.unwrap();
    assert_eq!(
        Some(valid(1)),
        validations.get(&acme, &token).await.unwrap()
    );
}
