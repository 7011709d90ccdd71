//! What PostgreSQL's catalogue says of the names in a statement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use tidegate_sql_guard::{
    Catalogue, ColumnFacts, FunctionFacts, Leakproof, Named, NamesInUse, OperatorFacts,
    RelationKind, TableFacts, TableName, TypeFacts,
};

use super::engine::{literal, looked_in};

/// Operator, type on its left, type on its right.
pub(super) const LEAKPROOF: &str = "SELECT o.oprname::text, l.typname::text, r.typname::text \
     FROM pg_catalog.pg_operator o \
     JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode \
     JOIN pg_catalog.pg_type l ON l.oid = o.oprleft \
     JOIN pg_catalog.pg_type r ON r.oid = o.oprright \
     WHERE p.proleakproof AND o.oprname IN ('=', '<', '>', '<=', '>=') \
     AND o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace";

/// Rows of one query: what it tells of, the number of the name that was asked for, and two texts.
pub(super) type Row = Vec<Option<String>>;

/// Names in a fixed order, so that an answer can say which one it is about.
pub(super) struct Question<'a> {
    tables: Vec<&'a TableName>,
    types: Vec<&'a TableName>,
    functions: Vec<&'a TableName>,
    collations: Vec<&'a TableName>,
    operators: Vec<&'a TableName>,
    creation_schema: Option<String>,
}

impl<'a> Question<'a> {
    pub(super) fn new(path: &[String], names: &'a NamesInUse) -> Self {
        Self {
            tables: names.tables.iter().collect(),
            types: names.types.iter().collect(),
            functions: names.functions.iter().collect(),
            collations: names.collations.iter().collect(),
            operators: names.operators.iter().collect(),
            creation_schema: names.creates.then(|| path.first().cloned()).flatten(),
        }
    }

    /// One statement for all of them.
    pub(super) fn sql(&self, path: &[String]) -> String {
        let path = looked_in(path);
        let mut sql = format!(
            "WITH RECURSIVE path AS (SELECT n.oid, p.place FROM \
             unnest({path}) WITH ORDINALITY AS p(schema, place) \
             JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema)"
        );
        let lists = [
            ("tables", &self.tables, TABLES),
            ("types", &self.types, TYPES),
            ("functions", &self.functions, FUNCTIONS),
            ("collations", &self.collations, COLLATIONS),
            ("operators", &self.operators, OPERATORS),
        ];
        // Nearly all of the time goes into planning, so that nothing is asked in vain.
        let asked = lists.into_iter().filter(|(_, names, _)| !names.is_empty());
        let mut selects = Vec::new();
        for (list, names, part) in asked {
            // Writing to a String cannot fail.
            let _ = write!(
                sql,
                ", asked_{list}(number, schema, name) AS ({}){}",
                values(names),
                part.with
            );
            selects.push(part.select);
        }
        sql + " " + &selects.join(" UNION ALL ")
    }

    /// Takes the answer apart. What is not understood is left out: names that are not known are refused.
    pub(super) fn catalogue(self, rows: Vec<Row>, leakproof: Arc<Leakproof>) -> Catalogue {
        let mut found = Found::default();
        let understood = rows.into_iter().filter_map(|row| {
            let [kind, number, first, second] = <[Option<String>; 4]>::try_from(row).ok()?;
            Some((kind?, number?.parse().ok()?, first, second))
        });
        // The parts of a UNION come in any order, and a schema that was left out would be taken for an open one.
        let (things, facts): (Vec<_>, Vec<_>) = understood.partition(|(kind, ..)| {
            matches!(kind.as_str(), "table" | "type" | "function" | "collation")
        });
        for (kind, number, first, second) in things.into_iter().chain(facts) {
            found.add(&kind, number, first, second);
        }
        let types_with_columns = found.types_with_columns.iter();
        let types_with_columns = types_with_columns
            .filter_map(|number| self.types.get(*number))
            .map(|name| TableName::clone(name))
            .collect();
        Catalogue {
            types_with_columns,
            tables: by_name(&self.tables, found.tables, Arc::new),
            types: by_name(&self.types, found.types, |named| named),
            functions: by_name(&self.functions, found.functions, |named| named),
            collations: by_name(&self.collations, found.collations, |named| named),
            operators: by_name(&self.operators, found.operators, |named| named),
            creation_schema: self.creation_schema,
            leakproof,
        }
    }
}

/// What was found, by the number of the name. What something is has to be added before what else is known of it.
#[derive(Default)]
struct Found {
    tables: BTreeMap<usize, TableFacts>,
    types: BTreeMap<usize, Named<TypeFacts>>,
    types_with_columns: BTreeSet<usize>,
    functions: BTreeMap<usize, Named<FunctionFacts>>,
    collations: BTreeMap<usize, Named<()>>,
    operators: BTreeMap<usize, Named<OperatorFacts>>,
}

impl Found {
    fn add(&mut self, kind: &str, number: usize, first: Option<String>, second: Option<String>) {
        match (kind, first, second) {
            ("table", Some(schema), Some(table)) => {
                let facts = TableFacts {
                    name: named(schema, table),
                    kind: RelationKind::default(),
                    columns: BTreeMap::new(),
                };
                self.tables.insert(number, facts);
            }
            ("kind", Some(kind), _) => {
                if let Some(table) = self.tables.get_mut(&number) {
                    table.kind = match kind.as_str() {
                        "plain" => RelationKind::Plain,
                        "sequence" => RelationKind::Sequence,
                        _ => RelationKind::Other,
                    };
                }
            }
            ("column", Some(name), Some(place)) => {
                let (place, data_type) = match place.split_once(' ') {
                    Some((place, data_type)) => (place, Some(data_type.to_owned())),
                    None => (place.as_str(), None),
                };
                let unique = place.strip_suffix('!');
                let facts = ColumnFacts {
                    number: unique.unwrap_or(place).parse().unwrap_or_default(),
                    is_unique: unique.is_some(),
                    data_type,
                };
                if let Some(table) = self.tables.get_mut(&number) {
                    table.columns.insert(name, facts);
                }
            }
            ("type", first, second) => {
                let facts = match (first, second) {
                    (Some(schema), Some(table)) => TypeFacts::RowOf(named(schema, table)),
                    (Some(_), None) => TypeFacts::CatalogueName,
                    (None, _) => TypeFacts::Plain,
                };
                self.types.insert(number, nowhere(facts));
            }
            ("type with columns", ..) => {
                self.types_with_columns.insert(number);
            }
            ("type schema", Some(schema), _) => lies_in(&mut self.types, number, schema),
            ("function", is_catalogue, _) => {
                let facts = match is_catalogue.as_deref() {
                    Some("false") => FunctionFacts::Plain,
                    _ => FunctionFacts::Catalogue,
                };
                self.functions.insert(number, nowhere(facts));
            }
            ("function schema", Some(schema), _) => lies_in(&mut self.functions, number, schema),
            (kind, Some(schema), Some(of_function)) if kind.starts_with("operator") => {
                let facts = match kind {
                    "operator of an extension" => OperatorFacts::Extension,
                    "operator on own types" => OperatorFacts::OnOwnTypes,
                    "operator" => OperatorFacts::Own,
                    _ => OperatorFacts::Catalogue,
                };
                self.operator(number, facts, [schema, of_function]);
            }
            ("collation", schema, _) => {
                self.collations.insert(number, nowhere(()));
                if let Some(schema) = schema {
                    lies_in(&mut self.collations, number, schema);
                }
            }
            _ => {}
        }
    }
}

impl Found {
    fn operator(&mut self, number: usize, facts: OperatorFacts, schemas: [String; 2]) {
        let own = self
            .operators
            .entry(number)
            .or_insert_with(|| nowhere(facts));
        own.facts = own.facts.max(facts);
        if facts != OperatorFacts::Extension {
            let schemas = schemas.into_iter();
            own.schemas
                .extend(schemas.filter(|schema| schema != "pg_catalog"));
        }
    }
}

fn nowhere<F>(facts: F) -> Named<F> {
    Named {
        facts,
        schemas: BTreeSet::new(),
    }
}

fn lies_in<F>(found: &mut BTreeMap<usize, Named<F>>, number: usize, schema: String) {
    if let Some(named) = found.get_mut(&number) {
        named.schemas.insert(schema);
    }
}

fn by_name<T, U>(
    asked: &[&TableName],
    found: BTreeMap<usize, T>,
    finish: impl Fn(T) -> U,
) -> BTreeMap<TableName, U> {
    let known = |(number, what): (usize, T)| {
        let name: &TableName = asked.get(number)?;
        Some((name.clone(), finish(what)))
    };
    found.into_iter().filter_map(known).collect()
}

fn named(schema: String, table: String) -> TableName {
    TableName {
        catalog: None,
        schema: Some(schema),
        table,
    }
}

fn values(names: &[&TableName]) -> String {
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

/// How the answer to a part of the question is made.
struct Part {
    /// Common table expressions.
    with: &'static str,
    /// Rows.
    select: &'static str,
}

/// An unqualified name is what the path finds first. A domain is what it is made from, an array what it is of. What people
/// made, and no extension, is told with its schema.
const TABLES: Part = Part {
    with: "\
, found_tables AS (\
    SELECT DISTINCT ON (a.number) a.number, c.oid, n.nspname::text AS schema, c.relname::text AS name, \
        CASE WHEN c.relkind = 'S' THEN 'sequence' \
        WHEN c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND NOT c.relrowsecurity THEN 'plain' END AS kind \
    FROM asked_tables a JOIN pg_catalog.pg_class c ON c.relname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END \
    ORDER BY a.number, p.place)",
    select: "\
SELECT 'table', number::text, schema, name FROM found_tables \
UNION ALL \
SELECT 'kind', number::text, kind, NULL FROM found_tables \
UNION ALL \
SELECT 'column', f.number::text, a.attname::text, \
    a.attnum::text || CASE WHEN EXISTS (\
        SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = f.oid AND i.indisunique AND i.indisvalid \
            AND i.indnatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL) THEN '!' ELSE '' END \
        || CASE WHEN n.nspname = 'pg_catalog' AND t.typtype = 'b' THEN ' ' || t.typname ELSE '' END \
FROM found_tables f \
JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped \
JOIN pg_catalog.pg_type own ON own.oid = a.atttypid \
JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN own.typtype = 'd' THEN own.typbasetype ELSE own.oid END \
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace",
};

const TYPES: Part = Part {
    with: "\
, named_types AS (\
    SELECT DISTINCT ON (a.number) a.number, t.oid, t.typrelid <> 0 AS has_columns \
    FROM asked_types a JOIN pg_catalog.pg_type t ON t.typname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END \
    ORDER BY a.number, p.place\
), made(number, oid, depth) AS (\
    SELECT number, oid, 0 FROM named_types \
    UNION ALL \
    SELECT made.number, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END, made.depth + 1 \
    FROM made JOIN pg_catalog.pg_type t ON t.oid = made.oid \
    WHERE (t.typtype = 'd' OR t.typcategory = 'A' AND t.typelem <> 0) AND made.depth < 16\
), base_types AS (\
    SELECT DISTINCT ON (number) number, oid FROM made ORDER BY number, depth DESC)",
    select: "\
SELECT 'type', b.number::text, \
    CASE WHEN t.typname ~ '^reg' AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN 'name' \
    WHEN c.relkind <> 'c' THEN n.nspname::text END, \
    CASE WHEN c.relkind <> 'c' THEN c.relname::text END \
FROM base_types b JOIN pg_catalog.pg_type t ON t.oid = b.oid \
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
UNION ALL \
SELECT 'type with columns', number::text, NULL, NULL FROM named_types WHERE has_columns \
UNION ALL \
SELECT 'type schema', m.number::text, n.nspname::text, NULL \
FROM made m JOIN pg_catalog.pg_type t ON t.oid = m.oid AND NOT (t.typcategory = 'A' AND t.typelem <> 0) \
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace AND n.nspname <> 'pg_catalog' \
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
WHERE coalesce(c.relkind = 'c', true) AND NOT EXISTS (\
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
        AND d.objid = t.oid AND d.deptype = 'e')",
};

const FUNCTIONS: Part = Part {
    with: "\
, found_functions AS (\
    SELECT a.number, f.oid, n.nspname::text AS schema, n.nspname = 'pg_catalog' OR EXISTS (\
        SELECT FROM unnest(f.proargtypes::oid[] || f.prorettype || coalesce(f.proallargtypes, '{}')) AS value(type) \
        JOIN pg_catalog.pg_type t ON t.oid = value.type \
        WHERE t.typname ~ '^_?reg' AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace) AS is_catalogue \
    FROM asked_functions a JOIN pg_catalog.pg_proc f ON f.proname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END)",
    select: "\
SELECT 'function', number::text, bool_or(is_catalogue)::text, NULL FROM found_functions GROUP BY number \
UNION ALL \
SELECT 'function schema', number::text, schema, NULL FROM found_functions f \
WHERE schema <> 'pg_catalog' AND NOT EXISTS (\
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
        AND d.objid = f.oid AND d.deptype = 'e')",
};

const COLLATIONS: Part = Part {
    with: "\
, found_collations AS (\
    SELECT DISTINCT ON (a.number) a.number, c.oid, n.nspname::text AS schema \
    FROM asked_collations a JOIN pg_catalog.pg_collation c ON c.collname = a.name \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace \
    LEFT JOIN path p ON p.oid = n.oid \
    WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END \
    ORDER BY a.number, p.place)",
    select: "\
SELECT 'collation', number::text, CASE WHEN schema <> 'pg_catalog' AND NOT EXISTS (\
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass \
        AND d.objid = f.oid AND d.deptype = 'e') THEN schema END, NULL \
FROM found_collations f",
};

const OPERATORS: Part = Part {
    with: "",
    select: "\
SELECT CASE WHEN EXISTS (\
        SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass \
            AND d.objid = o.oid AND d.deptype = 'e') THEN 'operator of an extension' \
    WHEN f.proargtypes::oid[] || f.prorettype && ARRAY(\
        SELECT t.oid FROM pg_catalog.pg_type t \
        WHERE t.typname ~ '^_?reg' AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace) THEN 'operator on names' \
    WHEN EXISTS (\
        SELECT FROM pg_catalog.pg_type t WHERE t.oid IN (o.oprleft, o.oprright) \
            AND t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace) THEN 'operator on own types' \
    ELSE 'operator' END, a.number::text, n.nspname::text, fn.nspname::text \
FROM asked_operators a JOIN pg_catalog.pg_operator o ON o.oprname = a.name \
    AND o.oprnamespace <> 'pg_catalog'::pg_catalog.regnamespace \
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
JOIN pg_catalog.pg_proc f ON f.oid = o.oprcode \
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace \
LEFT JOIN path p ON p.oid = n.oid \
WHERE CASE WHEN a.schema IS NULL THEN p.place IS NOT NULL ELSE a.schema = n.nspname END",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_understood_in_any_order_of_its_rows() {
        let name = |table: &str| TableName {
            catalog: None,
            schema: None,
            table: table.to_owned(),
        };
        let names = NamesInUse {
            tables: [name("sales")].into(),
            types: [name("mood")].into(),
            functions: [name("twice")].into(),
            ..NamesInUse::default()
        };
        let mut rows: Vec<Row> = [
            ["table", "0", "public", "sales"],
            ["kind", "0", "plain", ""],
            ["column", "0", "amount", "2! int4"],
            ["column", "0", "mood", "1"],
            ["type", "0", "", ""],
            ["type with columns", "0", "", ""],
            ["type schema", "0", "closed", ""],
            ["function", "0", "false", ""],
            ["function schema", "0", "closed", ""],
        ]
        .into_iter()
        .map(|row| {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            row.into_iter().map(text).collect()
        })
        .collect();
        for _ in 0..2 {
            let question = Question::new(&[], &names);
            let found = question.catalogue(rows.clone(), Arc::default());
            let closed = BTreeSet::from(["closed".to_owned()]);
            assert_eq!(closed, found.types[&name("mood")].schemas);
            assert_eq!(closed, found.functions[&name("twice")].schemas);
            assert_eq!(names.types, found.types_with_columns);
            let table = &found.tables[&name("sales")];
            assert_eq!(RelationKind::Plain, table.kind);
            let amount = ColumnFacts {
                is_unique: true,
                number: 2,
                data_type: Some("int4".to_owned()),
            };
            let mood = ColumnFacts {
                is_unique: false,
                number: 1,
                data_type: None,
            };
            let columns = [("amount".to_owned(), amount), ("mood".to_owned(), mood)];
            assert_eq!(BTreeMap::from(columns), table.columns);
            rows.reverse();
        }
    }
}
