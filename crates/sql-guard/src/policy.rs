use super::DefinitionKinds;

/// What one caller may do in the database that a script goes to. The default is to read tables that are
/// checked one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Superset's `allow_dml`: rows may be changed, and tables as far as `definitions` says.
    pub allow_dml: bool,
    /// What of tables themselves may be changed, where changes are allowed at all.
    pub definitions: DefinitionKinds,
    /// Every table is open to the caller, so that what tells of tables tells nothing new.
    pub sees_all_tables: bool,
    /// No rule hides rows from the caller.
    pub sees_all_rows: bool,
}

impl Policy {
    /// Reads of a caller to whom the whole database is open.
    pub const READ_ALL: Self = Self {
        allow_dml: false,
        definitions: DefinitionKinds::NONE,
        sees_all_tables: true,
        sees_all_rows: true,
    };

    /// Everything that can be run at all.
    pub const ALL: Self = Self {
        allow_dml: true,
        definitions: DefinitionKinds::ALL,
        ..Self::READ_ALL
    };
}
