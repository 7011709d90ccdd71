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
    let mut checked = Checked::default();
    let disabled = settings.tools.disabled.iter();
    let problems = disabled.filter_map(|name| unknown("tools.disabled", name));
    checked.problems.extend(problems);
    if let ToolList::Search { pinned } = &settings.tools.list {
        let problems = pinned.iter();
        let problems = problems.filter_map(|name| unknown("tools.pinned", name));
        checked.problems.extend(problems);
    }
    if let Some(limits) = &settings.limits {
        let problems = limits.tools.keys();
        let problems = problems.filter_map(|name| unknown("limits.tools", name));
        checked.problems.extend(problems);
    }
    if let Some(cache) = &settings.cache {
        let notices = cache.excluded_tools.iter();
        let notices = notices.filter_map(|name| unknown("cache.excluded_tools", name));
        checked.notices.extend(notices);
    }
    if let Some(size) = &settings.response_size {
        let notices = size.excluded_tools.iter();
        let notices = notices.filter_map(|name| unknown("response_size.excluded_tools", name));
        checked.notices.extend(notices);
    }
    Ok(checked)
}
