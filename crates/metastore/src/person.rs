use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use crate::MetastoreError;
use crate::keyed::{keyed_by, read_keyed};
use crate::schema::OwnedBy;
use tidegate_database::{Backend, FromNestedRow, FromRow, NamedRow, Pool, row, rows_as_json};

/// A user as answers show them: an owner, or who changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `ab_user.id`.
    pub id: i64,
    /// `ab_user.username`.
    pub username: String,
    /// `ab_user.first_name`.
    pub first_name: String,
    /// `ab_user.last_name`.
    pub last_name: String,
    /// `ab_user.email`.
    pub email: String,
    /// Whether the account may sign in.
    pub active: bool,
    /// Names of the roles that they have directly.
    pub roles: Vec<String>,
}

impl Person {
    /// First and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}

row! {
    /// A user without their roles.
    pub(crate) struct PersonRow {
        id: i64 = ab_user.id,
        username: String = ab_user.username,
        first_name: String = ab_user.first_name,
        last_name: String = ab_user.last_name,
        email: String = ab_user.email,
        active: Option<bool> = ab_user.active,
    }
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id,
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            active: row.active.unwrap_or(false),
            roles: Vec::new(),
        }
    }
}

/// An owner and one of their roles: an owner of several roles comes in several rows.
pub(crate) struct OwnerRow {
    person: PersonRow,
    role: Option<String>,
}

/// What the role's name is called in the answer.
const ROLE: &str = "role";

impl FromRow for OwnerRow {
    fn from_row(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(Self {
            person: PersonRow::from_row(row)?,
            role: row.get(ROLE, "ab_role.name")?,
        })
    }
}

impl FromNestedRow for OwnerRow {
    const NAMES: &'static [&'static str] = &{
        let [id, username, first_name, last_name, email, active] = *PersonRow::NAMES else {
            panic!("a person is read from six columns");
        };
        [id, username, first_name, last_name, email, active, ROLE]
    };
}

/// People with all their roles, in the order of the rows.
pub(crate) fn people_of(rows: Vec<OwnerRow>) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for OwnerRow { person, role } in rows {
        match people.iter_mut().find(|known| known.id == person.id) {
            Some(known) => known.roles.extend(role),
            None => people.push(Person {
                roles: role.into_iter().collect(),
                ..person.into()
            }),
        }
    }
    people
}

/// Owners as `table` lists them, in the order in which they were added.
fn owners(table: &'static str) -> SelectStatement {
    PersonRow::select(&mut Query::select())
        .expr_as(Expr::col(("ab_role", "name")), ROLE)
        .from(table)
        .inner_join(
            "ab_user",
            Expr::col(("ab_user", "id")).equals((table, "user_id")),
        )
        .left_join(
            "ab_user_role",
            Expr::col(("ab_user_role", "user_id")).equals(("ab_user", "id")),
        )
        .left_join(
            "ab_role",
            Expr::col(("ab_role", "id")).equals(("ab_user_role", "role_id")),
        )
        .order_by((table, "id"), Order::Asc)
        .order_by(("ab_user_role", "id"), Order::Asc)
        .to_owned()
}

/// Owners by the id of what they own, in the order in which they were added. One statement.
pub(crate) async fn owners_of(
    pool: &Pool,
    (table, column): OwnedBy,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<Person>>, MetastoreError> {
    let statement = keyed_by(owners(table), (table, column), ids);
    let rows = read_keyed(pool, "read owners", statement, ids).await?;
    Ok(rows
        .into_iter()
        .map(|(id, rows)| (id, people_of(rows)))
        .collect())
}

/// The owners of the row whose id is `id` in the statement around, as one value.
pub(crate) fn owners_within(
    backend: Backend,
    (table, column): OwnedBy,
    id: (&'static str, &'static str),
) -> Expr {
    let owners = owners(table)
        .and_where(Expr::col((table, column)).equals(id))
        .to_owned();
    rows_as_json::<OwnerRow>(backend, owners)
}

/// Users by id, inactive ones too, without their roles. One statement.
pub(crate) async fn people(
    pool: &Pool,
    ids: &[i64],
) -> Result<BTreeMap<i64, Person>, MetastoreError> {
    let statement = PersonRow::select(&mut Query::select())
        .from("ab_user")
        .and_where(Expr::col("id").is_in(ids.iter().copied()))
        .to_owned();
    let rows: Vec<PersonRow> = pool.read("read users", &statement).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// The users whose ids stand in these columns of the statement around, as one value.
pub(crate) fn people_within(backend: Backend, ids: [(&'static str, &'static str); 2]) -> Expr {
    let people = PersonRow::select(&mut Query::select())
        .from("ab_user")
        .and_where(Expr::col(("ab_user", "id")).is_in(ids.map(Expr::col)))
        .to_owned();
    rows_as_json::<PersonRow>(backend, people)
}
