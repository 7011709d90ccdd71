//! The rules, on plain names, so that tests can make up workspaces.

use super::arrows::{DEVELOPMENT, HOMES, LAYERS};

/// A package of the workspace.
#[derive(Debug, Clone)]
pub(super) struct Crate {
    pub(super) name: String,
    /// Packages that it depends on outside of tests and build scripts.
    pub(super) uses: Vec<String>,
    /// Whether its manifest says `[lints] workspace = true`.
    pub(super) takes_lints: bool,
}

/// Everything that is wrong, one line each.
pub(super) fn problems(crates: &[Crate]) -> Vec<String> {
    let of_each = crates.iter().flat_map(|one| {
        let edges = one.uses.iter().filter_map(|used| edge(&one.name, used));
        let lints = (!one.takes_lints).then(|| {
            format!(
                "{}: its Cargo.toml lacks `[lints] workspace = true`",
                one.name
            )
        });
        let unknown =
            (!is_known(&one.name)).then(|| format!("{}: it has no line in the table", one.name));
        edges.chain(lints).chain(unknown).collect::<Vec<_>>()
    });
    let gone = names_of_table()
        .filter(|name| !crates.iter().any(|one| one.name == *name))
        .map(|name| format!("{name}: it has a line in the table, and there is no such crate"));
    of_each.chain(gone).collect()
}

/// What is wrong with `from` using `to`.
fn edge(from: &str, to: &str) -> Option<String> {
    if let Some((_, homes)) = HOMES.iter().find(|(package, _)| *package == to)
        && !homes.contains(&from)
    {
        return Some(format!(
            "{from} -> {to}: only {} may use it",
            homes.join(", ")
        ));
    }
    if let Some((_, allowed)) = DEVELOPMENT.iter().find(|(name, _)| *name == from) {
        let is_fine = allowed.contains(&to) || !is_known(to);
        return (!is_fine).then(|| {
            format!(
                "{from} -> {to}: it may use of this workspace: {}",
                allowed.join(", ")
            )
        });
    }
    if DEVELOPMENT.iter().any(|(name, _)| *name == to) {
        return Some(format!(
            "{from} -> {to}: the product uses nothing that is for development"
        ));
    }
    let (from_layer, to_layer) = (layer(from)?, layer(to)?);
    (to_layer >= from_layer).then(|| {
        format!(
            "{from} -> {to}: arrows point down, to {}",
            below(from_layer)
        )
    })
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn below(layer: usize) -> String {
    match LAYERS[..layer].concat() {
        names if names.is_empty() => "nothing".to_owned(),
        names => names.join(", "),
    }
}

fn names_of_table() -> impl Iterator<Item = &'static str> {
    LAYERS
        .iter()
        .copied()
        .flatten()
        .copied()
        .chain(DEVELOPMENT.iter().map(|(name, _)| *name))
}

fn is_known(name: &str) -> bool {
    names_of_table().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every crate of the table, depending on nothing.
    fn bare() -> Vec<Crate> {
        let one = |name: &str| Crate {
            name: name.to_owned(),
            uses: Vec::new(),
            takes_lints: true,
        };
        names_of_table().map(one).collect()
    }

    fn with(from: &str, to: &str) -> Vec<String> {
        let mut crates = bare();
        let one = crates.iter_mut().find(|one| one.name == from).unwrap();
        one.uses.push(to.to_owned());
        problems(&crates)
    }

    #[test]
    fn arrows_down_and_packages_without_a_home_are_allowed() {
        for (from, to) in [
            ("tidegate-server", "tidegate-types"),
            ("tidegate-web", "tidegate-runtime"),
            ("tidegate-runtime", "actix"),
            ("tidegate-types", "serde"),
            ("tidegate-tests", "tidegate-server"),
            ("tidegate-server", "tidegate-store-redis"),
        ] {
            assert_eq!(Vec::<String>::new(), with(from, to));
        }
    }

    #[test]
    fn arrows_up_and_sideways_are_caught() {
        for (from, to) in [
            ("tidegate-types", "tidegate-protocol"),
            ("tidegate-protocol", "tidegate-config"),
            ("tidegate-store", "tidegate-store-redis"),
            ("tidegate-runtime", "tidegate-web"),
            ("tidegate-metastore", "tidegate-engines"),
        ] {
            let found = with(from, to);
            assert_eq!(1, found.len(), "{from} -> {to}: {found:?}");
            assert!(
                found[0].starts_with(&format!("{from} -> {to}: ")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn packages_stay_in_their_homes() {
        for (from, to) in [
            ("tidegate-web", "actix"),
            ("tidegate-runtime", "actix-web"),
            ("tidegate-runtime", "redis"),
            ("tidegate-tools", "sqlx"),
            ("tidegate-metastore", "rusqlite"),
            ("tidegate-runtime", "tidegate-store-redis"),
            ("tidegate-token-verifier", "anyhow"),
        ] {
            let found = with(from, to);
            assert_eq!(1, found.len(), "{from} -> {to}: {found:?}");
            assert!(found[0].contains("only "), "{found:?}");
        }
    }

    #[test]
    fn the_product_does_not_use_what_is_for_development() {
        for used in ["tidegate-testkit", "tidegate-tests", "xtask"] {
            assert_eq!(
                vec![format!(
                    "tidegate-server -> {used}: the product uses nothing that is for development"
                )],
                with("tidegate-server", used)
            );
        }
        assert_eq!(1, with("tidegate-loadtest", "tidegate-runtime").len());
    }

    #[test]
    fn a_crate_needs_a_line_and_the_lints() {
        let mut crates = bare();
        crates[0].takes_lints = false;
        crates.push(Crate {
            name: "tidegate-new".to_owned(),
            uses: Vec::new(),
            takes_lints: true,
        });
        assert_eq!(
            vec![
                "tidegate-types: its Cargo.toml lacks `[lints] workspace = true`".to_owned(),
                "tidegate-new: it has no line in the table".to_owned(),
            ],
            problems(&crates)
        );
    }

    #[test]
    fn a_line_without_a_crate_is_caught() {
        let mut crates = bare();
        crates.retain(|one| one.name != "tidegate-web");
        assert_eq!(
            vec!["tidegate-web: it has a line in the table, and there is no such crate".to_owned()],
            problems(&crates)
        );
    }
}
