use std::collections::BTreeMap;

/// Which rows of a dataset a user sees (row level security). Rules of one group are alternatives;
/// all groups, and all rules without a group, must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowRules {
    /// Each inner list is joined by OR, the outer by AND. Clauses are SQL as an administrator wrote it.
    groups: Vec<Vec<String>>,
}

/// The row rules of one dataset, with what SQL calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRulesOf {
    /// `tables.id`.
    pub table_id: i64,
    /// `tables.database_id`.
    pub database_id: i64,
    /// `tables.catalog`.
    pub catalog: Option<String>,
    /// `tables.schema`.
    pub schema: Option<String>,
    /// `tables.table_name`: the table's name, or the name of a virtual dataset.
    pub table_name: String,
    /// What holds for its rows.
    pub rules: RowRules,
}

impl RowRules {
    /// From clauses and their groups, in the order of the filters' ids. Group keys are compared as
    /// they are; an empty one is none.
    pub(super) fn from_clauses(
        clauses: impl IntoIterator<Item = (Option<String>, String)>,
    ) -> Self {
        let mut groups: Vec<Vec<String>> = Vec::new();
        let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
        for (key, clause) in clauses {
            match key.filter(|key| !key.is_empty()) {
                None => groups.push(vec![clause]),
                Some(key) => {
                    let index = *by_key.entry(key).or_insert_with(|| {
                        groups.push(Vec::new());
                        groups.len() - 1
                    });
                    groups[index].push(clause);
                }
            }
        }
        Self { groups }
    }

    /// The groups: OR within, AND between.
    pub fn groups(&self) -> &[Vec<String>] {
        &self.groups
    }

    /// Whether a clause holds a Jinja template, which must be rendered before use, or the query refused.
    pub fn has_template(&self) -> bool {
        self.groups
            .iter()
            .flatten()
            .any(|clause| ["{{", "{%", "{#"].iter().any(|mark| clause.contains(mark)))
    }

    /// One condition, in parentheses throughout. A clause may end in a `--` comment, so each closing
    /// parenthesis stands on a new line.
    pub fn to_sql(&self) -> String {
        let groups: Vec<String> = self
            .groups
            .iter()
            .map(|clauses| {
                let clauses: Vec<String> = clauses
                    .iter()
                    .map(|clause| format!("({clause}\n)"))
                    .collect();
                format!("({})", clauses.join(" OR "))
            })
            .collect();
        groups.join(" AND ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(clauses: &[(Option<&str>, &str)]) -> String {
        let clauses = clauses
            .iter()
            .map(|(key, clause)| (key.map(String::from), (*clause).to_owned()));
        RowRules::from_clauses(clauses).to_sql().replace('\n', "")
    }

    #[test]
    fn rules_of_a_group_are_alternatives_and_groups_must_all_hold() {
        assert_eq!(
            "((a) OR (c)) AND ((b)) AND ((d)) AND ((e))",
            rules(&[
                (Some("g"), "a"),
                (None, "b"),
                (Some("g"), "c"),
                (Some(""), "d"),
                (Some("h"), "e")
            ])
        );
    }

    #[test]
    fn a_comment_in_a_clause_cannot_swallow_what_follows() {
        let rules = RowRules::from_clauses([
            (None, "a = 1 -- mine".to_owned()),
            (None, "b = 2".to_owned()),
        ]);
        assert_eq!("((a = 1 -- mine\n)) AND ((b = 2\n))", rules.to_sql());
    }

    #[test]
    fn templates_are_noticed() {
        assert!(
            RowRules::from_clauses([(None, "id = {{ current_user_id() }}".to_owned())])
                .has_template()
        );
        assert!(!RowRules::from_clauses([(None, "id = 1".to_owned())]).has_template());
    }
}
