//! What is wrong with settings that only those know who use them: names of tools, the log's level, files.

use std::path::Path;
use std::sync::Arc;

use tidegate_config::{JsonLines, Settings, ToolList};
use tidegate_tools::{NOT_HERE_YET, builtin};
use tidegate_types::{Clock, SystemClock};

use crate::BuildError;

/// What keeps these settings from being served as they are meant: a sentence each, with the setting's key. Connects to nothing.
///
/// # Errors
/// The tools cannot be listed.
pub fn check_settings(settings: &Settings) -> Result<Vec<String>, BuildError> {
    let mut problems = unknown_tools(settings)?;
    if let Err(err) = tidegate_telemetry::check(&settings.telemetry) {
        problems.push(err.to_string());
    }
    if let JsonLines::File(path) = &settings.audit.json_lines
        && !folder_of(path).is_dir()
    {
        problems.push(format!(
            "audit.json_lines: the folder of {} is not there",
            path.display()
        ));
    }
    Ok(problems)
}

/// A name that is no tool's: the limit, the exception or the switch would hold for nothing.
fn unknown_tools(settings: &Settings) -> Result<Vec<String>, BuildError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let catalogue = builtin(&clock).build()?;
    let mut named: Vec<(&str, &String)> = Vec::new();
    named.extend(
        settings
            .tools
            .disabled
            .iter()
            .map(|name| ("tools.disabled", name)),
    );
    if let ToolList::Search { pinned } = &settings.tools.list {
        named.extend(pinned.iter().map(|name| ("tools.pinned", name)));
    }
    if let Some(limits) = &settings.limits {
        named.extend(limits.tools.keys().map(|name| ("limits.tools", name)));
    }
    if let Some(cache) = &settings.cache {
        named.extend(
            cache
                .excluded_tools
                .iter()
                .map(|name| ("cache.excluded_tools", name)),
        );
    }
    if let Some(size) = &settings.response_size {
        named.extend(
            size.excluded_tools
                .iter()
                .map(|name| ("response_size.excluded_tools", name)),
        );
    }
    let unknown = named.into_iter().filter(|(_, name)| {
        catalogue.tool(name).is_none() && !NOT_HERE_YET.contains(&name.as_str())
    });
    Ok(unknown
        .map(|(key, name)| {
            let near = catalogue
                .nearest(name)
                .map(|near| format!("; did you mean {near:?}?"));
            format!(
                "{key}: there is no tool {name:?}{}",
                near.unwrap_or_default()
            )
        })
        .collect())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
