#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod access;
mod account;
mod chart;
mod dashboard;
mod database;
mod dataset;
mod instance;
mod listing;
mod log;
mod metastore;
mod person;
pub mod schema;
pub mod secret;
mod tag;
mod user;

pub use access::{Access, DatasourcePerms, Fingerprint, Role, RowRules, RowRulesOf};
pub use account::{NewUser, StoredAccount};
pub use chart::{CHART_COLUMNS, CHART_SEARCHED, Charts};
pub use dashboard::{ChartOnDashboard, DASHBOARD_COLUMNS, DASHBOARD_SEARCHED, Dashboards};
pub use database::{
    DATABASE_COLUMNS, DATABASE_SEARCHED, DatabaseConnection, Databases, StoredPasswords,
    dialect_of, scheme_of,
};
pub use dataset::{
    DATASET_COLUMNS, DATASET_SEARCHED, DatasetColumn, DatasetMetric, DatasetOfTable, Datasets,
};
pub use instance::{Instance, InstanceCounts};
pub use listing::{
    Cell, Column, ColumnKind, Direction, Filter, Found, ListQuery, Page, Record, Related, Scalar,
};
pub use log::{LogRow, Logs};
pub use metastore::{Metastore, MetastoreSettings};
pub use person::Person;
pub use tag::{Tag, TagKind};
pub use tidegate_database::{DatabaseError as MetastoreError, PoolSettings};
pub use user::{FoundUser, User, UserQuery, Users};
