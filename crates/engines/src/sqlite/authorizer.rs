//! What SQLite itself lets a statement do, asked at preparation: a second look behind the guard's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use tidegate_sql_guard::{Dialect, TableName, is_denied_function, is_denied_table};

/// What the statements that are prepared now may do. Shared with the authorizer of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowance(Arc<AtomicU8>);

const OWN: u8 = 0;
const READ: u8 = 1;
const WRITE: u8 = 2;

impl Allowance {
    /// Statements that we wrote.
    pub(super) fn own(&self) {
        self.0.store(OWN, Ordering::Relaxed);
    }

    /// A caller's statement.
    pub(super) fn caller(&self, may_write: bool) {
        self.0
            .store(if may_write { WRITE } else { READ }, Ordering::Relaxed);
    }

    pub(super) fn authorize(&self, context: &AuthContext<'_>) -> Authorization {
        let level = self.0.load(Ordering::Relaxed);
        let is_allowed = level == OWN
            || match context.action {
                AuthAction::Select | AuthAction::Recursive => true,
                AuthAction::Read { table_name, .. } => {
                    let name = TableName::stored(Dialect::Sqlite, None, table_name);
                    !is_denied_table(Dialect::Sqlite, &name)
                }
                AuthAction::Function { function_name } => {
                    !is_denied_function(Dialect::Sqlite, &function_name.to_ascii_lowercase())
                }
                AuthAction::Insert { .. }
                | AuthAction::Update { .. }
                | AuthAction::Delete { .. }
                | AuthAction::CreateTable { .. }
                | AuthAction::CreateIndex { .. }
                | AuthAction::CreateView { .. }
                | AuthAction::DropTable { .. }
                | AuthAction::DropIndex { .. }
                | AuthAction::DropView { .. }
                | AuthAction::AlterTable { .. }
                | AuthAction::Reindex { .. } => level == WRITE,
                // ATTACH, DETACH, PRAGMA, triggers, virtual and temporary tables, savepoints.
                _ => false,
            };
        if is_allowed {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }
}
