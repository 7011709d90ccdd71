//! What a statement does, and everything in it that must be looked at. What is not known to be
//! harmless is refused.

use std::ops::ControlFlow;

use sqlparser::ast::{
    DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Ident, ObjectName, OutputClause, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias, TableFactor, Value,
    ValueWithSpan, Visit, Visitor, XmlTableColumnOption,
};

use super::change;
use super::definition::{self, DefinitionKind, NameRole};
use super::expressions::{self, Attribute};
use super::findings::{Findings, SYSTEM_SCHEMA};
use super::function_rows::FunctionRows;
use super::functions::FunctionClass;
use super::scope::Scopes;
use super::text_search;
use super::types::{self, TypeUse};
use crate::Dialect;
use crate::dialect::Feature;
use crate::name::{TableName, fold_ident};

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// Only reads; may be limited.
    Read,
    /// Shows a plan; with `ANALYZE`, of a reading statement only.
    Explain,
    /// `BEGIN`, `COMMIT`, `ROLLBACK` around reads: says nothing, since each run is a transaction.
    Transaction,
    /// Changes rows.
    Write(&'static str),
    /// Changes tables.
    Definition(DefinitionKind),
    /// Is never run.
    Forbidden(&'static str),
}

/// The kind of the statement, and what is in it.
pub(super) fn classify(dialect: Dialect, statement: &Statement) -> (StatementKind, Findings) {
    let mut walk = Walk {
        dialect,
        scopes: Scopes::new(dialect),
        function_rows: FunctionRows::of(dialect, statement),
        findings: Findings::default(),
        is_function: false,
        statement_depth: 0,
        types_shown: 0,
        calls_age: false,
        reads_transactions: false,
        strings_behind_names: 0,
        made: Vec::new(),
    };
    walk.definition(statement);
    let _ = statement.visit(&mut walk);
    walk.types_of_values();
    if walk.calls_age && walk.reads_transactions {
        walk.findings
            .catalogue
            .insert(AGE_OF_TRANSACTION.to_owned());
    }
    if walk.strings_behind_names != 0 {
        walk.forbid(STRING_BEHIND_NAME);
    }
    let mut findings = walk.findings;
    findings.tables = findings
        .existing
        .iter()
        .chain(findings.created.keys())
        .cloned()
        .collect();
    let mut kind = kind_of(statement);
    if let Some(part) = findings.forbidden {
        kind = StatementKind::Forbidden(part);
    } else if let Some(part) = findings.writes {
        kind = match kind {
            StatementKind::Read => StatementKind::Write(part),
            StatementKind::Explain => {
                StatementKind::Forbidden("EXPLAIN of a statement that writes")
            }
            other => other,
        };
    }
    if matches!(kind, StatementKind::Write(_) | StatementKind::Definition(_))
        && findings.tables.is_empty()
    {
        // The rights of a change are those of its table.
        kind = StatementKind::Forbidden("a change without a table");
    }
    (kind, findings)
}

fn kind_of(statement: &Statement) -> StatementKind {
    use StatementKind::{Definition, Explain, Forbidden, Read, Transaction, Write};
    if let Some(kind) = DefinitionKind::of(statement) {
        return Definition(kind);
    }
    match statement {
        Statement::Query(_) => Read,
        Statement::Explain { statement, .. } => match kind_of(statement) {
            Read => Explain,
            _ => Forbidden("EXPLAIN of anything but a query"),
        },
        Statement::StartTransaction {
            modes,
            statements,
            exception: None,
            modifier: None,
            ..
        } if modes.is_empty() && statements.is_empty() => Transaction,
        Statement::Commit {
            chain: false,
            modifier: None,
            ..
        }
        | Statement::Rollback {
            chain: false,
            savepoint: None,
        } => Transaction,
        Statement::Insert(_) => Write("INSERT"),
        Statement::Update(_) => Write("UPDATE"),
        Statement::Delete(_) => Write("DELETE"),
        Statement::Merge(_) => Write("MERGE"),
        Statement::Drop { .. } => Forbidden("DROP of anything but a table or view"),
        Statement::Set(_) => Forbidden("SET"),
        Statement::ShowVariable { .. }
        | Statement::ShowVariables { .. }
        | Statement::ShowTables { .. }
        | Statement::ShowColumns { .. }
        | Statement::ShowSchemas { .. }
        | Statement::ShowDatabases { .. }
        | Statement::ShowCreate { .. } => Forbidden("SHOW"),
        Statement::ExplainTable { .. } => Forbidden("DESCRIBE"),
        Statement::Copy { .. } => Forbidden("COPY"),
        Statement::Call(_) => Forbidden("CALL"),
        Statement::Pragma { .. } => Forbidden("PRAGMA"),
        Statement::AttachDatabase { .. } => Forbidden("ATTACH"),
        Statement::Load { .. } => Forbidden("LOAD"),
        Statement::Vacuum(_) => Forbidden("VACUUM"),
        Statement::Grant(_) => Forbidden("GRANT"),
        Statement::Revoke(_) => Forbidden("REVOKE"),
        Statement::Execute { .. } => Forbidden("EXECUTE"),
        Statement::Prepare { .. } => Forbidden("PREPARE"),
        Statement::Savepoint { .. } | Statement::ReleaseSavepoint { .. } => Forbidden("SAVEPOINT"),
        Statement::StartTransaction { .. }
        | Statement::Commit { .. }
        | Statement::Rollback { .. } => Forbidden("transaction control with options"),
        Statement::CreateFunction(_) => Forbidden("CREATE FUNCTION"),
        _ => Forbidden("this kind of statement"),
    }
}

struct Walk {
    dialect: Dialect,
    scopes: Scopes,
    function_rows: FunctionRows,
    findings: Findings,
    /// The next relation is the name of a table function.
    is_function: bool,
    statement_depth: usize,
    /// Calls of `pg_typeof` whose value becomes a text at once, less all its calls.
    types_shown: isize,
    /// Whether `age` is called.
    calls_age: bool,
    /// Whether there is the number of a transaction, by its type or in a system column.
    reads_transactions: bool,
    /// Strings where the parser expects a name, less those that were looked at.
    strings_behind_names: isize,
    /// Addresses of names that the statement makes; they are compared, never followed.
    made: Vec<usize>,
}

impl Walk {
    fn forbid(&mut self, part: &'static str) {
        self.findings.forbidden.get_or_insert(part);
    }

    fn function(&mut self, name: &ObjectName) {
        let Some(name) = TableName::parse(self.dialect, name) else {
            return self.forbid("a function with a computed name or more than three parts");
        };
        if self.dialect.rules().is_temporary(&name) {
            return self.forbid(TEMPORARY);
        }
        let last = name.table.to_ascii_lowercase();
        if self.dialect.rules().tells_of_hidden_rows(&last) {
            self.findings.statistics.insert(last.clone());
        }
        self.calls_age |= last == AGE;
        match self.dialect.rules().class_of(&last) {
            FunctionClass::Known if self.is_own(&name) => {}
            FunctionClass::Denied => {
                self.findings.denied_functions.insert(last);
            }
            FunctionClass::Catalogue if last == TYPE_OF_VALUE => self.types_shown -= 1,
            FunctionClass::Catalogue => {
                self.findings.catalogue.insert(last);
            }
            FunctionClass::Known | FunctionClass::Other => {
                self.findings.other_functions.insert(name);
            }
        }
    }

    /// Whether a name means what the server brings.
    fn is_own(&self, name: &TableName) -> bool {
        self.dialect.has(Feature::OneSchema)
            || name.catalog.is_none()
                && name
                    .schema
                    .as_deref()
                    .is_none_or(|schema| schema == SYSTEM_SCHEMA)
    }

    /// Schemas of tables in the arguments, and texts that PostgreSQL takes for names.
    fn arguments(&mut self, name: &ObjectName, arguments: &[FunctionArg]) {
        for argument in arguments {
            let (FunctionArg::Unnamed(value)
            | FunctionArg::Named { arg: value, .. }
            | FunctionArg::ExprNamed { arg: value, .. }) = argument;
            if let FunctionArgExpr::QualifiedWildcard(name) = value {
                self.columns_of(name);
            }
        }
        if self.dialect.has(Feature::TextSearchNames)
            && let Some(name) = expressions::last_name(self.dialect, name)
            && text_search::looks_for_names(&name, arguments)
        {
            self.findings.catalogue.insert(format!(
                "{name} by anything but a name that PostgreSQL brings, such as 'english' in quotes,"
            ));
        }
    }

    /// A column, or what looks like one.
    fn column(&mut self, parts: &[&Ident]) {
        if let Some(column) = parts.last() {
            let column = fold_ident(self.dialect, column);
            self.reads_transactions |= TRANSACTIONS.contains(&column.as_str());
        }
        self.qualified(parts);
        self.column_of(parts);
    }

    /// `schema.table.column` names a schema.
    fn column_of(&mut self, parts: &[&Ident]) {
        if self.dialect.has(Feature::OneSchema) {
            return;
        }
        if let [before @ .., schema, _, _] = parts {
            let database = before.last().map(|ident| fold_ident(self.dialect, ident));
            let schema = fold_ident(self.dialect, schema);
            self.findings.schema(database.as_deref(), schema);
        }
    }

    fn columns_of(&mut self, name: &ObjectName) {
        let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        if let Some((last, _)) = parts.split_last() {
            // As if there were a column in the place of the asterisk.
            let parts: Vec<_> = parts.iter().copied().chain([*last]).collect();
            self.column_of(&parts);
        }
    }

    fn outputs<'s>(&mut self, items: impl IntoIterator<Item = &'s SelectItem>) {
        for item in items {
            match item {
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => self.columns_of(name),
                SelectItem::ExprWithAlias { expr, alias } if self.is_string(alias) => {
                    self.strings_behind_names -= 1;
                    self.typed_string(expr);
                }
                _ => {}
            }
        }
    }

    /// `closed.mood 'good'`: the parser takes the string for an alias, PostgreSQL what is before it for a type.
    fn typed_string(&mut self, name: &Expr) {
        let parts: Option<Vec<_>> = match name {
            Expr::Identifier(ident) => Some(vec![ident]),
            Expr::CompoundIdentifier(parts) => Some(parts.iter().collect()),
            Expr::Function(function) => {
                let parts = function.name.0.iter();
                parts.map(|part| part.as_ident()).collect()
            }
            _ => None,
        };
        let name =
            parts.map(|parts| ObjectName::from(parts.into_iter().cloned().collect::<Vec<_>>()));
        match name.and_then(|name| TableName::parse(self.dialect, &name)) {
            Some(name) => self.data_type(types::of_name(name)),
            None => self.forbid(STRING_BEHIND_NAME),
        }
    }

    fn is_string(&self, ident: &Ident) -> bool {
        self.dialect.has(Feature::TypedTexts) && ident.quote_style == Some('\'')
    }

    /// `x.f` reads a column, or calls a function with one argument: with the value of a function's row, or with the row
    /// of a table, of which `pg_typeof` alone tells more than the row.
    fn qualified(&mut self, parts: &[&Ident]) {
        let [.., qualifier, name] = parts else {
            return;
        };
        if self.function_rows.may_call(qualifier, name) {
            self.attribute(name);
        } else if self.dialect.has(Feature::FieldFunctions)
            && fold_ident(self.dialect, name) == TYPE_OF_VALUE
        {
            self.findings.catalogue.insert(TYPE_OF_VALUE.to_owned());
        }
    }

    /// `(x).f` reads a field, or calls a function with one argument.
    fn attribute(&mut self, name: &Ident) {
        let name = fold_ident(self.dialect, name).to_ascii_lowercase();
        if self.dialect.rules().tells_of_hidden_rows(&name) {
            self.findings.statistics.insert(name.clone());
        }
        self.calls_age |= name == AGE;
        match self.dialect.rules().class_of(&name) {
            FunctionClass::Known if text_search::takes_parser(&name) => {
                self.findings.catalogue.insert(name);
            }
            FunctionClass::Known => {}
            FunctionClass::Denied => {
                self.findings.denied_functions.insert(name);
            }
            FunctionClass::Catalogue => {
                self.findings.catalogue.insert(name);
            }
            FunctionClass::Other => {
                self.findings.attributes.insert(TableName::bare(name));
            }
        }
    }

    /// The value of `pg_typeof` takes a text beside it for the name of a type, unless it becomes a text
    /// itself.
    fn types_of_values(&mut self) {
        if self.types_shown < 0 {
            self.findings
                .catalogue
                .insert(format!("{TYPE_OF_VALUE} (write pg_typeof(…)::text)"));
        }
    }

    fn data_type(&mut self, found: TypeUse) {
        match found {
            TypeUse::Known => {}
            TypeUse::Transaction => self.reads_transactions = true,
            TypeUse::CatalogueName(name) => {
                self.findings.catalogue.insert(name);
            }
            TypeUse::Named(name) => {
                if self.dialect.rules().is_temporary(&name) {
                    self.forbid(TEMPORARY);
                }
                self.findings.other_types.insert(name);
            }
        }
    }

    fn table(&mut self, table: TableName) {
        if self.dialect.rules().is_temporary(&table) {
            return self.forbid(TEMPORARY);
        }
        if self.dialect.rules().is_denied_table(&table) {
            self.findings.denied_tables.insert(table.to_string());
        }
        if self.dialect.rules().is_statistics_table(&table) {
            self.findings.statistics.insert(table.to_string());
        }
        self.findings.existing.insert(table);
    }

    fn named_table(&mut self, name: &ObjectName) -> Option<TableName> {
        let table = TableName::parse(self.dialect, name);
        match &table {
            Some(table) => self.table(table.clone()),
            None => self.forbid(COMPUTED),
        }
        table
    }

    /// A table that the statement makes, from `altered` where that gets a new name.
    fn made_table(&mut self, table: TableName, altered: Option<TableName>) {
        if self.dialect.rules().is_temporary(&table) {
            return self.forbid(TEMPORARY);
        }
        self.findings.created.insert(table, altered);
    }

    /// Names and types of a definition, most of which the library's walk does not show.
    fn definition(&mut self, statement: &Statement) {
        if DefinitionKind::of(statement).is_none() {
            return;
        }
        let found = match definition::look_through(statement) {
            Ok(found) => found,
            Err(part) => return self.forbid(part),
        };
        self.findings.cascades = found.cascades;
        self.findings.skips_taken_names = found.skips_taken_names;
        let mut altered = None;
        for (role, name) in found.names {
            match role {
                NameRole::Existing => {
                    let table = self.named_table(name);
                    altered = altered.or(table);
                }
                NameRole::Created => {
                    self.made.push(std::ptr::from_ref(name).addr());
                    match TableName::parse(self.dialect, name) {
                        Some(table) => self.made_table(table, None),
                        None => self.forbid(COMPUTED),
                    }
                }
                NameRole::Renamed => self.renamed(name, altered.as_ref()),
            }
        }
        for data_type in found.types {
            self.data_type(types::of_column(self.dialect, data_type));
        }
    }

    fn renamed(&mut self, name: &ObjectName, altered: Option<&TableName>) {
        match (TableName::parse(self.dialect, name), altered) {
            (
                Some(TableName {
                    catalog: None,
                    schema: None,
                    table,
                }),
                Some(altered),
            ) => {
                let table = TableName {
                    table,
                    ..altered.clone()
                };
                self.made_table(table, Some(altered.clone()));
            }
            _ => self.forbid("a new name with more than one part"),
        }
    }

    fn body(&mut self, body: &SetExpr) {
        // Set operations hang to the left; the right side is rarely deep.
        let mut pending = vec![body];
        while let Some(body) = pending.pop() {
            match body {
                SetExpr::SetOperation { left, right, .. } => pending.extend([&**left, &**right]),
                SetExpr::Table(_) => self.forbid("TABLE (write SELECT * FROM … instead)"),
                SetExpr::Insert(_) => self.writes("INSERT"),
                SetExpr::Update(_) => self.writes("UPDATE"),
                SetExpr::Delete(_) => self.writes("DELETE"),
                SetExpr::Merge(_) => self.writes("MERGE"),
                SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => {}
            }
        }
    }

    fn writes(&mut self, what: &'static str) {
        self.findings.writes.get_or_insert(what);
    }

    fn alias(&mut self, alias: Option<&TableAlias>) {
        let Some(alias) = alias else { return };
        if alias.at.is_some() {
            self.forbid("a table with clauses of another database");
        }
        for column in &alias.columns {
            if let Some(data_type) = &column.data_type {
                self.data_type(types::of(self.dialect, data_type));
            }
        }
    }

    fn call(&mut self, function: &Function) {
        if function.uses_odbc_syntax || !matches!(function.parameters, FunctionArguments::None) {
            self.forbid("a function call in the form of another database");
        }
        self.function(&function.name);
        if let FunctionArguments::List(list) = &function.args {
            self.arguments(&function.name, &list.args);
            for clause in &list.clauses {
                if let FunctionArgumentClause::JsonReturningClause(returning) = clause {
                    self.data_type(types::of(self.dialect, &returning.data_type));
                }
            }
        }
    }

    fn cast(&mut self, expr: &Expr, data_type: &DataType) {
        if expressions::is_text(data_type)
            && let Expr::Function(function) = expr
            && expressions::last_name(self.dialect, &function.name).as_deref()
                == Some(TYPE_OF_VALUE)
        {
            self.types_shown += 1;
        }
        self.data_type(types::of(self.dialect, data_type));
    }
}

const STRING_BEHIND_NAME: &str =
    "a string behind something else (write CAST(… AS …) for a type, \"…\" for an alias)";
const TEMPORARY: &str = "a temporary table, or anything in the schema of temporary tables";
const COMPUTED: &str = "a table with a computed name or more than three parts";
const TYPE_OF_VALUE: &str = "pg_typeof";
/// How long ago a moment was, or how many transactions.
const AGE: &str = "age";
const AGE_OF_TRANSACTION: &str = "age of a transaction";
const TRANSACTIONS: &[&str] = &["xmax", "xmin"];

impl Visitor for Walk {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.statement_depth += 1;
        if self.statement_depth > 1 {
            match kind_of(statement) {
                StatementKind::Forbidden(part) => self.forbid(part),
                StatementKind::Definition(kind) => self.forbid(kind.words()),
                _ => {}
            }
        }
        match statement {
            Statement::Insert(insert) => self.outputs(insert.returning.iter().flatten()),
            Statement::Update(update) => self.outputs(update.returning.iter().flatten()),
            Statement::Delete(delete) => self.outputs(delete.returning.iter().flatten()),
            Statement::Merge(merge) => {
                if let Some(
                    OutputClause::Output { select_items, .. }
                    | OutputClause::Returning { select_items, .. },
                ) = &merge.output
                {
                    self.outputs(select_items);
                }
            }
            _ => {}
        }
        match change::target(self.dialect, statement) {
            Ok(None) => {}
            // Not by way of `pre_visit_relation`: no common table expression hides it.
            Ok(Some(name)) => {
                self.named_table(name);
            }
            Err(part) => self.forbid(part),
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, _: &Statement) -> ControlFlow<()> {
        self.statement_depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.enter(query);
        if !query.locks.is_empty() {
            self.forbid("a locking query (FOR UPDATE, FOR SHARE)");
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            self.forbid("a query with clauses of another database");
        }
        self.body(&query.body);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.outputs(&select.projection);
        if select.into.is_some() {
            self.writes("SELECT INTO");
            self.forbid("SELECT INTO");
        }
        if select.top.is_some()
            || select.exclude.is_some()
            || select.prewhere.is_some()
            || select.qualify.is_some()
            || select.value_table_mode.is_some()
            || select.select_modifiers.is_some()
            || !select.optimizer_hints.is_empty()
            || !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.flavor != SelectFlavor::Standard
        {
            self.forbid("a query with clauses of another database");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table {
                name,
                args,
                with_hints,
                version,
                partitions,
                json_path,
                index_directives,
                alias,
                ..
            } => {
                self.alias(alias.as_ref());
                if let Some(args) = args {
                    let called = expressions::last_name(self.dialect, name);
                    if called.is_none_or(|called| self.dialect.rules().may_call_table(&called)) {
                        self.forbid(
                            "a table that is called as a function (only json_each and json_tree can be called; \
                             a full-text table is searched by name MATCH '…')",
                        );
                    }
                    self.function(name);
                    self.arguments(name, &args.args);
                    self.is_function = true;
                }
                if version.is_some()
                    || json_path.is_some()
                    || !with_hints.is_empty()
                    || !partitions.is_empty()
                    || !self.dialect.has(Feature::IndexHints) && !index_directives.is_empty()
                {
                    self.forbid("a table with clauses of another database");
                }
            }
            TableFactor::Function {
                name, alias, args, ..
            } => {
                self.alias(alias.as_ref());
                self.function(name);
                self.arguments(name, args);
                // Whether the walk takes the name for a relation or not, it is none.
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => self.alias(alias.as_ref()),
            TableFactor::XmlTable { columns, alias, .. } if self.dialect.has(Feature::Xml) => {
                self.function(&ObjectName::from(vec![Ident::new("xmltable")]));
                self.alias(alias.as_ref());
                for column in columns {
                    if let XmlTableColumnOption::NamedInfo { r#type, .. } = &column.option {
                        self.data_type(types::of(self.dialect, r#type));
                    }
                }
            }
            _ => self.forbid("this kind of table expression"),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if std::mem::take(&mut self.is_function) {
            return ControlFlow::Continue(());
        }
        if self.made.contains(&std::ptr::from_ref(name).addr()) {
            return ControlFlow::Continue(());
        }
        match TableName::parse(self.dialect, name) {
            Some(table) if self.scopes.is_common_table(&table) => {}
            Some(table) => self.table(table),
            None => self.forbid(COMPUTED),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if !expressions::is_known(self.dialect, expr) {
            self.forbid("this kind of expression");
        }
        match expr {
            Expr::Function(function) => self.call(function),
            Expr::Cast {
                expr, data_type, ..
            } => self.cast(expr, data_type),
            Expr::TypedString(typed) => self.data_type(types::of(self.dialect, &typed.data_type)),
            Expr::CompoundIdentifier(parts) => self.column(&parts.iter().collect::<Vec<_>>()),
            Expr::CompoundFieldAccess { .. } => self.column(&expressions::column(expr)),
            Expr::QualifiedWildcard(name, _) => self.columns_of(name),
            Expr::Extract {
                field: DateTimeField::Custom(field),
                ..
            } if self.is_string(field) => self.strings_behind_names -= 1,
            Expr::Identifier(ident) => {
                self.column(&[ident]);
                let word = fold_ident(self.dialect, ident);
                if ident.quote_style.is_none() && self.dialect.rules().is_niladic(&word) {
                    self.findings.denied_functions.insert(word);
                }
            }
            _ => {}
        }
        for attribute in expressions::attributes(expr) {
            match attribute {
                Attribute::Named(name) => self.attribute(name),
                Attribute::Unknown => self.forbid("this kind of expression"),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<()> {
        self.strings_behind_names += isize::from(self.is_string(ident));
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        let is_known = match &value.value {
            Value::Number(..)
            | Value::SingleQuotedString(_)
            | Value::HexStringLiteral(_)
            | Value::Boolean(_)
            | Value::Null => true,
            Value::EscapedStringLiteral(_)
            | Value::UnicodeStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::SingleQuotedByteStringLiteral(_) => self.dialect.has(Feature::PrefixedTexts),
            // SQLite takes a string in double quotes that names no column for a string.
            Value::DoubleQuotedString(_) => self.dialect.has(Feature::DoubleQuotedTexts),
            _ => false,
        };
        if !is_known {
            // Parameters would stay unbound, and dollar quoting is read differently by each database.
            self.forbid("a parameter, or a string in unusual quotes");
        }
        ControlFlow::Continue(())
    }
}
