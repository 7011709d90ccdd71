use chrono::NaiveDateTime;
use tidegate_metastore::{Entity, Found, Person};

use super::ago::{humanized, iso};

/// Who created and changed a thing, and when, as answers show it.
pub(crate) struct Changes {
    pub(crate) created_by: Option<String>,
    pub(crate) created_on: Option<String>,
    pub(crate) created_on_humanized: Option<String>,
    pub(crate) changed_by: Option<String>,
    /// Full name; empty where nobody is known.
    pub(crate) changed_by_name: String,
    pub(crate) changed_on: Option<String>,
    pub(crate) changed_on_humanized: Option<String>,
}

impl Changes {
    pub(crate) fn of<E: Entity>(found: &Found<E>, now: NaiveDateTime) -> Self {
        let (created_on, changed_on) = (found.row.created_on(), found.row.changed_on());
        let username = |person: &Person| person.username.clone();
        let ago = |then| humanized(now, then);
        Self {
            created_by: found.creator().map(username),
            created_on: created_on.map(iso),
            created_on_humanized: created_on.map(ago),
            changed_by: found.changer().map(username),
            changed_by_name: found.changer().map(Person::full_name).unwrap_or_default(),
            changed_on: changed_on.map(iso),
            changed_on_humanized: changed_on.map(ago),
        }
    }
}
