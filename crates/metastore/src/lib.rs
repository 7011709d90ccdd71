#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod access;
mod account;
mod chart;
mod dashboard;
mod database;
mod dataset;
mod instance;
mod keyed;
mod listing;
mod log;
mod metastore;
mod person;
mod repository;
pub mod schema;
pub mod secret;
mod table;
mod tag;
mod unit_of_work;
mod user;

pub use access::{Access, DatasourcePerms, Fingerprint, Role, RowRules, RowRulesOf};
pub use account::{NewUser, StoredAccount};
pub use chart::Chart;
pub use dashboard::{ChartOnDashboard, Dashboard, DashboardParts};
pub use database::{Database, DatabaseConnection, StoredPasswords, dialect_of, scheme_of};
pub use dataset::{Dataset, DatasetColumn, DatasetMetric, DatasetOfTable, DatasetParts};
pub use instance::{Instance, InstanceCounts};
pub use listing::{
    Column, ColumnKind, Direction, Filter, ListQuery, Page, Record, Related, Scalar, Usage,
};
pub use log::{LogRow, Logs};
pub use metastore::{Metastore, MetastoreSettings};
pub use person::Person;
pub use repository::{Found, Repository};
pub use table::{Entity, Field, Parts, Storage, Table};
pub use tag::{Tag, TagKind};
pub use tidegate_database::{Cell, DatabaseError as MetastoreError, FromCell, PoolSettings};
pub use unit_of_work::{CommitError, UnitOfWork, Values, WriteError, Writer};
pub use user::{FoundUser, User, UserQuery, Users};
