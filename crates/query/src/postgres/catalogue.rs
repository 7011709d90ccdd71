//! What PostgreSQL's catalogue says of the names in a statement.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::engine::{literal, looked_in};
use crate::TableName;
use crate::catalogue::{
    Catalogue, ColumnFacts, FunctionFacts, Leakproof, NamesInUse, TableFacts, TypeFacts,
};

/// Operator, type on its left, type on its right.
pub(super) const LEAKPROOF: &str = "SELECT o.oprname::text, l.typname::text, r.typname::text \
     FROM pg_catalog.pg_operator o \
     JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode \
     JOIN pg_catalog.pg_type l ON l.oid = o.oprleft \
     JOIN pg_catalog.pg_type r ON r.oid = o.oprright \
     WHERE p.proleakproof AND o.oprname IN ('=', '<', '>', '<=', '>=') \
     AND o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace";

/// Rows of one query: what it tells of, the number of the name that was asked for, and three texts.
pub(super) type Row = Vec<Option<String>>;

/// Names in a fixed order, so that an answer can say which one it is about.
pub(super) struct Question<'a> {
    tables: Vec<&'a TableName>,
    types: Vec<&'a TableName>,
    functions: Vec<&'a TableName>,
    creation_schema: Option<String>,
}

impl<'a> Question<'a> {
    pub(super) fn new(path: &[String], names: &'a NamesInUse) -> Self {
        Self {
            tables: names.tables.iter().collect(),
            types: names.types.iter().collect(),
            functions: names.functions.iter().collect(),
            creation_schema: names.creates.then(|| path.first().cloned()).flatten(),
        }
    }

    /// One statement for all of them.
    pub(super) fn sql(&self, path: &[String]) -> String {
        let path = looked_in(path);
        let mut sql = format!(
            "WITH path AS (SELECT n.oid, p.place FROM \
             unnest({path}) WITH ORDINALITY AS p(schema, place) \
             JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema)"
        );
        let lists = [
            ("tables", &self.tables),
            ("types", &self.types),
            ("functions", &self.functions),
        ];
        for (list, names) in lists {
            // Writing to a String cannot fail.
            let _ = write!(
                sql,
                ", asked_{list}(number, schema, name) AS ({})",
                values(names)
            );
        }
        sql + FOUND
    }

    /// Takes the answer apart. What is not understood is left out: names that are not known are refused.
    pub(super) fn catalogue(self, rows: Vec<Row>, leakproof: Arc<Leakproof>) -> Catalogue {
        let mut tables: BTreeMap<usize, TableFacts> = BTreeMap::new();
        let mut catalogue = Catalogue {
            creation_schema: self.creation_schema,
            leakproof,
            ..Catalogue::default()
        };
        let mut columns = Vec::new();
        for row in rows {
            let Ok([kind, number, first, second]) = <[Option<String>; 4]>::try_from(row) else {
                continue;
            };
            let (Some(kind), Some(number)) = (kind, number.and_then(|text| text.parse().ok()))
            else {
                continue;
            };
            match (kind.as_str(), first, second) {
                ("table", Some(schema), Some(table)) => {
                    let facts = TableFacts {
                        name: named(schema, table),
                        columns: BTreeMap::new(),
                    };
                    tables.insert(number, facts);
                }
                ("column", Some(name), data_type) => columns.push((number, name, data_type)),
                ("type", first, second) => {
                    let facts = match (first, second) {
                        (Some(schema), Some(table)) => TypeFacts::RowOf(named(schema, table)),
                        (Some(_), None) => TypeFacts::CatalogueName,
                        (None, _) => TypeFacts::Plain,
                    };
                    if let Some(&asked) = self.types.get(number) {
                        catalogue.types.insert(asked.clone(), facts);
                    }
                }
                ("function", is_catalogue, _) => {
                    let facts = match is_catalogue.as_deref() {
                        Some("false") => FunctionFacts::Plain,
                        _ => FunctionFacts::Catalogue,
                    };
                    if let Some(&asked) = self.functions.get(number) {
                        catalogue.functions.insert(asked.clone(), facts);
                    }
                }
                _ => {}
            }
        }
        for (number, name, data_type) in columns {
            if let Some(table) = tables.get_mut(&number) {
                table.columns.insert(name, ColumnFacts { data_type });
            }
        }
        let asked = tables.into_iter().filter_map(|(number, facts)| {
            Some(((*self.tables.get(number)?).clone(), Arc::new(facts)))
        });
        catalogue.tables = asked.collect();
        catalogue
    }
}

fn named(schema: String, table: String) -> TableName {
    TableName {
        catalog: None,
        schema: Some(schema),
        table,
    }
}

fn values(names: &[&TableName]) -> String {
    if names.is_empty() {
        return "SELECT 0, ''::text, ''::text WHERE false".to_owned();
    }
    let rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let schema = name.schema.as_deref().map_or("NULL".to_owned(), literal);
            format!("({number}, {schema}::text, {}::text)", literal(&name.table))
        })
        .collect();
    format!("VALUES {}", rows.join(", "))
}

/// An unqualified name is what the path finds first. A domain is what it is made from, an array what it is of.
const FOUND: &str = "\
, found_tables AS (\
    SELECT DISTINCT ON (a.number) a.number, c.oid, n.nspname::text AS schema, c.relname::text AS name \
    FROM asked_tables a JOIN pg_catalog.pg_class c ON c.relname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END \
    ORDER BY a.number, p.place\
), named_types AS (\
    SELECT DISTINCT ON (a.number) a.number, t.oid \
    FROM asked_types a JOIN pg_catalog.pg_type t ON t.typname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END \
    ORDER BY a.number, p.place\
), base_types AS (\
    WITH RECURSIVE made(number, oid, depth) AS (\
        SELECT number, oid, 0 FROM named_types \
        UNION ALL \
        SELECT made.number, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END, made.depth + 1 \
        FROM made JOIN pg_catalog.pg_type t ON t.oid = made.oid \
        WHERE (t.typtype = 'd' OR t.typcategory = 'A' AND t.typelem <> 0) AND made.depth < 16\
    ) SELECT DISTINCT ON (number) number, oid FROM made ORDER BY number, depth DESC\
), found_functions AS (\
    SELECT a.number, bool_or(n.nspname = 'pg_catalog' OR EXISTS (\
        SELECT FROM unnest(f.proargtypes) AS argument(type) \
        WHERE argument.type::pg_catalog.regtype::text ~ '^reg')) AS is_catalogue \
    FROM asked_functions a JOIN pg_catalog.pg_proc f ON f.proname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END \
    GROUP BY a.number\
) \
SELECT 'table', number::text, schema, name FROM found_tables \
UNION ALL \
SELECT 'column', f.number::text, a.attname::text, \
    CASE WHEN n.nspname = 'pg_catalog' AND t.typtype = 'b' THEN t.typname::text END \
FROM found_tables f \
JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped \
JOIN pg_catalog.pg_type own ON own.oid = a.atttypid \
JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN own.typtype = 'd' THEN own.typbasetype ELSE own.oid END \
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
UNION ALL \
SELECT 'type', b.number::text, \
    CASE WHEN t.typname ~ '^reg' AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN 'name' \
    WHEN c.relkind <> 'c' THEN n.nspname::text END, \
    CASE WHEN c.relkind <> 'c' THEN c.relname::text END \
FROM base_types b JOIN pg_catalog.pg_type t ON t.oid = b.oid \
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
UNION ALL \
SELECT 'function', number::text, is_catalogue::text, NULL FROM found_functions";
