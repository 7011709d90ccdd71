//! The lists, each rendered once for everybody who sees the same.

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;
use serde_json::value::RawValue;
use tidegate_metastore::Fingerprint;
use tidegate_protocol::result::{CacheScope, ResultBuilder};
use tidegate_protocol::{Params, ProtocolVersion, RpcError, ToolDefinition, cursor};
use tidegate_tools::{CatalogueEntry, SEARCHING_TOOLS};

use super::{Caller, Core, millis};

/// Renderings that are kept. Callers with the same rights share one.
const MAX_KEPT: u64 = 1_000;

/// Renderings of `tools/list`, by rights, scopes and revision.
pub(crate) struct ListCache(Cache<ListKey, Arc<Vec<Bytes>>>);

type ListKey = (Fingerprint, u8, ProtocolVersion);

impl Default for ListCache {
    fn default() -> Self {
        Self(Cache::new(MAX_KEPT))
    }
}

/// `tools/list`: what the caller may call, and nothing else.
///
/// # Errors
/// `-32602`: the cursor is not one of ours.
pub(crate) fn tools(
    core: &Core,
    caller: &Caller,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Bytes, RpcError> {
    let key = (
        caller.access.fingerprint().clone(),
        caller.principal.scopes.bits(),
        version,
    );
    let pages = if let Some(pages) = core.lists.0.get(&key) {
        pages
    } else {
        let pages = Arc::new(render_tools(core, caller, version)?);
        core.lists.0.insert(key, Arc::clone(&pages));
        pages
    };
    let page = match cursor_of(params)? {
        None => 0,
        Some(cursor) => cursor::decode(&cursor, pages.len() * cursor::PAGE)? / cursor::PAGE,
    };
    Ok(pages[page].clone())
}

fn render_tools(
    core: &Core,
    caller: &Caller,
    version: ProtocolVersion,
) -> Result<Vec<Bytes>, RpcError> {
    let is_listed = |name: &str| match &core.settings.pinned_tools {
        Some(pinned) => pinned.contains(name),
        // Who sees all tools need not search them.
        None => !SEARCHING_TOOLS.contains(&name),
    };
    let tools: Vec<Box<RawValue>> = core
        .catalogue
        .visible(&caller.principal, &caller.access)
        .filter(|entry| is_listed(entry.spec().name))
        .map(|entry| listed(core, caller, entry, version))
        .collect::<Result<_, _>>()?;
    let mut pages = Vec::new();
    let mut at = None;
    loop {
        let (page, next) = cursor::page(&tools, at.as_deref())?;
        pages.push(render(core, version, "tools", page, next.as_deref()));
        match next {
            Some(next) => at = Some(next),
            None => return Ok(pages),
        }
    }
}

/// A tool as its caller sees it.
fn listed(
    core: &Core,
    caller: &Caller,
    entry: &CatalogueEntry,
    version: ProtocolVersion,
) -> Result<Box<RawValue>, RpcError> {
    let annotations = core
        .catalogue
        .annotations_for(entry, &caller.principal, &caller.access);
    if entry.definition().annotations == Some(annotations) {
        return Ok(entry.listed(version).to_owned());
    }
    let definition = ToolDefinition {
        annotations: Some(annotations),
        ..entry.definition().clone()
    };
    serde_json::value::to_raw_value(&definition.for_version(version))
        .map_err(|err| RpcError::new(RpcError::INTERNAL, err.to_string()))
}

/// `resources/list`.
///
/// # Errors
/// As [`tools`].
pub(crate) fn resources(
    core: &Core,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Bytes, RpcError> {
    let resources: Vec<_> = core
        .catalogue
        .resources()
        .map(|resource| resource.definition())
        .collect();
    list(core, version, params, "resources", &resources)
}

/// `resources/templates/list`.
///
/// # Errors
/// As [`tools`].
pub(crate) fn templates(
    core: &Core,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Bytes, RpcError> {
    let templates: Vec<_> = core
        .catalogue
        .templates()
        .map(|template| template.definition())
        .collect();
    list(core, version, params, "resourceTemplates", &templates)
}

/// `prompts/list`.
///
/// # Errors
/// As [`tools`].
pub(crate) fn prompts(
    core: &Core,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Bytes, RpcError> {
    let prompts: Vec<_> = core
        .catalogue
        .prompts()
        .map(|prompt| prompt.definition())
        .collect();
    list(core, version, params, "prompts", &prompts)
}

fn list<T: serde::Serialize>(
    core: &Core,
    version: ProtocolVersion,
    params: &Params<'_>,
    member: &str,
    items: &[T],
) -> Result<Bytes, RpcError> {
    let cursor = cursor_of(params)?;
    let (page, next) = cursor::page(items, cursor.as_deref())?;
    Ok(render(core, version, member, page, next.as_deref()))
}

fn render<T: serde::Serialize>(
    core: &Core,
    version: ProtocolVersion,
    member: &str,
    page: &[T],
    next: Option<&str>,
) -> Bytes {
    ResultBuilder::complete(version, &core.server)
        .member(member, &page)
        .optional("nextCursor", next.as_ref())
        .cacheable(millis(core.settings.client_ttl.lists), CacheScope::Private)
        .finish()
}

fn cursor_of(params: &Params<'_>) -> Result<Option<String>, RpcError> {
    let Some(cursor) = params.cursor else {
        return Ok(None);
    };
    let cursor = Params::text("cursor", Some(cursor))?.into_owned();
    // Some clients send an empty cursor for the first page.
    Ok((!cursor.is_empty()).then_some(cursor))
}
