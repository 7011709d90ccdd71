use sea_query::{ArrayType, Query, SqliteQueryBuilder, Value, Values};

use crate::Statement;

/// Rows of one table, many at once.
///
/// PostgreSQL gets each column as an array, so that the statement is the same for any number of rows: it is parsed and
/// planned once for a connection, and binds as many values as there are columns. SQLite gets them as one list of values.
#[derive(Debug, Clone)]
pub struct BulkInsert<const COLUMNS: usize> {
    table: &'static str,
    names: [&'static str; COLUMNS],
    rows: Vec<[Value; COLUMNS]>,
}

impl<const COLUMNS: usize> BulkInsert<COLUMNS> {
    /// No rows yet: it is a statement once it has one.
    pub fn new(table: &'static str, names: [&'static str; COLUMNS]) -> Self {
        Self {
            table,
            names,
            rows: Vec::new(),
        }
    }

    /// One more row. A column's values are of the same kind in all rows, null or not: `Option<i64>`, never `i64` in one
    /// and `i32` in another.
    ///
    /// # Panics
    /// They are not.
    pub fn push(&mut self, row: [Value; COLUMNS]) {
        if let Some(first) = self.rows.first() {
            let is_alike = |(one, other): (&Value, &Value)| one.array_type() == other.array_type();
            assert!(
                first.iter().zip(&row).all(is_alike),
                "the values of a column are of one kind"
            );
        }
        self.rows.push(row);
    }
}

impl<const COLUMNS: usize> Statement for BulkInsert<COLUMNS> {
    fn for_sqlite(&self) -> (String, Values) {
        let mut insert = Query::insert();
        insert.into_table(self.table).columns(self.names);
        for row in &self.rows {
            insert.values_panic(row.clone().map(Into::into));
        }
        insert.build(SqliteQueryBuilder)
    }

    fn for_postgres(&self) -> (String, Values) {
        let arrays = (0..COLUMNS).map(|column| {
            let values: Vec<Value> = self.rows.iter().map(|row| row[column].clone()).collect();
            let kind = values.first().map_or(ArrayType::String, Value::array_type);
            Value::Array(kind, Some(Box::new(values)))
        });
        let names = self.names.map(|name| format!("\"{name}\"")).join(", ");
        let places: Vec<String> = (1..=COLUMNS).map(|number| format!("${number}")).collect();
        let sql = format!(
            "INSERT INTO \"{}\" ({names}) SELECT * FROM unnest({})",
            self.table,
            places.join(", ")
        );
        (sql, Values(arrays.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: i64) -> BulkInsert<2> {
        let mut insert = BulkInsert::new("things", ["id", "name"]);
        for id in 0..count {
            insert.push([id.into(), (id != 1).then_some("a").into()]);
        }
        insert
    }

    #[test]
    fn postgresql_reads_the_same_statement_for_any_number_of_rows() {
        let (one, values) = rows(1).for_postgres();
        assert_eq!(2, values.0.len());
        let (many, values) = rows(300).for_postgres();
        assert_eq!(2, values.0.len());
        assert_eq!(one, many);
        assert_eq!(
            r#"INSERT INTO "things" ("id", "name") SELECT * FROM unnest($1, $2)"#,
            one
        );
    }

    #[test]
    #[should_panic(expected = "of one kind")]
    fn a_column_does_not_change_its_kind() {
        let mut insert = rows(2);
        insert.push([7_i32.into(), "a".into()]);
    }

    #[test]
    fn sqlite_reads_a_row_after_the_other() {
        let (sql, values) = rows(2).for_sqlite();
        assert_eq!(
            r#"INSERT INTO "things" ("id", "name") VALUES (?, ?), (?, ?)"#,
            sql
        );
        assert_eq!(4, values.0.len());
    }
}
