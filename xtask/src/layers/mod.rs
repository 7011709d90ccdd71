//! Holds the architecture: who may depend on whom.
//!
//! `arrows` is the table, `rules` compares dependencies with it.

mod arrows;
mod rules;

use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::DependencyKind;
use xtask::repository::Repository;

use self::rules::Crate;

/// Checks every package of the workspace.
///
/// # Errors
/// Lists each edge that the table does not allow, each crate that it does not name, and each that does not
/// take the lints of the workspace.
pub(crate) fn check(repository: &Repository) -> anyhow::Result<()> {
    let crates = repository
        .packages()
        .iter()
        .map(read)
        .collect::<anyhow::Result<Vec<Crate>>>()?;
    let problems = rules::problems(&crates);
    if problems.is_empty() {
        println!(
            "check-layers: {} crates, every arrow points down",
            crates.len()
        );
        return Ok(());
    }
    for problem in &problems {
        println!("{problem}");
    }
    anyhow::bail!(
        "{} problems; the table is in xtask/src/layers/arrows.rs",
        problems.len()
    )
}

/// Dependencies of tests and build scripts do not reach the product, and are left out.
fn read(package: &cargo_metadata::Package) -> anyhow::Result<Crate> {
    let normal = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal);
    Ok(Crate {
        name: package.name.to_string(),
        uses: normal.map(|dependency| dependency.name.clone()).collect(),
        takes_lints: takes_lints(package.manifest_path.as_std_path())?,
    })
}

fn takes_lints(manifest: &Path) -> anyhow::Result<bool> {
    let text = std::fs::read_to_string(manifest)?;
    let table: toml::Table =
        toml::from_str(&text).with_context(|| format!("{} is not TOML", manifest.display()))?;
    let lints = table.get("lints").and_then(|lints| lints.get("workspace"));
    Ok(lints == Some(&toml::Value::Boolean(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_keeps_the_rules() {
        check(&Repository::read().unwrap()).unwrap();
    }
}
