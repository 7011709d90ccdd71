//! Changes of tables themselves: of each statement only the shapes that are known, and every name of a
//! table in them. Every field is named here, so that a new one of the parser is looked at before it
//! passes.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, CascadeOption, ColumnDef, ColumnOption,
    ColumnOptionDef, CreateIndex, CreateTable, CreateTableLikeKind, CreateTableOptions, CreateView,
    DataType, DropBehavior, ForeignKeyConstraint, HiveDistributionStyle, HiveFormat, Ident,
    IndexColumn, ObjectName, ObjectType, RenameTableNameKind, SequenceOptions, Statement,
    TableConstraint, Truncate, TruncateTableTarget,
};

/// A kind of statement that changes tables, each of which an operator allows by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DefinitionKind {
    /// `CREATE TABLE`, with columns or `AS` a query.
    CreateTable,
    /// `CREATE VIEW`, materialized or not.
    CreateView,
    /// `CREATE INDEX`.
    CreateIndex,
    /// `ALTER TABLE`: columns, constraints, names.
    AlterTable,
    /// `DROP TABLE`.
    DropTable,
    /// `DROP VIEW`.
    DropView,
    /// `TRUNCATE`.
    Truncate,
}

impl DefinitionKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::CreateTable,
        Self::CreateView,
        Self::CreateIndex,
        Self::AlterTable,
        Self::DropTable,
        Self::DropView,
        Self::Truncate,
    ];

    /// As a setting names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateTable => "create_table",
            Self::CreateView => "create_view",
            Self::CreateIndex => "create_index",
            Self::AlterTable => "alter_table",
            Self::DropTable => "drop_table",
            Self::DropView => "drop_view",
            Self::Truncate => "truncate",
        }
    }

    /// The kind that a setting names.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// As SQL names it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::CreateTable => "CREATE TABLE",
            Self::CreateView => "CREATE VIEW",
            Self::CreateIndex => "CREATE INDEX",
            Self::AlterTable => "ALTER TABLE",
            Self::DropTable => "DROP TABLE",
            Self::DropView => "DROP VIEW",
            Self::Truncate => "TRUNCATE",
        }
    }

    pub(super) fn of(statement: &Statement) -> Option<Self> {
        Some(match statement {
            Statement::CreateTable(_) => Self::CreateTable,
            Statement::CreateView(_) => Self::CreateView,
            Statement::CreateIndex(_) => Self::CreateIndex,
            Statement::AlterTable(_) => Self::AlterTable,
            Statement::Truncate(_) => Self::Truncate,
            Statement::Drop { object_type, .. } => match object_type {
                ObjectType::Table => Self::DropTable,
                ObjectType::View => Self::DropView,
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// The kinds that an operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefinitionKinds(u8);

impl DefinitionKinds {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every kind that is known.
    pub const ALL: Self = Self((1 << DefinitionKind::ALL.len()) - 1);

    /// These and one more.
    #[must_use]
    pub const fn with(self, kind: DefinitionKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether the kind is among them.
    pub const fn contains(self, kind: DefinitionKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

impl Default for DefinitionKinds {
    fn default() -> Self {
        Self::NONE
    }
}

impl FromIterator<DefinitionKind> for DefinitionKinds {
    fn from_iter<I: IntoIterator<Item = DefinitionKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

/// How a statement names a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameRole {
    /// A table that is there, and is looked up as any other.
    Existing,
    /// A table that the statement makes.
    Created,
    /// What a table is called from now on; it stays in its schema.
    Renamed,
}

/// What a definition comes to.
#[derive(Default)]
pub(super) struct Definition<'a> {
    pub(super) names: Vec<(NameRole, &'a ObjectName)>,
    pub(super) types: Vec<&'a DataType>,
    /// Objects that are not named change, too.
    pub(super) cascades: bool,
    /// It does nothing, and says nothing, where something that need not be open has the name.
    pub(super) skips_taken_names: bool,
}

type Shape<'a> = Result<Definition<'a>, &'static str>;

const FOREIGN: &str = "a definition with clauses that are not known here";
const TEMPORARY: &str = "a temporary table or view";

/// Looks through a statement of a [`DefinitionKind`].
///
/// # Errors
/// What about it is not known.
pub(super) fn look_through(statement: &Statement) -> Shape<'_> {
    match statement {
        Statement::CreateTable(create) => create_table(create),
        Statement::CreateView(create) => create_view(create),
        Statement::CreateIndex(create) => create_index(create),
        Statement::AlterTable(alter) => alter_table(alter),
        Statement::Truncate(truncate) => of_truncate(truncate),
        Statement::Drop {
            object_type: ObjectType::Table | ObjectType::View,
            if_exists: _,
            names,
            cascade,
            restrict: _,
            purge: false,
            temporary,
            table: None,
        } => {
            known(!temporary, TEMPORARY)?;
            let mut found = Definition {
                cascades: *cascade,
                ..Definition::default()
            };
            found.existing(names);
            Ok(found)
        }
        _ => Err(FOREIGN),
    }
}

fn known(is_known: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if is_known { Ok(()) } else { Err(otherwise) }
}

impl<'a> Definition<'a> {
    fn existing(&mut self, names: impl IntoIterator<Item = &'a ObjectName>) {
        let names = names.into_iter();
        self.names
            .extend(names.map(|name| (NameRole::Existing, name)));
    }

    fn column(&mut self, column: &'a ColumnDef) -> Result<(), &'static str> {
        let ColumnDef {
            name,
            data_type,
            options,
        } = column;
        // The parser takes the clause for a column.
        known(
            name.quote_style.is_some() || !name.value.eq_ignore_ascii_case("like"),
            "LIKE beside columns",
        )?;
        self.types.push(data_type);
        options
            .iter()
            .try_for_each(|ColumnOptionDef { name: _, option }| self.column_option(option))
    }

    fn column_option(&mut self, option: &'a ColumnOption) -> Result<(), &'static str> {
        match option {
            ColumnOption::Null
            | ColumnOption::NotNull
            | ColumnOption::Default(_)
            | ColumnOption::PrimaryKey(_)
            | ColumnOption::Unique(_)
            | ColumnOption::Check(_)
            | ColumnOption::Collation(_)
            | ColumnOption::OnConflict(_) => Ok(()),
            ColumnOption::Generated {
                sequence_options, ..
            } => self.sequence(sequence_options.as_deref()),
            ColumnOption::ForeignKey(key) => {
                self.foreign_key(key);
                Ok(())
            }
            // SQLite's AUTOINCREMENT; ON CONFLICT of a column.
            ColumnOption::DialectSpecific(tokens) => known(
                matches!(tokens.as_slice(), [token] if token.to_string().eq_ignore_ascii_case("AUTOINCREMENT")),
                FOREIGN,
            ),
            _ => Err(FOREIGN),
        }
    }

    fn sequence(&mut self, options: Option<&'a [SequenceOptions]>) -> Result<(), &'static str> {
        options
            .unwrap_or_default()
            .iter()
            .try_for_each(|option| match option {
                SequenceOptions::DataType(data_type) => {
                    self.types.push(data_type);
                    Ok(())
                }
                SequenceOptions::OwnedBy(Some(_)) => Err(FOREIGN),
                _ => Ok(()),
            })
    }

    fn foreign_key(&mut self, key: &'a ForeignKeyConstraint) {
        self.existing([&key.foreign_table]);
    }

    fn constraint(&mut self, constraint: &'a TableConstraint) -> Result<(), &'static str> {
        match constraint {
            TableConstraint::Unique(_)
            | TableConstraint::PrimaryKey(_)
            | TableConstraint::Check(_) => Ok(()),
            TableConstraint::Exclude(exclude) => known(
                exclude
                    .elements
                    .iter()
                    .all(|element| element.column.operator_class.is_none()),
                FOREIGN,
            ),
            TableConstraint::ForeignKey(key) => {
                self.foreign_key(key);
                Ok(())
            }
            // An index may be another table's: `PRIMARY KEY USING INDEX` names one that the tree does
            // not tie to a table.
            _ => Err(FOREIGN),
        }
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "a line for each field of the parser's struct"
)]
fn create_table(create: &CreateTable) -> Shape<'_> {
    let CreateTable {
        or_replace,
        temporary,
        unlogged: _,
        external,
        dynamic,
        global,
        if_not_exists: _,
        transient,
        volatile,
        iceberg,
        snapshot,
        name,
        columns,
        constraints,
        hive_distribution,
        hive_formats,
        table_options,
        file_format,
        location,
        query: _,
        sqlite_table_options: _,
        like,
        clone,
        version,
        comment,
        on_commit,
        on_cluster,
        primary_key,
        order_by,
        partition_by: _,
        cluster_by,
        clustered_by,
        inherits,
        partition_of,
        for_values: _,
        copy_grants,
        enable_schema_evolution,
        change_tracking,
        data_retention_time_in_days,
        max_data_extension_time_in_days,
        default_ddl_collation,
        with_aggregation_policy,
        with_row_access_policy,
        with_storage_lifecycle_policy,
        with_tags,
        external_volume,
        with_connection,
        base_location,
        catalog,
        catalog_sync,
        storage_serialization_policy,
        target_lag,
        warehouse,
        refresh_mode,
        initialize,
        require_user,
        diststyle,
        distkey,
        sortkey,
        backup,
        multiset,
        fallback,
        with_data: _,
    } = create;
    known(
        !temporary && global.is_none() && on_commit.is_none(),
        TEMPORARY,
    )?;
    let is_plain = !or_replace
        && !external
        && !dynamic
        && !transient
        && !volatile
        && !iceberg
        && !snapshot
        && *hive_distribution == HiveDistributionStyle::NONE
        && !matches!(hive_formats, Some(formats) if *formats != HiveFormat::default())
        && *table_options == CreateTableOptions::None
        && file_format.is_none()
        && location.is_none()
        && clone.is_none()
        && version.is_none()
        && comment.is_none()
        && on_cluster.is_none()
        && primary_key.is_none()
        && order_by.is_none()
        && cluster_by.is_none()
        && clustered_by.is_none();
    let is_ours = !copy_grants
        && enable_schema_evolution.is_none()
        && change_tracking.is_none()
        && data_retention_time_in_days.is_none()
        && max_data_extension_time_in_days.is_none()
        && default_ddl_collation.is_none()
        && with_aggregation_policy.is_none()
        && with_row_access_policy.is_none()
        && with_storage_lifecycle_policy.is_none()
        && with_tags.is_none()
        && external_volume.is_none()
        && with_connection.is_none()
        && base_location.is_none()
        && catalog.is_none()
        && catalog_sync.is_none()
        && storage_serialization_policy.is_none()
        && target_lag.is_none()
        && warehouse.is_none()
        && refresh_mode.is_none()
        && initialize.is_none()
        && !require_user
        && diststyle.is_none()
        && distkey.is_none()
        && sortkey.is_none()
        && backup.is_none()
        && multiset.is_none()
        && fallback.is_none();
    known(is_plain && is_ours, FOREIGN)?;
    let mut found = Definition::default();
    found.names.push((NameRole::Created, name));
    found.existing(inherits.iter().flatten());
    found.existing(partition_of);
    if let Some(CreateTableLikeKind::Plain(like) | CreateTableLikeKind::Parenthesized(like)) = like
    {
        found.existing([&like.name]);
    }
    columns.iter().try_for_each(|column| found.column(column))?;
    constraints
        .iter()
        .try_for_each(|constraint| found.constraint(constraint))?;
    Ok(found)
}

fn create_view(create: &CreateView) -> Shape<'_> {
    let CreateView {
        or_alter,
        or_replace: _,
        materialized: _,
        secure,
        name,
        name_before_not_exists: _,
        columns,
        query: _,
        options,
        cluster_by,
        comment,
        with_no_schema_binding,
        if_not_exists: _,
        temporary,
        copy_grants,
        to,
        params,
    } = create;
    known(!temporary, TEMPORARY)?;
    known(
        !or_alter
            && !secure
            && !with_no_schema_binding
            && !copy_grants
            && *options == CreateTableOptions::None
            && cluster_by.is_empty()
            && comment.is_none()
            && to.is_none()
            && params.is_none()
            && columns
                .iter()
                .all(|column| column.data_type.is_none() && column.options.is_none()),
        FOREIGN,
    )?;
    Ok(Definition {
        names: vec![(NameRole::Created, name)],
        ..Definition::default()
    })
}

fn create_index(create: &CreateIndex) -> Shape<'_> {
    let CreateIndex {
        name,
        table_name,
        using: _,
        columns,
        unique: _,
        concurrently,
        r#async,
        if_not_exists,
        include: _,
        nulls_distinct: _,
        with,
        predicate: _,
        index_options,
        alter_options,
    } = create;
    known(
        !concurrently
            && !r#async
            && with.is_empty()
            && index_options.is_empty()
            && alter_options.is_empty(),
        FOREIGN,
    )?;
    // In PostgreSQL an index lies in its table's schema, in SQLite in the file's only one.
    known(name.as_ref().is_none_or(|name| name.0.len() == 1), FOREIGN)?;
    known(
        columns.iter().all(
            |IndexColumn {
                 column: _,
                 operator_class,
             }| operator_class.is_none(),
        ),
        FOREIGN,
    )?;
    let mut found = Definition {
        skips_taken_names: *if_not_exists,
        ..Definition::default()
    };
    found.existing([table_name]);
    Ok(found)
}

fn alter_table(alter: &AlterTable) -> Shape<'_> {
    let AlterTable {
        name,
        if_exists: _,
        only: _,
        operations,
        location,
        on_cluster,
        table_type,
        end_token: _,
    } = alter;
    known(
        location.is_none() && on_cluster.is_none() && table_type.is_none(),
        FOREIGN,
    )?;
    let mut found = Definition::default();
    found.existing([name]);
    operations
        .iter()
        .try_for_each(|operation| alter_operation(operation, &mut found))?;
    Ok(found)
}

fn alter_operation<'a>(
    operation: &'a AlterTableOperation,
    found: &mut Definition<'a>,
) -> Result<(), &'static str> {
    match operation {
        AlterTableOperation::AddConstraint {
            constraint,
            not_valid: _,
        } => found.constraint(constraint),
        AlterTableOperation::AddColumn {
            column_keyword: _,
            if_not_exists: _,
            column_def,
            column_position: None,
        } => found.column(column_def),
        AlterTableOperation::DropConstraint {
            if_exists: _,
            name: _,
            drop_behavior,
        }
        | AlterTableOperation::DropColumn {
            has_column_keyword: _,
            column_names: _,
            if_exists: _,
            drop_behavior,
        } => {
            found.cascades |= matches!(drop_behavior, Some(DropBehavior::Cascade));
            Ok(())
        }
        AlterTableOperation::RenameColumn { .. }
        | AlterTableOperation::RenameConstraint { .. }
        | AlterTableOperation::ValidateConstraint { .. } => Ok(()),
        AlterTableOperation::RenameTable {
            table_name: RenameTableNameKind::To(name),
        } => {
            found.names.push((NameRole::Renamed, name));
            Ok(())
        }
        AlterTableOperation::AlterColumn { column_name: _, op } => match op {
            AlterColumnOperation::SetNotNull
            | AlterColumnOperation::DropNotNull
            | AlterColumnOperation::SetDefault { .. }
            | AlterColumnOperation::DropDefault => Ok(()),
            AlterColumnOperation::AddGenerated {
                sequence_options, ..
            } => found.sequence(sequence_options.as_deref()),
            AlterColumnOperation::SetDataType {
                data_type,
                using: _,
                had_set: _,
            } => {
                found.types.push(data_type);
                Ok(())
            }
            AlterColumnOperation::GenericOptions { .. } => Err(FOREIGN),
        },
        _ => Err(FOREIGN),
    }
}

fn of_truncate(truncate: &Truncate) -> Shape<'_> {
    let Truncate {
        table_names,
        partitions,
        table: _,
        if_exists,
        identity: _,
        cascade,
        on_cluster,
    } = truncate;
    known(
        partitions.is_none() && !if_exists && on_cluster.is_none(),
        FOREIGN,
    )?;
    let mut found = Definition {
        cascades: matches!(cascade, Some(CascadeOption::Cascade)),
        ..Definition::default()
    };
    found.existing(table_names.iter().map(
        |TruncateTableTarget {
             name,
             only: _,
             has_asterisk: _,
         }| name,
    ));
    Ok(found)
}

/// The names of columns that the statement gives, where a database may take a word for a keyword that
/// the parser took for a name: `CREATE TABLE x (LIKE secret)`.
pub(super) fn column_names(statement: &Statement) -> Vec<&Ident> {
    match statement {
        Statement::CreateTable(create) => {
            let columns = create.columns.iter();
            columns.map(|column| &column.name).collect()
        }
        Statement::CreateView(create) => {
            let columns = create.columns.iter();
            columns.map(|column| &column.name).collect()
        }
        Statement::AlterTable(alter) => {
            let mut names = Vec::new();
            for operation in &alter.operations {
                match operation {
                    AlterTableOperation::AddColumn { column_def, .. } => {
                        names.push(&column_def.name);
                    }
                    AlterTableOperation::DropColumn { column_names, .. } => {
                        names.extend(column_names);
                    }
                    AlterTableOperation::RenameColumn {
                        old_column_name,
                        new_column_name,
                    } => names.extend([old_column_name, new_column_name]),
                    AlterTableOperation::AlterColumn { column_name, .. } => names.push(column_name),
                    _ => {}
                }
            }
            names
        }
        _ => Vec::new(),
    }
}
