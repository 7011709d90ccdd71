//! The layers of a token: form, signature, address, standing.

use std::time::Duration;

use tidegate_control_plane::api_token::FindApiToken;
use tidegate_control_plane::effective_grant::{
    CheckEffectiveGrant, EffectiveGrant, IneffectiveReason,
};
use tidegate_control_plane::grant::FindGrant;
use tidegate_control_plane::signing_key::ListSigningKeys;
use tidegate_login::SupersetUser;
use tidegate_oauth_types::{
    AccessTokenClaims, SecretHash, SecretKind, TokenProblem, VerificationKeys, bearer_token,
};
use tidegate_pages::{Check, Timestamp, UntrustedText, Verdict};
use tidegate_types::{GrantId, WorkspaceSlug};

use super::address::Endpoint;
use super::switches;
use crate::pages::failure::Failure;
use crate::pages::page_request::PageRequest;

/// As for requests to `/mcp`.
const LEEWAY: Duration = Duration::from_mins(1);

/// The token of an `Authorization` header; nothing for another scheme.
pub(super) fn of_header(header: &str) -> &str {
    bearer_token(header).unwrap_or_default()
}

pub(super) async fn checks(
    page_request: &PageRequest,
    token: &str,
    endpoint: Option<&Endpoint>,
) -> Result<Vec<Check>, Failure> {
    if token.is_empty() {
        return Ok(vec![form(
            Verdict::Refuses,
            "The header Authorization is to be \"Bearer\", a blank and the token, once.".into(),
        )]);
    }
    if token.starts_with(SecretKind::ApiToken.prefix()) {
        return api_token(page_request, token, endpoint).await;
    }
    let other = SecretKind::ALL
        .into_iter()
        .find(|kind| token.starts_with(kind.prefix()));
    if let Some(kind) = other {
        let text = format!(
            "This is a secret of another kind ({}…): it is not for /mcp. If it left the client, end it.",
            kind.prefix()
        );
        return Ok(vec![form(Verdict::Refuses, text)]);
    }
    jwt(page_request, token, endpoint).await
}

fn form(verdict: Verdict, text: String) -> Check {
    Check {
        layer: "Token",
        verdict,
        text,
    }
}

async fn api_token(
    page_request: &PageRequest,
    token: &str,
    endpoint: Option<&Endpoint>,
) -> Result<Vec<Check>, Failure> {
    let Ok(secret) = SecretHash::of_presented(SecretKind::ApiToken, token) else {
        let text = "It looks like an API token, and its checksum is wrong: a part of it is missing, or was changed.";
        return Ok(vec![form(Verdict::Refuses, text.into())]);
    };
    let Some(found) = page_request.ask(FindApiToken { secret }).await? else {
        let text = "It is an API token that is not known here.";
        return Ok(vec![form(Verdict::Refuses, text.into())]);
    };
    let until = found.expires_at.map_or_else(
        || "never ends".to_owned(),
        |ends| format!("is good until {}", Timestamp(ends)),
    );
    let read = form(
        Verdict::Passes,
        format!("It is an API token, may {}, and {until}.", found.scopes),
    );
    let workspace = found
        .workspace
        .as_ref()
        .or_else(|| endpoint.and_then(Endpoint::workspace));
    let mut checks = vec![read];
    checks.extend(standing(page_request, &found.id, workspace, false).await?);
    Ok(checks)
}

async fn jwt(
    page_request: &PageRequest,
    token: &str,
    endpoint: Option<&Endpoint>,
) -> Result<Vec<Check>, Failure> {
    let keys = page_request.ask(ListSigningKeys {}).await?;
    let jwks: Vec<_> = keys.into_iter().map(|key| key.public_jwk).collect();
    let keys = VerificationKeys::from_jwks(&jwks);
    let claims = match keys.verify(token, &page_request.issuer(), page_request.now(), LEEWAY) {
        Ok(claims) => claims,
        Err(problem) => {
            let text = format!("Refused: {problem}. {}", advice(problem));
            return Ok(vec![form(Verdict::Refuses, text)]);
        }
    };
    let read = form(
        Verdict::Passes,
        format!(
            "It is an access token of {}, for {}, by the client {}. It may {}. It is good until {}.",
            claims.iss,
            claims.aud.as_str(),
            claims.client_id,
            claims.scope,
            Timestamp(claims.exp),
        ),
    );
    let mut checks = vec![read, audience(&claims, endpoint)];
    let granted = match &claims.workspace {
        Some(workspace) => Some(workspace.clone()),
        None => page_request
            .ask(FindGrant {
                id: claims.gid.clone(),
            })
            .await?
            .map(|grant| grant.workspace),
    };
    checks.extend(standing(page_request, &claims.gid, granted.as_ref(), true).await?);
    Ok(checks)
}

const fn advice(problem: TokenProblem) -> &'static str {
    match problem {
        TokenProblem::Expired => "The client refreshes it, or connects again.",
        TokenProblem::IssuedInFuture => "The clocks of the nodes differ.",
        TokenProblem::UnknownKey => {
            "It may be of another deployment, or older than the published keys. Tokens of another issuer that is configured are not checked here."
        }
        TokenProblem::Issuer => "Tokens of another issuer that is configured are not checked here.",
        TokenProblem::TooLong
        | TokenProblem::Malformed
        | TokenProblem::Algorithm
        | TokenProblem::CriticalHeader
        | TokenProblem::Type
        | TokenProblem::Signature
        | TokenProblem::Claims => {
            "The client sends something else than the access token that it got."
        }
    }
}

fn audience(claims: &AccessTokenClaims, endpoint: Option<&Endpoint>) -> Check {
    let check = |verdict, text: String| Check {
        layer: "Audience",
        verdict,
        text,
    };
    let Some(endpoint) = endpoint else {
        return check(Verdict::NotAsked, "The address is not known.".into());
    };
    let is_for_it = endpoint.resource.as_str() == claims.aud.as_str();
    let leads_there =
        endpoint.workspace().is_some() && endpoint.workspace() == claims.workspace.as_ref();
    if is_for_it || leads_there {
        check(Verdict::Passes, "It is for this address.".into())
    } else {
        check(
            Verdict::Notice,
            format!(
                "It is for {}. At another address it is refused unless both lead to the same workspace.",
                claims.aud.as_str()
            ),
        )
    }
}

async fn standing(
    page_request: &PageRequest,
    session: &GrantId,
    workspace: Option<&WorkspaceSlug>,
    is_by_oauth: bool,
) -> Result<Vec<Check>, Failure> {
    let check = |verdict, text: String| Check {
        layer: "Standing",
        verdict,
        text,
    };
    let Some(workspace) = workspace else {
        let text = "It is for any workspace of its owner: write the address of one to check it.";
        return Ok(vec![check(Verdict::NotAsked, text.into())]);
    };
    let operation = CheckEffectiveGrant {
        session: session.clone(),
        workspace: workspace.clone(),
    };
    Ok(match page_request.ask(operation).await? {
        EffectiveGrant::Good {
            scopes,
            superset_username,
            ..
        } => {
            let text = format!("It counts in the workspace {workspace}, and may {scopes} there.");
            let user = superset_user(page_request, workspace, &superset_username).await;
            let mut checks = vec![check(Verdict::Passes, text), user];
            checks.extend(switches::of_token(page_request, workspace, is_by_oauth).await);
            checks
        }
        EffectiveGrant::Refused(refusal) => {
            vec![check(Verdict::Refuses, reason(refusal).to_owned())]
        }
    })
}

/// Whether there is the user whose rights count: without an active one every request is refused.
async fn superset_user(
    page_request: &PageRequest,
    workspace: &WorkspaceSlug,
    username: &str,
) -> Check {
    let shown = UntrustedText::bounded(username, 128);
    let user = page_request
        .sign_in()
        .superset_user(workspace, username)
        .await;
    let (verdict, text) = match user {
        SupersetUser::Active => (
            Verdict::Passes,
            format!("It acts as {shown} of this workspace's Superset, who is active."),
        ),
        SupersetUser::MadeWhenNeeded => (
            Verdict::Passes,
            format!("It acts as {shown}, who is made with the first request."),
        ),
        SupersetUser::Inactive => (
            Verdict::Refuses,
            format!(
                "It acts as {shown}, who is switched off in this workspace's Superset: activate the user there."
            ),
        ),
        SupersetUser::Missing => (
            Verdict::Refuses,
            format!(
                "It acts as {shown}, and this workspace's Superset has no such user. Make the user there, or say as whom its \
                 account acts: tidegate user join <account> --workspace {workspace} --role <role> --superset-username <user>."
            ),
        ),
        SupersetUser::Unknown => (
            Verdict::Notice,
            format!(
                "It acts as {shown}. The workspace's Superset cannot be asked for this user at the moment."
            ),
        ),
    };
    Check {
        layer: "Superset user",
        verdict,
        text,
    }
}

const fn reason(refusal: IneffectiveReason) -> &'static str {
    match refusal {
        IneffectiveReason::Unknown => "What it stands on is not known here: connect again.",
        IneffectiveReason::Ended => {
            "It was disconnected or ended: connect again, or make another token."
        }
        IneffectiveReason::Expired => "It has expired: connect again, or make another token.",
        IneffectiveReason::OtherWorkspace => "It is for another workspace.",
        IneffectiveReason::AccountInactive => "Its account is switched off.",
        IneffectiveReason::NotAMember => "Its account is not a member of the workspace.",
        IneffectiveReason::ClientRefused => {
            "Its client was removed or blocked, or waits for an approval."
        }
        IneffectiveReason::NoScope => "Its account's role leaves nothing of what it may do.",
        IneffectiveReason::Hibernated => "The workspace sleeps.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_one() {
        for (header, token) in [
            ("Bearer abc", "abc"),
            ("bearer  abc ", "abc"),
            ("Basic abc", ""),
            ("abc", ""),
            ("", ""),
        ] {
            assert_eq!(token, of_header(header), "{header}");
        }
    }
}
