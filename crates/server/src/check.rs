//! What is wrong with settings that only those know who use them: names of tools, the log's level.

use std::sync::Arc;

use tidegate_config::{Settings, ToolList};
use tidegate_tools::{NOT_HERE_YET, builtin};
use tidegate_types::{Clock, SystemClock};

use crate::BuildError;

/// What was found, a sentence each, with the setting's key.
#[derive(Debug, Default)]
pub struct Checked {
    /// What keeps the settings from being served as they are meant.
    pub problems: Vec<String>,
    /// What the operator should know.
    pub notices: Vec<String>,
}

/// Looks for wrong settings. Connects to nothing.
///
/// # Errors
/// The tools cannot be listed.
pub fn check_settings(settings: &Settings) -> Result<Checked, BuildError> {
    let mut checked = unknown_tools(settings)?;
    if let Err(err) = tidegate_telemetry::check(&settings.telemetry) {
        checked.problems.push(err.to_string());
    }
    Ok(checked)
}

/// A name that is no tool's: the limit or the switch would hold for nothing. An exception may be of another version of Superset.
fn unknown_tools(settings: &Settings) -> Result<Checked, BuildError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let catalogue = builtin(&clock).build()?;
    let unknown = |key: &str, name: &str| {
        if catalogue.tool(name).is_some() || NOT_HERE_YET.contains(&name) {
            return None;
        }
        let near = catalogue
            .nearest(name)
            .map(|near| format!("; did you mean {near:?}?"));
        Some(format!(
            "{key}: there is no tool {name:?}{}",
            near.unwrap_or_default()
        ))
    };
    let disabled = settings.tools.disabled.iter();
    let pinned = match &settings.tools.list {
        ToolList::Search { pinned } => Some(pinned),
        ToolList::All => None,
    };
    let limited = settings
        .limits
        .iter()
        .flat_map(|limits| limits.tools.keys());
    let problems = disabled
        .map(|name| ("tools.disabled", name))
        .chain(
            pinned
                .into_iter()
                .flatten()
                .map(|name| ("tools.pinned", name)),
        )
        .chain(limited.map(|name| ("limits.tools", name)));
    let cached = settings
        .cache
        .iter()
        .flat_map(|cache| &cache.excluded_tools);
    let sized = settings.response_size.iter();
    let sized = sized.flat_map(|size| &size.excluded_tools);
    let notices = cached
        .map(|name| ("cache.excluded_tools", name))
        .chain(sized.map(|name| ("response_size.excluded_tools", name)));
    Ok(Checked {
        problems: problems
            .filter_map(|(key, name)| unknown(key, name))
            .collect(),
        notices: notices
            .filter_map(|(key, name)| unknown(key, name))
            .collect(),
    })
}
