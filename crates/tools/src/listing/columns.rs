//! Which columns a call shows.

use std::collections::BTreeSet;

use super::description::Shown;
use super::listed::Listed;
use super::{hint, quoted};

/// Of what was passed over.
const MOST_WARNINGS: usize = 20;

/// The column of links.
const URL: &str = "url";

/// The columns of a call.
pub(super) struct Columns<E: Listed> {
    /// As the call names them, or a short default.
    pub(super) requested: Vec<String>,
    /// Those of them that there are, once each.
    pub(super) shown: Vec<Shown<E>>,
    /// Those that are read: those asked for, and those that others are made from.
    pub(super) loaded: Vec<String>,
}

impl<E: Listed> Columns<E> {
    /// The columns that a call names, or the short default where it names none. Without Superset's pages there are no
    /// links. What is passed over is told in a warning.
    pub(super) fn of(named: Vec<String>, has_links: bool, warnings: &mut Vec<String>) -> Self {
        let requested: Vec<String> = if named.is_empty() {
            let default = E::description().default_columns.iter();
            default
                .filter(|name| has_links || **name != URL)
                .map(|name| (*name).to_owned())
                .collect()
        } else {
            named
        };
        let mut shown = shown::<E>(&requested, warnings);
        if !has_links && shown.iter().any(|shown| shown.name() == URL) {
            shown.retain(|shown| shown.name() != URL);
            warnings.push(
                "select_columns: url is left out, since no Superset shows the pages of this workspace"
                    .to_owned(),
            );
        }
        Self {
            loaded: loaded(&requested, &shown),
            requested,
            shown,
        }
    }
}

/// What is asked for and known, once each. Unknown names are told in a warning: Superset passes them over
/// without a word, and its answers are what callers expect.
fn shown<E: Listed>(requested: &[String], warnings: &mut Vec<String>) -> Vec<Shown<E>> {
    let description = E::description();
    let mut shown = Vec::new();
    let mut seen = BTreeSet::new();
    for name in requested {
        if !seen.insert(name) {
            continue;
        }
        let is_default = || E::BY_DEFAULT_TOO.iter().any(|(_, known)| known == name);
        match description.find(name) {
            Some(found) => shown.push(found),
            None if is_default() => {}
            // More help nobody.
            None if warnings.len() >= MOST_WARNINGS => {}
            None => warnings.push(format!(
                "select_columns: {} is no column of {}{}; columns_available lists them",
                quoted(name),
                E::PLURAL,
                hint(name, description.available.iter().copied())
            )),
        }
    }
    shown
}

/// The columns that were read: those asked for, and those that others are made from.
fn loaded<E: Listed>(requested: &[String], shown: &[Shown<E>]) -> Vec<String> {
    let mut loaded = requested.to_vec();
    for shown in shown {
        if let Shown::Computed(computed) = shown
            && computed.tells_needs
        {
            for column in computed.needs {
                if !loaded.iter().any(|known| known == column.name) {
                    loaded.push(column.name.to_owned());
                }
            }
        }
    }
    loaded
}
