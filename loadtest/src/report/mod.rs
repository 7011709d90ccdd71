//! Reports: JSON for programs, a page for people, Markdown for the terminal.

mod page;
mod tables;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use tidegate_types::{Clock as _, SystemClock};

pub(crate) use tables::{
    of_access, of_binaries, of_ceiling, of_comparison, of_fairness, of_growth, of_memory,
};

/// A table with a title and what one should know about it.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) notes: Vec<String>,
}

/// A folder of its own for one run's reports.
///
/// # Errors
/// It cannot be made.
pub(crate) fn folder(below: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let folder = below.join(format!(
        "{name}-{}",
        SystemClock.now().format("%Y%m%d-%H%M%S")
    ));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Writes `report.json`, `report.html` and `report.md`, and shows the last one.
///
/// # Errors
/// They cannot be written.
pub(crate) fn publish(
    folder: &Path,
    data: &impl Serialize,
    tables: &[Table],
) -> anyhow::Result<()> {
    let markdown: String = tables.iter().map(page::markdown).collect();
    std::fs::write(folder.join("report.json"), serde_json::to_vec_pretty(data)?)?;
    std::fs::write(folder.join("report.html"), page::html(tables))?;
    std::fs::write(folder.join("report.md"), &markdown)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{markdown}reports: {}", folder.display())?;
    Ok(())
}
