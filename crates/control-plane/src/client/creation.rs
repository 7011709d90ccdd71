//! Makes clients.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::{DatabaseError, Parsed, Transaction, row};
use tidegate_oauth_types::SecretHash;
use tidegate_types::{AccountId, ClientId};

use super::{Client, ClientKind, CreateClient, RegisterMachine, RegisteredMachine, checks};
use crate::account::{AccountKind, NewService};
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError, UnixSecs};

/// Clients of one owner.
const MOST_OWNED: u64 = 10;

pub(super) async fn create(
    asked: CreateClient,
    manager: &LocalManager,
) -> Result<Client, ManagerError> {
    let new = NewClient::check(asked)?;
    let mut transaction = manager.pool.begin("make a client").await?;
    let client = new.insert(&mut transaction, manager.now()).await?;
    transaction.commit().await?;
    Ok(client)
}

pub(super) async fn register_machine(
    asked: RegisterMachine,
    manager: &LocalManager,
) -> Result<RegisteredMachine, ManagerError> {
    let now = manager.now();
    let mut client = asked.client;
    if client.kind != ClientKind::Machine {
        return Err(ManagerError::Invalid(
            "client.kind is not machine: only a machine is registered with its account".to_owned(),
        ));
    }
    let service = match asked.service {
        None => None,
        Some(service) if Some(&service.workspace) == client.workspace.as_ref() => {
            let service = NewService::check(service, now)?;
            client.acts_as = Some(service.id().clone());
            Some(service)
        }
        Some(_) => {
            return Err(ManagerError::Invalid(
                "service.workspace is not the client's: a service account works where its client does"
                    .to_owned(),
            ));
        }
    };
    let new = NewClient::check(CreateClient {
        client,
        secret: asked.secret,
        registration_token: None,
    })?;
    let mut transaction = manager.pool.begin("register a machine").await?;
    // In the order in which everybody holds them: workspace, account, client.
    let service = match service {
        Some(service) => Some(service.insert(&mut transaction, now).await?),
        None => None,
    };
    let client = new.insert(&mut transaction, now).await?;
    transaction.commit().await?;
    Ok(RegisteredMachine { client, service })
}

/// A client to be, whose parts were checked.
struct NewClient {
    asked: CreateClient,
    metadata: String,
}

impl NewClient {
    fn check(asked: CreateClient) -> Result<Self, ManagerError> {
        checks::check(&asked)?;
        let metadata = checks::metadata_json(asked.client.kind, &asked.client.metadata)?;
        Ok(Self { asked, metadata })
    }

    async fn insert(
        self,
        transaction: &mut Transaction,
        now: UnixSecs,
    ) -> Result<Client, ManagerError> {
        let Self { asked, metadata } = self;
        if let Some(owner) = &asked.client.owner {
            count_owned(transaction, owner).await?;
        }
        if let Some(acts_as) = &asked.client.acts_as {
            check_acts_as(transaction, acts_as, asked.client.owner.as_ref()).await?;
        }
        let client = Client {
            created_at: now,
            last_used_at: None,
            has_secret: asked.secret.is_some(),
            ..asked.client
        };
        insert(transaction, &client, metadata, asked.registration_token).await?;
        if let Some(secret) = &asked.secret {
            insert_secret(transaction, &client.id, secret, now).await?;
        }
        Ok(client)
    }
}

/// Holds the owner's account, so that the count stays true until the client is there.
async fn count_owned(transaction: &mut Transaction, owner: &AccountId) -> Result<(), ManagerError> {
    let account = Query::select()
        .column("id")
        .from("accounts")
        .and_where(Expr::col("id").eq(owner.as_str()))
        .and_where(Expr::col("is_active").eq(true))
        .lock_exclusive()
        .to_owned();
    if transaction.fetch_one(&account).await?.is_none() {
        return Err(ManagerError::NotFound { what: "owner" });
    }
    let owned = count_of("id")
        .from("clients")
        .and_where(Expr::col("owner").eq(owner.as_str()))
        .to_owned();
    if count_in(transaction, &owned).await? >= MOST_OWNED {
        return Err(ManagerError::LimitReached(format!(
            "at most {MOST_OWNED} clients a person: remove one first"
        )));
    }
    Ok(())
}

row! {
    struct AccountKindRow {
        kind: Parsed<AccountKind> = accounts.kind,
    }
}

/// A machine acts as a service account or as its owner, never as another person.
async fn check_acts_as(
    transaction: &mut Transaction,
    acts_as: &AccountId,
    owner: Option<&AccountId>,
) -> Result<(), ManagerError> {
    let account = AccountKindRow::select(&mut Query::select())
        .from("accounts")
        .and_where(Expr::col("id").eq(acts_as.as_str()))
        .and_where(Expr::col("is_active").eq(true))
        .to_owned();
    let found: Option<AccountKindRow> = transaction.read_one(&account).await?;
    let found = found.ok_or(ManagerError::NotFound {
        what: "the account that the client acts as",
    })?;
    if found.kind.0 == AccountKind::Service || Some(acts_as) == owner {
        return Ok(());
    }
    Err(ManagerError::Invalid(
        "acts_as is another person's account: a machine acts as a service account or as its owner"
            .into(),
    ))
}

async fn insert(
    transaction: &mut Transaction,
    client: &Client,
    metadata: String,
    registration_token: Option<SecretHash>,
) -> Result<(), ManagerError> {
    let text = |id: &Option<AccountId>| id.as_ref().map(|id| id.as_str().to_owned());
    let insert = Query::insert()
        .into_table("clients")
        .columns([
            "id",
            "kind",
            "metadata",
            "name",
            "owner",
            "acts_as",
            "workspace",
            "scopes",
            "is_verified",
            "registration_token",
            "created_at",
        ])
        .values_panic([
            client.id.as_str().into(),
            client.kind.as_str().into(),
            metadata.into(),
            client.metadata.client_name.as_str().into(),
            text(&client.owner).into(),
            text(&client.acts_as).into(),
            (client.workspace.as_ref())
                .map(|slug| slug.as_str().to_owned())
                .into(),
            client.scopes.to_string().into(),
            client.is_verified.into(),
            registration_token
                .map(|hash| hash.as_bytes().to_vec())
                .into(),
            client.created_at.into(),
        ])
        .to_owned();
    match transaction.execute(&insert).await {
        Err(DatabaseError::Conflict { .. }) => Err(ManagerError::Conflict(
            "there is a client with this id already".into(),
        )),
        done => Ok(done.map(drop)?),
    }
}

pub(super) async fn insert_secret(
    transaction: &mut Transaction,
    client: &ClientId,
    secret: &SecretHash,
    now: UnixSecs,
) -> Result<String, ManagerError> {
    let id: String = ClientId::random().into();
    let insert = Query::insert()
        .into_table("client_secrets")
        .columns(["id", "client", "secret", "created_at"])
        .values_panic([
            id.as_str().into(),
            client.as_str().into(),
            secret.as_bytes().to_vec().into(),
            now.into(),
        ])
        .to_owned();
    transaction.execute(&insert).await?;
    Ok(id)
}
