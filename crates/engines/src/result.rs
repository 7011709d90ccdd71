use std::collections::HashMap;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use crate::row::{ROW_BYTES, RowBudget};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Unique within the result: the second `a` is `a__1`, the third `a__2`, as Superset does it.
    pub name: String,
    /// The name that pandas gives the type: `int64`, `float64`, `bool`, `object`, `datetime64[us]`, …; and
    /// `decimal` for exact numbers, whose values are numbers of up to 15 digits and texts beyond.
    pub type_name: String,
    /// Whether nulls may occur, where the database tells it.
    pub is_nullable: Option<bool>,
}

/// Why a result ends before the data does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncation {
    /// `max_rows` were read, and there was at least one more.
    Rows,
    /// The rows that were read fill `max_bytes`.
    Bytes,
}

/// What one statement gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResultSet {
    /// Empty for a statement that gives no rows.
    pub columns: Vec<Column>,
    /// As many values a row as there are columns, in their order.
    pub rows: Vec<Vec<Value>>,
    /// How many rows an `INSERT`, `UPDATE` or `DELETE` changed, 0 for changes of tables. `None` where rows came
    /// back.
    pub affected_rows: Option<u64>,
    /// How many rows the statement gave in all, those that are not here among them; of a change with `RETURNING` as many as it
    /// changed. `None` where nobody counted to the end, or no rows came back.
    pub given_rows: Option<u64>,
    /// Set when the reading stopped early.
    pub truncation: Option<Truncation>,
    /// Some texts of a row were so long that only their beginnings are here; each ends with `… [cut]`.
    pub has_cut_values: bool,
    /// From sending the statement to its last row.
    pub elapsed: Duration,
}

impl ResultSet {
    /// How many rows were read.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Whether the statement is one that gives rows, even if there were none.
    pub fn has_rows(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The rows as a JSON array of objects, written without building the objects.
    pub fn row_objects(&self) -> RowObjects<'_> {
        RowObjects {
            columns: &self.columns,
            rows: &self.rows,
        }
    }
}

/// Serializes rows as `[{"column": value, …}, …]`.
#[derive(Debug, Clone, Copy)]
pub struct RowObjects<'a> {
    columns: &'a [Column],
    rows: &'a [Vec<Value>],
}

impl RowObjects<'_> {
    /// Only the first `count` rows.
    pub fn first(self, count: usize) -> Self {
        Self {
            rows: &self.rows[..count.min(self.rows.len())],
            ..self
        }
    }
}

impl Serialize for RowObjects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in self.rows {
            rows.serialize_element(&RowObject {
                columns: self.columns,
                row,
            })?;
        }
        rows.end()
    }
}

struct RowObject<'a> {
    columns: &'a [Column],
    row: &'a [Value],
}

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.row.len()))?;
        for (column, value) in self.columns.iter().zip(self.row) {
            object.serialize_entry(&column.name, value)?;
        }
        object.end()
    }
}

/// Bytes as PostgreSQL writes them: `\\x` and hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Makes the names unique: an object has a key once.
pub(crate) fn unique_names(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.clone();
        while let Some(count) = seen.get_mut(&candidate) {
            candidate = format!("{name}__{count}");
            *count += 1;
        }
        seen.insert(candidate.clone(), 1);
        unique.push(candidate);
    }
    unique
}

/// Collects rows until one of the two bounds is met.
pub(crate) struct RowCollector {
    rows: Vec<Vec<Value>>,
    columns: usize,
    /// What the names and punctuation of each row take.
    overhead: usize,
    max_rows: usize,
    max_bytes: usize,
    bytes_left: usize,
    truncation: Option<Truncation>,
    has_cut_values: bool,
}

/// What a column takes in a row beside its value: a name with its quotes, a colon and a comma. Short ones count
/// as more, since a value takes more in memory than a digit in JSON.
fn overhead(name: &str) -> usize {
    (name.len() + 4).max(12)
}

/// What a collector has at the end.
pub(crate) struct Collected {
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) truncation: Option<Truncation>,
    pub(crate) has_cut_values: bool,
    pub(crate) bytes_left: usize,
}

impl RowCollector {
    /// `max_bytes` are those of an answer, of which earlier statements have left `bytes_left`.
    pub(crate) fn new(
        names: &[String],
        max_rows: usize,
        max_bytes: usize,
        bytes_left: usize,
    ) -> Self {
        Self {
            rows: Vec::new(),
            columns: names.len(),
            overhead: names.iter().map(|name| overhead(name)).sum::<usize>() + 3,
            max_rows,
            max_bytes,
            bytes_left,
            truncation: None,
            has_cut_values: false,
        }
    }

    /// Whether a further row would be one too many; the truncation is noted then.
    pub(crate) fn is_full(&mut self) -> bool {
        if self.rows.len() >= self.max_rows {
            self.truncation = Some(Truncation::Rows);
        }
        self.truncation.is_some()
    }

    /// What the next row may take: so much that one row always fits into an answer.
    pub(crate) fn budget(&self) -> RowBudget {
        RowBudget::new(ROW_BYTES.min(self.max_bytes), self.columns, self.overhead)
    }

    /// Takes a row that was made within its budget. Returns false when nothing more should be read.
    pub(crate) fn push(&mut self, row: Vec<Value>, budget: &RowBudget) -> bool {
        if self.is_full() {
            return false;
        }
        let Some(left) = self.bytes_left.checked_sub(budget.size()) else {
            self.truncation = Some(Truncation::Bytes);
            return false;
        };
        self.bytes_left = left;
        self.has_cut_values |= budget.is_cut();
        self.rows.push(row);
        true
    }

    pub(crate) fn finish(self) -> Collected {
        Collected {
            rows: self.rows,
            truncation: self.truncation,
            has_cut_values: self.has_cut_values,
            bytes_left: self.bytes_left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn duplicate_columns_get_a_number() {
        let names = ["a", "b", "a", "a__1", "a"].map(str::to_owned);
        assert_eq!(
            vec!["a", "b", "a__1", "a__1__1", "a__2"],
            unique_names(names)
        );
    }

    #[test]
    fn rows_are_written_as_objects_in_column_order() {
        let column = |name: &str| Column {
            name: name.to_owned(),
            type_name: "int64".to_owned(),
            is_nullable: None,
        };
        let result = ResultSet {
            columns: vec![column("z"), column("a")],
            rows: vec![vec![json!(1), json!(null)], vec![json!(2), json!("x")]],
            ..ResultSet::default()
        };
        assert_eq!(
            r#"[{"z":1,"a":null},{"z":2,"a":"x"}]"#,
            serde_json::to_string(&result.row_objects()).unwrap()
        );
        assert_eq!(
            r#"[{"z":1,"a":null}]"#,
            serde_json::to_string(&result.row_objects().first(1)).unwrap()
        );
    }

    #[test]
    fn a_collector_stops_at_the_bytes_and_says_so() {
        let mut collector = RowCollector::new(&["a".to_owned()], 10, 40, 40);
        for expected in [true, true, false] {
            let mut budget = collector.budget();
            let row = vec![budget.value(json!(1), 4)];
            assert_eq!(expected, collector.push(row, &budget));
        }
        let collected = collector.finish();
        assert_eq!(
            (2, Some(Truncation::Bytes), false),
            (
                collected.rows.len(),
                collected.truncation,
                collected.has_cut_values
            )
        );
    }

    #[test]
    fn one_row_always_fits_whatever_is_in_it() {
        let mut collector = RowCollector::new(&["a".to_owned(), "b".to_owned()], 10, 200, 200);
        let mut budget = collector.budget();
        let row = vec![budget.text(&"\u{1}".repeat(500)), budget.text("b")];
        assert!(collector.push(row, &budget));
        assert!(collector.finish().has_cut_values);
    }
}
