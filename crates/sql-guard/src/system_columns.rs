//! Columns that every table has and `*` does not show (PostgreSQL manual §5.5): `ctid`, `tableoid` and others. The
//! subquery in the place of a table under a rule has those of them that the statement reads. What would show them
//! besides is written out, or refused.

use sqlparser::ast::{Ident, SelectItem, SelectItemQualifiedWildcardKind};

use super::GuardError;
use super::filter::refusal;
use super::grammar::bytes_of;
use super::rewrite::{Rewrite, Step};
use super::visible::{Fence, OpenSelect, Star, Visible};
use crate::Dialect;
use crate::dialect::Feature;
use crate::name::fold_ident;

impl Visible {
    /// Whether the rule's subquery has the columns `system_columns` besides those of the table.
    fn shows_more(&self) -> bool {
        let fence = self.fence.as_ref();
        fence.is_some_and(|fence| !fence.system_columns.is_empty())
    }

    fn has_own(&self, name: &str) -> bool {
        let facts = self.facts.as_ref();
        facts.is_some_and(|facts| facts.columns.contains_key(name))
    }

    /// Its columns, quoted, as the statement calls them. `None`: they are not known.
    fn columns(&self, dialect: Dialect) -> Option<Vec<String>> {
        let (facts, fence) = (self.facts.as_ref()?, self.fence.as_ref()?);
        let mut columns: Vec<_> = facts.columns.iter().collect();
        columns.sort_by_key(|(_, column)| column.number);
        let mut names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        for (index, alias) in fence.column_aliases.iter().enumerate() {
            *names.get_mut(index)? = alias;
        }
        (!names.is_empty()).then(|| names.iter().map(|name| dialect.quote(name)).collect())
    }
}

impl Rewrite<'_> {
    /// Takes note of a system column that the statement reads.
    pub(super) fn system_column(&mut self, qualifier: &[&Ident], column: &Ident) -> Step {
        let dialect = self.task.dialect;
        let name = fold_ident(dialect, column);
        let known = dialect.rules().system_columns();
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            return Ok(());
        };
        let meant = match qualifier {
            [] => self.meant_alone(name)?,
            parts => self.meant(parts),
        };
        let Some((depth, index)) = meant else {
            return Ok(());
        };
        let visible = &mut self.frames[depth].visible[index];
        if visible.has_own(name) {
            return Ok(());
        }
        let Some(fence) = &mut visible.fence else {
            return Ok(());
        };
        if !dialect.has(Feature::SystemColumnsInSubqueries) {
            return Err(refused(fence, name, "is not shown under a rule"));
        }
        // An alias for a column, which comes first.
        if fence.column_aliases.iter().all(|alias| alias != name) {
            fence.system_columns.insert(name);
        }
        Ok(())
    }

    /// The table that a system column without a name before it is of: the only one of the innermost FROM that has some.
    ///
    /// Of a JOIN's tables PostgreSQL finds it in the condition, and elsewhere further out.
    fn meant_alone(&self, name: &str) -> Result<Option<(usize, usize)>, GuardError> {
        for (depth, frame) in self.frames.iter().enumerate().rev() {
            let tables = frame.visible.iter().enumerate();
            let tables = tables.filter(|(_, visible)| visible.is_table);
            let (joined, alone): (Vec<_>, Vec<_>) = tables.partition(|(_, table)| table.is_joined);
            let is_clear = alone.len() <= 1;
            let unclear = joined.iter().chain(alone.iter().filter(|_| !is_clear));
            let mut fences = unclear.filter_map(|(_, table)| table.fence.as_ref());
            if let Some(fence) = fences.next() {
                let reason = "may be another table's here; write the table's name before it";
                return Err(refused(fence, name, reason));
            }
            match alone.as_slice() {
                [] => {}
                [(index, _)] => return Ok(Some((depth, *index))),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The row of a table as one value: the table's name alone, unless a column has the name.
    pub(super) fn use_row(&mut self, name: &[&Ident]) {
        let Some((depth, index)) = self.meant(name) else {
            return;
        };
        let own = &mut self.frames[depth].visible[index];
        let is_column = match name {
            [column] => own.has_own(&fold_ident(self.task.dialect, column)),
            _ => false,
        };
        if let (false, Some(fence)) = (is_column, &mut own.fence) {
            fence.is_row_used = true;
        }
    }

    /// `sales.to_jsonb` calls the function with the row.
    pub(super) fn call_with_row(&mut self, qualifier: &[&Ident], name: &Ident) {
        let Some((depth, index)) = self.meant(qualifier) else {
            return;
        };
        let dialect = self.task.dialect;
        let name = fold_ident(dialect, name);
        let own = &mut self.frames[depth].visible[index];
        let is_column =
            own.has_own(&name) || dialect.rules().system_columns().contains(&name.as_str());
        if let (false, Some(fence)) = (is_column, &mut own.fence) {
            fence.is_row_used |= !fence.column_aliases.contains(&name);
        }
    }

    /// Takes note of a star, whose columns are known when all of the SELECT is.
    pub(super) fn star(&mut self, item: &SelectItem) -> Step {
        let (name, options) = match item {
            SelectItem::Wildcard(options) => (None, options),
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => (Some(name), options),
            _ => return Ok(()),
        };
        let star = bytes_of(options.wildcard_token.0.span);
        let innermost = self.frames.len().saturating_sub(1);
        let (of, start) = match name {
            None => (None, star.map(|(start, _)| start)),
            Some(name) => {
                let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
                let index = match self.meant(&parts) {
                    Some((depth, index)) if depth == innermost => index,
                    _ => {
                        // Of a SELECT around this one.
                        self.use_row(&parts);
                        return self.name_of_columns(name);
                    }
                };
                let first = parts.first().and_then(|first| bytes_of(first.span));
                (Some((index, name.clone())), first.map(|(start, _)| start))
            }
        };
        let place = start.zip(star.map(|(_, end)| end));
        if let Some(open) = self.frames.last_mut() {
            open.stars.push(Star { place, of });
        }
        Ok(())
    }

    /// Writes the stars of the innermost SELECT out, where they would show a system column.
    pub(super) fn stars(&mut self) -> Step {
        let Some(open) = self.frames.last_mut() else {
            return Ok(());
        };
        let stars = std::mem::take(&mut open.stars);
        let more = open.visible.iter().filter(|visible| visible.shows_more());
        let fences = more.filter_map(|visible| visible.fence.as_ref());
        for fence in fences {
            if open.is_natural {
                return Err(mixed(fence, "a NATURAL JOIN"));
            }
            if fence.is_row_used {
                return Err(mixed(fence, "the whole row"));
            }
        }
        for Star { place, of } in stars {
            let Some(open) = self.frames.last() else {
                break;
            };
            let written = match &of {
                None => all_columns(self.task.dialect, open)?,
                Some((index, _)) => columns_of(self.task.dialect, &open.visible[*index])?,
            };
            match (written, of) {
                (Some(columns), _) => {
                    let (start, end) = place.ok_or(GuardError::Ambiguous)?;
                    self.edits.replace(start, end, columns);
                }
                (None, Some((_, name))) => self.name_of_columns(&name)?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}

/// The columns that `*` stands for, where they have to be written out.
fn all_columns(dialect: Dialect, open: &OpenSelect) -> Result<Option<String>, GuardError> {
    let mut more = open.visible.iter().filter(|visible| visible.shows_more());
    let Some(fence) = more.find_map(|visible| visible.fence.as_ref()) else {
        return Ok(None);
    };
    if open.merges_columns {
        return Err(mixed(fence, "* of a join with USING"));
    }
    let mut written = Vec::with_capacity(open.visible.len());
    for visible in &open.visible {
        let text = match (columns_of(dialect, visible)?, called(dialect, visible)) {
            (Some(columns), _) => columns,
            (None, Some(name)) if is_alone(open, visible) => format!("{name}.*"),
            (None, _) => return Err(mixed(fence, "*")),
        };
        written.push(text);
    }
    Ok(Some(written.join(", ")))
}

/// The columns of one item, where its star has to be written out.
fn columns_of(dialect: Dialect, visible: &Visible) -> Result<Option<String>, GuardError> {
    let (true, Some(fence)) = (visible.shows_more(), &visible.fence) else {
        return Ok(None);
    };
    let (Some(columns), Some(name)) = (visible.columns(dialect), called(dialect, visible)) else {
        return Err(mixed(fence, "*"));
    };
    let columns: Vec<_> = columns
        .iter()
        .map(|column| format!("{name}.{column}"))
        .collect();
    Ok(Some(columns.join(", ")))
}

/// What columns of the item are called by, quoted.
fn called(dialect: Dialect, visible: &Visible) -> Option<String> {
    let own = || Some(dialect.quote(visible.effective.as_ref()?));
    visible.renamed.clone().or_else(own)
}

fn is_alone(open: &OpenSelect, visible: &Visible) -> bool {
    let same = |other: &&Visible| other.renamed.is_none() && other.effective == visible.effective;
    visible.renamed.is_some() || open.visible.iter().filter(same).count() == 1
}

fn refused(fence: &Fence, name: &str, reason: &str) -> GuardError {
    refusal(&fence.full, &format!("its column {name} {reason}"))
}

/// What shows all columns stands beside one that it would show by mistake.
fn mixed(fence: &Fence, what: &str) -> GuardError {
    let names: Vec<_> = fence.system_columns.iter().copied().collect();
    let names = names.join(", ");
    refusal(
        &fence.full,
        &format!(
            "{what} stands beside {names}, which is no part of it; name the columns that you want"
        ),
    )
}
