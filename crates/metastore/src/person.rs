use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use crate::MetastoreError;
use tidegate_database::{Pool, Row};

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

fn with_user_columns(select: &mut SelectStatement) -> &mut SelectStatement {
    select.columns(
        [
            "id",
            "username",
            "first_name",
            "last_name",
            "email",
            "active",
        ]
        .map(|column| ("ab_user", column)),
    )
}

/// Reads the seven columns from `first` on, the last being the name of a role.
fn read(row: &Row, first: usize) -> Result<Person, MetastoreError> {
    Ok(Person {
        id: row.id(first)?,
        username: row.text_or_empty(first + 1)?,
        first_name: row.text_or_empty(first + 2)?,
        last_name: row.text_or_empty(first + 3)?,
        email: row.text_or_empty(first + 4)?,
        active: row.flag(first + 5)?.unwrap_or(false),
        roles: row.text(first + 6)?.into_iter().collect(),
    })
}

/// Adds a person, or one more role of the person that was added last.
fn add(people: &mut Vec<Person>, person: Person) {
    match people.iter_mut().find(|known| known.id == person.id) {
        Some(known) => known.roles.extend(person.roles),
        None => people.push(person),
    }
}

/// Owners by the id of what they own, in the order in which they were added. One statement.
pub(crate) async fn owners(
    pool: &Pool,
    table: &'static str,
    column: &'static str,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<Person>>, MetastoreError> {
    let mut statement = Query::select();
    statement.column((table, column));
    with_user_columns(&mut statement)
        .column(("ab_role", "name"))
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
        .and_where(Expr::col((table, column)).is_in(ids.iter().copied()))
        .order_by((table, "id"), Order::Asc)
        .order_by(("ab_user_role", "id"), Order::Asc);
    let mut owners: BTreeMap<i64, Vec<Person>> = BTreeMap::new();
    for row in pool.fetch("read owners", &statement).await? {
        add(owners.entry(row.id(0)?).or_default(), read(&row, 1)?);
    }
    Ok(owners)
}

/// Users by id, inactive ones too, without their roles. One statement.
pub(crate) async fn people(
    pool: &Pool,
    ids: &[i64],
) -> Result<BTreeMap<i64, Person>, MetastoreError> {
    let mut statement = Query::select();
    with_user_columns(&mut statement)
        .expr(Expr::cust("NULL"))
        .from("ab_user")
        .and_where(Expr::col("id").is_in(ids.iter().copied()));
    let rows = pool.fetch("read users", &statement).await?;
    rows.iter()
        .map(|row| {
            let person = read(row, 0)?;
            Ok((person.id, person))
        })
        .collect()
}
