use std::sync::Arc;

use tidegate_engines::{DataSource, DatabaseConfig};
use tidegate_metastore::{DatabaseConnection, MetastoreError};
use tidegate_types::UserId;

use super::{connect_args, failure};
use crate::{CallContext, ToolFailure};

/// A database that the caller may know of.
pub(super) struct OpenDatabase {
    pub(super) connection: DatabaseConnection,
    pub(super) engine: Arc<dyn DataSource>,
    /// Who asks.
    pub(super) user: UserId,
    /// Whether everything in it is open to the caller.
    pub(super) is_wholly_open: bool,
}

/// Finds the database and its engine. One SQL statement, and a look at what the caller sees where the
/// database is not open to them as a whole.
///
/// # Errors
/// `NotFound` where it is none of the caller's business as well.
pub(super) async fn open(context: &CallContext, id: i64) -> Result<OpenDatabase, ToolFailure> {
    let not_found = || {
        ToolFailure::NotFound(format!(
            "database {id} was not found; list_databases shows the ids of databases that you may see"
        ))
    };
    let databases = context.workspace.metastore.databases();
    let connection = match databases.connection(id).await {
        Err(err @ MetastoreError::Corrupt { .. }) => {
            let seen = databases.by_id(&context.access, id).await;
            seen.map_err(ToolFailure::from)?.ok_or_else(not_found)?;
            return Err(unreadable(id, err));
        }
        found => found.map_err(ToolFailure::from)?,
    };
    let mut connection = connection.ok_or_else(not_found)?;
    // The workspace may be read-only whatever its databases allow.
    connection.allow_dml &= context.workspace.sql_limits.may_write;
    let is_wholly_open = context
        .access
        .can_access_database(id, &connection.database_name);
    if !is_wholly_open {
        let seen = databases.by_id(&context.access, id).await;
        seen.map_err(ToolFailure::from)?.ok_or_else(not_found)?;
    }
    if !connection.expose_in_sqllab {
        return Err(ToolFailure::Forbidden(format!(
            "access denied: database {:?} is not exposed to SQL",
            connection.database_name
        )));
    }
    let config = DatabaseConfig {
        workspace: context.workspace.slug.clone(),
        id,
        sqlalchemy_uri: connection.uri.clone(),
        connect_args: connect_args::of(&connection)
            .map_err(|err| failure::query(err, "database", &connection))?,
        server_certificate: connection.server_certificate.clone(),
        allow_dml: connection.allow_dml,
        limits: context.workspace.sql_limits.pool,
    };
    let engine = context.workspace.engines.get(&config).await;
    let engine = engine.map_err(|err| failure::query(err, "database", &connection))?;
    Ok(OpenDatabase {
        connection,
        engine,
        user: context.principal.user,
        is_wholly_open,
    })
}

/// A password that another key encrypted, say: to try again never helps, and who asks cannot mend it.
fn unreadable(id: i64, err: MetastoreError) -> ToolFailure {
    ToolFailure::Unavailable {
        part: format!("database {id}").into(),
        reason: Some(
            "what Superset stored of its connection cannot be read here; an administrator finds the reason in the log, \
             as a rule a secret_key of the workspace that is not the SECRET_KEY of its Superset"
                .to_owned(),
        ),
        source: err.into(),
    }
}
