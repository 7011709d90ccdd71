//! Stage 1: rate limits.

use std::time::Duration;

use tidegate_config::LimitSettings;
use tidegate_protocol::RequestId;
use tidegate_store::{Budget, LimitScope, Plane, Verdict};
use tidegate_types::ServiceCode;

use crate::answer::Refused;
use crate::service::{Caller, Core};

/// Takes one call from the budgets of the workspace, the user, the client and the tool, if it is one.
///
/// # Errors
/// 429 with the seconds to wait; 503 when it cannot be told.
pub(crate) async fn check(
    core: &Core,
    caller: &Caller,
    id: &RequestId,
    tool: Option<&str>,
) -> Result<(), Refused> {
    let Some(limits) = &core.settings.limits else {
        return Ok(());
    };
    let budgets = budgets(limits, caller, tool);
    if budgets.is_empty() {
        return Ok(());
    }
    match core
        .state
        .limits
        .check(&Plane::from(&caller.principal.workspace), &budgets)
        .await
    {
        Ok(Verdict::Allowed) => Ok(()),
        Ok(Verdict::Limited { scope, retry_after }) => {
            core.observer.limited(&scope);
            Err(too_many(id, &scope, retry_after))
        }
        Err(err) => {
            // Refuse by default: what cannot be counted is not allowed. The store falls back to a local
            // share before it comes to this.
            core.observer.store_away("limits", &err);
            Err(Refused::later(
                err.service_code(),
                Some(id),
                "limits cannot be checked now",
                1,
            ))
        }
    }
}

/// What a call is taken from.
fn budgets(limits: &LimitSettings, caller: &Caller, tool: Option<&str>) -> Vec<Budget> {
    let user = caller.principal.user;
    [
        (limits.tenant, LimitScope::Tenant),
        (limits.user, LimitScope::User(user)),
        (
            limits.client,
            LimitScope::Client(caller.principal.client.0.to_string()),
        ),
        (
            tool.and_then(|tool| limits.of_tool(tool)),
            LimitScope::Tool(user, tool.unwrap_or_default().to_owned()),
        ),
    ]
    .into_iter()
    .filter_map(|(rate, scope)| {
        rate.map(|rate| Budget {
            scope,
            per_minute: rate.per_minute.get(),
            burst: rate.burst.get(),
        })
    })
    .collect()
}

fn too_many(id: &RequestId, scope: &LimitScope, retry_after: Duration) -> Refused {
    let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    let whose = match scope {
        LimitScope::Tenant => "this workspace",
        LimitScope::User(_) => "you",
        LimitScope::Client(_) => "this client",
        LimitScope::Tool(..) => "this tool",
        LimitScope::Everybody(_)
        | LimitScope::Address(..)
        | LimitScope::Account(..)
        | LimitScope::ClientAt(..) => "the control plane",
    };
    let message = format!("too many calls for {whose}; try again in {seconds} seconds");
    Refused::later(ServiceCode::RateLimited, Some(id), message, seconds)
}
