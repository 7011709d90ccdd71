//! One description for each table of Superset's that is listed. [`table!`] makes of it the struct that rows are read into,
//! the columns that statements name, what lists may select, filter, order by and search, and what `get_schema` says.

use std::fmt;
use std::marker::PhantomData;

use chrono::NaiveDateTime;
use sea_query::SelectStatement;
use tidegate_database::{Backend, FromRow, NamedRow};
use tidegate_types::EntityKind;
use uuid::Uuid;

use crate::listing::Column;
use crate::{MetastoreError, Values};

/// A column and the type of its values.
pub struct Field<T: 'static, V> {
    pub(crate) column: &'static Column<T>,
    pub(crate) value: PhantomData<fn() -> V>,
}

impl<T, V> Clone for Field<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Field<T, V> {}

impl<T, V> fmt::Debug for Field<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.column.name)
    }
}

impl<T, V> Field<T, V> {
    /// The column.
    pub const fn column(self) -> &'static Column<T> {
        self.column
    }
}

/// A struct for the rows of a table, made by `table!`. The columns named here are in all of them.
pub trait Table: FromRow + fmt::Debug + Clone + Send + Sync + 'static {
    /// The table.
    const TABLE: &'static str;
    /// Its columns, in the order in which Superset shows them.
    const COLUMNS: &'static [&'static Column<Self>];
    /// `id`.
    const ID: Field<Self, i64>;
    /// `uuid`.
    const UUID: Field<Self, Uuid>;
    /// `created_on`.
    const CREATED_ON: Field<Self, NaiveDateTime>;
    /// `changed_on`.
    const CHANGED_ON: Field<Self, NaiveDateTime>;
    /// `created_by_fk`.
    const CREATED_BY_FK: Field<Self, i64>;
    /// `changed_by_fk`.
    const CHANGED_BY_FK: Field<Self, i64>;

    /// `id`.
    fn id(&self) -> i64;
    /// `created_on`.
    fn created_on(&self) -> Option<NaiveDateTime>;
    /// `changed_on`.
    fn changed_on(&self) -> Option<NaiveDateTime>;
    /// `created_by_fk`.
    fn created_by(&self) -> Option<i64>;
    /// `changed_by_fk`.
    fn changed_by(&self) -> Option<i64>;
    /// `is_managed_externally`.
    fn is_managed_externally(&self) -> bool;

    /// The column of that name.
    fn column(name: &str) -> Option<&'static Column<Self>> {
        Self::COLUMNS
            .iter()
            .copied()
            .find(|column| column.name == name)
    }
}

/// How a kind of thing is stored beside its own table.
#[derive(Debug, Clone, Copy)]
pub struct Storage {
    /// What is tried, for errors.
    pub(crate) operation: &'static str,
    /// `tagged_object.object_type`.
    pub(crate) tagged_as: Option<&'static str>,
    /// `favstar.class_name`.
    pub(crate) starred_as: Option<&'static str>,
    /// The view whose `can_write` lets a role change it.
    pub(crate) view: &'static str,
    /// Joins what columns of other tables need.
    pub(crate) join: fn(&mut SelectStatement),
}

/// A kind of thing that can be listed and looked up: charts, dashboards, datasets, databases.
pub trait Entity: Table {
    /// What it is.
    const KIND: EntityKind;
    /// `charts`.
    const PLURAL: &'static str;
    /// How it is stored.
    const STORAGE: Storage;
    /// What is read with one of them beside its own row.
    type Parts: Parts;

    /// What Superset sets besides, whenever somebody saves one.
    fn saved(values: Values<Self>, _at: NaiveDateTime, _by: i64) -> Values<Self> {
        values
    }
}

/// Rows of other tables that come with one row of an entity, in the same statement.
pub trait Parts: fmt::Debug + Clone + Sized + Send + Sync {
    /// Adds them to the statement that reads the row.
    fn select(statement: &mut SelectStatement, backend: Backend);
    /// Reads them.
    ///
    /// # Errors
    /// `Corrupt`.
    fn read(row: &dyn NamedRow) -> Result<Self, MetastoreError>;
}

impl Parts for () {
    fn select(_: &mut SelectStatement, _: Backend) {}
    fn read(_: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(())
    }
}

/// Describes a table. A column is one line: its name, what it holds, `| null` where that may be null, what `get_schema` says
/// of it, and its uses as [`Column`] names them. The number of a use is the place among the columns of that use; columns of
/// the same place follow each other as they stand here.
///
/// For each column it makes a field of the struct, and a constant of the same name that statements and lists name it by.
macro_rules! table {
    (
        $(#[$about:meta])*
        pub struct $entity:ident in $table:literal {
            $( $name:ident : $kind:ident $(| $null:ident)? , $doc:literal
               $(, $($usage:ident ( $($argument:expr),* ))+ )? ; )*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $entity {
            $(
                #[doc = concat!("`", $table, ".", stringify!($name), "`. ", $doc)]
                pub $name: table!(@field $kind $($null)?),
            )*
        }

        #[expect(non_upper_case_globals, reason = "columns are called as Superset calls them")]
        impl $entity {
            $(
                #[doc = concat!("`", stringify!($name), "`. ", $doc)]
                pub const $name: $crate::table::Field<Self, table!(@value $kind)> = $crate::table::Field {
                    column: &$crate::listing::Column::new(
                        $table,
                        stringify!($name),
                        $crate::listing::ColumnKind::$kind,
                        table!(@nullable $($null)?),
                        $doc,
                    )$( $(.$usage($($argument),*))+ )?,
                    value: ::std::marker::PhantomData,
                };
            )*
        }

        impl tidegate_database::FromRow for $entity {
            fn from_row(row: &dyn tidegate_database::NamedRow) -> Result<Self, $crate::MetastoreError> {
                Ok(Self {
                    $( $name: row.get(stringify!($name), concat!($table, ".", stringify!($name)))?, )*
                })
            }
        }

        impl $crate::table::Table for $entity {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static $crate::listing::Column<Self>] =
                &[$(Self::$name.column),*];
            const ID: $crate::table::Field<Self, i64> = Self::id;
            const UUID: $crate::table::Field<Self, uuid::Uuid> = Self::uuid;
            const CREATED_ON: $crate::table::Field<Self, chrono::NaiveDateTime> = Self::created_on;
            const CHANGED_ON: $crate::table::Field<Self, chrono::NaiveDateTime> = Self::changed_on;
            const CREATED_BY_FK: $crate::table::Field<Self, i64> = Self::created_by_fk;
            const CHANGED_BY_FK: $crate::table::Field<Self, i64> = Self::changed_by_fk;

            fn id(&self) -> i64 {
                self.id
            }
            fn created_on(&self) -> Option<chrono::NaiveDateTime> {
                self.created_on
            }
            fn changed_on(&self) -> Option<chrono::NaiveDateTime> {
                self.changed_on
            }
            fn created_by(&self) -> Option<i64> {
                self.created_by_fk
            }
            fn changed_by(&self) -> Option<i64> {
                self.changed_by_fk
            }
            fn is_managed_externally(&self) -> bool {
                self.is_managed_externally
            }
        }
    };
    (@value Integer) => { i64 };
    (@value Text) => { String };
    (@value LongText) => { String };
    (@value Json) => { String };
    (@value Flag) => { bool };
    (@value Time) => { chrono::NaiveDateTime };
    (@value Uuid) => { uuid::Uuid };
    (@field $kind:ident) => { table!(@value $kind) };
    (@field $kind:ident null) => { Option<table!(@value $kind)> };
    (@nullable) => { false };
    (@nullable null) => { true };
}

pub(crate) use table;
