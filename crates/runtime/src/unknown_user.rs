//! Good tokens whose user a workspace does not have: what was looked for, for the log and the audit.
//!
//! Callers learn nothing of it, or they could find out who the users are. An operator learns all of it: with an
//! issuer's first token it is the claim or the name that is wrong.

use std::fmt;
use std::time::Duration;

use serde_json::json;
use tidegate_token_verifier::{Subject, VerifiedToken};
use tidegate_types::{TokenId, WorkspaceSlug};

/// Nobody is found by what a token says, or nobody who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownUser {
    subject: Subject,
    reason: UnknownReason,
}

/// Why nobody in the metastore is meant by a token's claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownReason {
    /// Nobody goes by any of the claims.
    Nobody,
    /// Somebody does, who is not active.
    Inactive,
    /// More than one does.
    Several,
}

impl UnknownReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "no user of the workspace has such a name or address",
            Self::Inactive => "the user of that name or address is not active",
            Self::Several => "more than one user has that name or address",
        }
    }
}

impl UnknownUser {
    pub(crate) fn new(subject: &Subject, reason: UnknownReason) -> Self {
        Self {
            subject: subject.clone(),
            reason,
        }
    }

    /// `preferred_username "ada", email "ada@example.com"`, in the order in which they were looked for.
    fn looked_for(&self) -> String {
        let claims = self.subject.claims().iter().take(MOST_SHOWN);
        let texts: Vec<String> = claims
            .map(|claim| match &*claim.name {
                "" => format!("{:?}", shown(&claim.value)),
                name => format!("{} {:?}", shown(name), shown(&claim.value)),
            })
            .collect();
        texts.join(", ")
    }

    /// For the audit: JSON of less than 4 KiB.
    fn arguments(&self) -> String {
        let claims = self.subject.claims().iter().take(MOST_SHOWN);
        let looked_for: Vec<_> = claims
            .map(|claim| json!({ "claim": shown(&claim.name), "value": shown(&claim.value) }))
            .collect();
        json!({ "looked_for": looked_for, "reason": self.reason.as_str() }).to_string()
    }
}

impl fmt::Display for UnknownUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.looked_for())
    }
}

impl std::error::Error for UnknownUser {}

const MOST_SHOWN: usize = 8;
const MOST_CHARS: usize = 128;

fn shown(text: &str) -> String {
    text.chars().take(MOST_CHARS).collect()
}

/// Tells of each subject once in a while, however often it comes.
#[derive(Debug)]
pub(crate) struct UnknownUsers {
    told: moka::sync::Cache<(WorkspaceSlug, TokenId), ()>,
}

const EVERY: Duration = Duration::from_mins(1);
const MOST_REMEMBERED: u64 = 10_000;

impl UnknownUsers {
    pub(crate) fn new() -> Self {
        let told = moka::sync::Cache::builder().max_capacity(MOST_REMEMBERED);
        Self {
            told: told.time_to_live(EVERY).build(),
        }
    }

    /// Logs, and gives what the audit records, unless that was done a moment ago.
    pub(crate) fn tell(
        &self,
        workspace: &WorkspaceSlug,
        token: &VerifiedToken,
        unknown: &UnknownUser,
    ) -> Option<String> {
        let key = (workspace.clone(), unknown.subject.id().clone());
        let entry = self.told.entry(key).or_insert(());
        if !entry.is_fresh() {
            return None;
        }
        tracing::warn!(
            %workspace,
            client = &*token.client.0,
            looked_for = %unknown.looked_for(),
            reason = unknown.reason.as_str(),
            "a good token names no user of the workspace"
        );
        Some(unknown.arguments())
    }
}
