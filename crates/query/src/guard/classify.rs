//! What a statement does, and everything in it that must be looked at. What is not known to be
//! harmless is refused.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ObjectName, Query, Select, SelectFlavor, SetExpr, Statement, TableFactor, Value,
    ValueWithSpan, Visit, Visitor,
};

use super::functions::{is_denied_function, is_denied_table};
use super::scope::Scopes;
use crate::Dialect;
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
    Definition(&'static str),
    /// Is never run.
    Forbidden(&'static str),
}

/// What the walk over a statement found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Tables that are read or changed; not common table expressions.
    pub(super) tables: BTreeSet<TableName>,
    pub(super) functions: BTreeSet<String>,
    pub(super) denied_functions: BTreeSet<String>,
    pub(super) denied_tables: BTreeSet<String>,
    /// The first part that is never allowed.
    pub(super) forbidden: Option<&'static str>,
    /// The first part that changes rows, inside of a query.
    pub(super) writes: Option<&'static str>,
}

/// The kind of the statement, and what is in it.
pub(super) fn classify(dialect: Dialect, statement: &Statement) -> (StatementKind, Findings) {
    let mut walk = Walk {
        dialect,
        scopes: Scopes::new(dialect),
        findings: Findings::default(),
        is_function: false,
        statement_depth: 0,
    };
    if let Statement::Drop { names, .. } = statement {
        // The library does not take them for relations.
        for name in names {
            let _ = walk.pre_visit_relation(name);
        }
    }
    let _ = statement.visit(&mut walk);
    let findings = walk.findings;
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
        Statement::Truncate(_) => Definition("TRUNCATE"),
        Statement::CreateTable(_) => Definition("CREATE TABLE"),
        Statement::CreateView(_) => Definition("CREATE VIEW"),
        Statement::CreateIndex(_) => Definition("CREATE INDEX"),
        Statement::AlterTable(_) => Definition("ALTER TABLE"),
        Statement::Drop { object_type, .. } => match object_type {
            sqlparser::ast::ObjectType::Table => Definition("DROP TABLE"),
            sqlparser::ast::ObjectType::View => Definition("DROP VIEW"),
            _ => Forbidden("DROP of anything but a table or view"),
        },
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
    findings: Findings,
    /// The next relation is the name of a table function.
    is_function: bool,
    statement_depth: usize,
}

impl Walk {
    fn forbid(&mut self, part: &'static str) {
        self.findings.forbidden.get_or_insert(part);
    }

    fn function(&mut self, name: &ObjectName) {
        let last = name.0.last().and_then(|part| part.as_ident());
        let Some(ident) = last else {
            return self.forbid("a function with a computed name");
        };
        let name = fold_ident(self.dialect, ident).to_ascii_lowercase();
        if is_denied_function(self.dialect, &name) {
            self.findings.denied_functions.insert(name.clone());
        }
        self.findings.functions.insert(name);
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
}

impl Visitor for Walk {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.statement_depth += 1;
        if self.statement_depth > 1
            && let StatementKind::Forbidden(part) = kind_of(statement)
        {
            self.forbid(part);
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
                index_hints,
                ..
            } => {
                if args.is_some() {
                    self.function(name);
                    self.is_function = true;
                }
                if version.is_some()
                    || json_path.is_some()
                    || !with_hints.is_empty()
                    || !partitions.is_empty()
                    || !index_hints.is_empty()
                {
                    self.forbid("a table with clauses of another database");
                }
            }
            TableFactor::Function { name, .. } => {
                self.function(name);
                // Whether the walk takes the name for a relation or not, it is none.
            }
            TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. } => {}
            _ => self.forbid("this kind of table expression"),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if std::mem::take(&mut self.is_function) {
            return ControlFlow::Continue(());
        }
        let Some(table) = TableName::parse(self.dialect, name) else {
            self.forbid("a table with a computed name or more than three parts");
            return ControlFlow::Continue(());
        };
        if self.scopes.is_common_table(&table) {
            return ControlFlow::Continue(());
        }
        if is_denied_table(self.dialect, &table) {
            self.findings.denied_tables.insert(table.to_string());
        }
        self.findings.tables.insert(table);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.function(&function.name);
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
