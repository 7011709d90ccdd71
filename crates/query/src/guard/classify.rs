//! What a statement does, and everything in it that must be looked at. What is not known to be
//! harmless is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    DataType, Expr, Function, FunctionArgumentClause, FunctionArguments, Ident, ObjectName, Query,
    Select, SelectFlavor, SetExpr, Statement, TableAlias, TableFactor, Value, ValueWithSpan, Visit,
    Visitor, XmlTableColumnOption,
};

use super::definition::{self, DefinitionKind, NameRole};
use super::expressions::{self, Attribute};
use super::function_rows::FunctionRows;
use super::functions::{FunctionClass, class_of, is_denied_table, is_niladic, may_call_table};
use super::place::Placement;
use super::scope::Scopes;
use super::types::{self, TypeUse};
use super::{GuardError, Policy, change};
use crate::Dialect;
use crate::catalogue::{Catalogue, FunctionFacts, TypeFacts};
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

/// What the walk over a statement found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Tables that are read, changed or made; not common table expressions.
    pub(super) tables: BTreeSet<TableName>,
    /// Those of them that must be there.
    pub(super) existing: BTreeSet<TableName>,
    /// Those that the statement makes, with the table that gets this name where it is one.
    pub(super) created: BTreeMap<TableName, Option<TableName>>,
    pub(super) denied_functions: BTreeSet<String>,
    pub(super) denied_tables: BTreeSet<String>,
    /// What tells of tables, whoever may see them: functions and types.
    pub(super) catalogue: BTreeSet<String>,
    /// Functions that are not the server's own.
    pub(super) other_functions: BTreeSet<TableName>,
    /// Fields of values, or functions in their place: `(x).f` is `f(x)`.
    pub(super) attributes: BTreeSet<TableName>,
    /// Types that are not the server's own; each table has one.
    pub(super) other_types: BTreeSet<TableName>,
    /// Whether things change that the statement does not name.
    pub(super) cascades: bool,
    /// The first part that is never allowed.
    pub(super) forbidden: Option<&'static str>,
    /// The first part that changes rows, inside of a query.
    pub(super) writes: Option<&'static str>,
}

impl Findings {
    /// Refuses what `policy` does not allow of what was found.
    pub(super) fn check(&self, policy: Policy) -> Result<(), GuardError> {
        let names = |names: &BTreeSet<String>| names.iter().cloned().collect();
        if !self.denied_functions.is_empty() {
            return Err(GuardError::Functions(names(&self.denied_functions)));
        }
        if !self.denied_tables.is_empty() {
            return Err(GuardError::Tables(names(&self.denied_tables)));
        }
        if !self.catalogue.is_empty() && !policy.sees_all_tables {
            return Err(GuardError::Catalogue(names(&self.catalogue)));
        }
        if self.cascades && !(policy.sees_all_tables && policy.sees_all_rows) {
            return Err(GuardError::Forbidden(
                "CASCADE, which changes what the statement does not name,",
            ));
        }
        Ok(())
    }

    /// Puts the schemas in that the catalogue knows.
    pub(super) fn place(&mut self, catalogue: &Catalogue) -> Placement {
        let mut placement = Placement {
            tables: BTreeMap::new(),
            creation_schema: catalogue.creation_schema.clone(),
        };
        for table in self.existing.iter().filter(|table| table.schema.is_none()) {
            if let Some(facts) = catalogue.tables.get(table) {
                placement.tables.insert(table.clone(), facts.name.clone());
            }
        }
        self.existing = self
            .existing
            .iter()
            .map(|table| placement.full(table))
            .collect();
        let created = std::mem::take(&mut self.created).into_iter();
        self.created = created
            .map(|(table, altered)| match altered {
                Some(altered) => {
                    let altered = placement.full(&altered);
                    (
                        TableName {
                            table: table.table,
                            ..altered.clone()
                        },
                        Some(altered),
                    )
                }
                None => (placement.created(&table), None),
            })
            .collect();
        self.tables = self
            .existing
            .iter()
            .chain(self.created.keys())
            .cloned()
            .collect();
        placement
    }

    /// Refuses functions and types that may tell of tables, and gives those types that are the rows of a table,
    /// with the table.
    pub(super) fn check_names(
        &self,
        policy: Policy,
        catalogue: &Catalogue,
    ) -> Result<BTreeMap<TableName, TableName>, GuardError> {
        let mut rows = BTreeMap::new();
        if policy.sees_all_tables && policy.sees_all_rows {
            return Ok(rows);
        }
        let is_refused = |name: &&TableName| match catalogue.functions.get(*name) {
            Some(facts) => *facts == FunctionFacts::Catalogue,
            // A field; a function by this name would be known.
            None => !self.attributes.contains(*name),
        };
        let functions = self.other_functions.iter().chain(&self.attributes);
        let refused: Vec<_> = functions
            .filter(is_refused)
            .map(ToString::to_string)
            .collect();
        if !refused.is_empty() {
            return Err(GuardError::UnknownNames("functions", refused));
        }
        if policy.sees_all_tables {
            return Ok(rows);
        }
        let mut refused = Vec::new();
        for name in &self.other_types {
            match catalogue.types.get(name) {
                Some(TypeFacts::Plain) => {}
                Some(TypeFacts::RowOf(table)) => {
                    rows.insert(name.clone(), table.clone());
                }
                Some(TypeFacts::CatalogueName) | None => refused.push(name.to_string()),
            }
        }
        if refused.is_empty() {
            Ok(rows)
        } else {
            Err(GuardError::UnknownNames("types", refused))
        }
    }
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
        made: Vec::new(),
    };
    walk.definition(statement);
    let _ = statement.visit(&mut walk);
    walk.types_of_values();
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
        Statement::ShowVariable { .. } | Statement::ShowVariables { .. } => Forbidden("SHOW"),
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
        if name.is_temporary(self.dialect) {
            return self.forbid(TEMPORARY);
        }
        let last = name.table.to_ascii_lowercase();
        match class_of(self.dialect, &last) {
            FunctionClass::Known => {}
            FunctionClass::Denied => {
                self.findings.denied_functions.insert(last);
            }
            FunctionClass::Catalogue if last == TYPE_OF_VALUE => self.types_shown -= 1,
            FunctionClass::Catalogue => {
                self.findings.catalogue.insert(last);
            }
            FunctionClass::Other => {
                self.findings.other_functions.insert(name);
            }
        }
    }

    /// `x.f` reads a column, or calls a function with one argument: with the value of a function's row, or with the row
    /// of a table, of which `pg_typeof` alone tells more than the row.
    fn qualified(&mut self, parts: &[Ident]) {
        let [.., qualifier, name] = parts else {
            return;
        };
        if self.function_rows.may_call(qualifier, name) {
            self.attribute(name);
        } else if self.dialect == Dialect::PostgreSql
            && fold_ident(self.dialect, name) == TYPE_OF_VALUE
        {
            self.findings.catalogue.insert(TYPE_OF_VALUE.to_owned());
        }
    }

    /// `(x).f` reads a field, or calls a function with one argument.
    fn attribute(&mut self, name: &Ident) {
        let name = fold_ident(self.dialect, name).to_ascii_lowercase();
        match class_of(self.dialect, &name) {
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
            TypeUse::CatalogueName(name) => {
                self.findings.catalogue.insert(name);
            }
            TypeUse::Named(name) => {
                if name.is_temporary(self.dialect) {
                    self.forbid(TEMPORARY);
                }
                self.findings.other_types.insert(name);
            }
        }
    }

    fn table(&mut self, table: TableName) {
        if table.is_temporary(self.dialect) {
            return self.forbid(TEMPORARY);
        }
        if is_denied_table(self.dialect, &table) {
            self.findings.denied_tables.insert(table.to_string());
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
        if table.is_temporary(self.dialect) {
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

const TEMPORARY: &str = "a temporary table, or anything in the schema of temporary tables";
const COMPUTED: &str = "a table with a computed name or more than three parts";
const TYPE_OF_VALUE: &str = "pg_typeof";

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
                if args.is_some() {
                    let called = expressions::last_name(self.dialect, name);
                    if called.is_none_or(|called| may_call_table(self.dialect, &called)) {
                        self.forbid(
                            "a table that is called as a function (write name MATCH '…' instead)",
                        );
                    }
                    self.function(name);
                    self.is_function = true;
                }
                if version.is_some()
                    || json_path.is_some()
                    || !with_hints.is_empty()
                    || !partitions.is_empty()
                    || self.dialect != Dialect::Sqlite && !index_directives.is_empty()
                {
                    self.forbid("a table with clauses of another database");
                }
            }
            TableFactor::Function { name, alias, .. } => {
                self.alias(alias.as_ref());
                self.function(name);
                // Whether the walk takes the name for a relation or not, it is none.
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => self.alias(alias.as_ref()),
            TableFactor::XmlTable { columns, alias, .. } if self.dialect == Dialect::PostgreSql => {
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
            Expr::CompoundIdentifier(parts) => self.qualified(parts),
            Expr::Identifier(ident) if ident.quote_style.is_none() => {
                let word = fold_ident(self.dialect, ident);
                if is_niladic(self.dialect, &word) {
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
            | Value::SingleQuotedByteStringLiteral(_) => self.dialect == Dialect::PostgreSql,
            // SQLite takes a string in double quotes that names no column for a string.
            Value::DoubleQuotedString(_) => self.dialect == Dialect::Sqlite,
            _ => false,
        };
        if !is_known {
            // Parameters would stay unbound, and dollar quoting is read differently by each database.
            self.forbid("a parameter, or a string in unusual quotes");
        }
        ControlFlow::Continue(())
    }
}
