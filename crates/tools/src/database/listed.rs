use std::sync::LazyLock;

use tidegate_metastore::{ColumnKind, Database, Metastore, MetastoreError, dialect_of};

use crate::listing::{Computed, Description, Field, Listed, OtherFilter, operators_of};

static DESCRIPTION: LazyLock<Description<Database>> = LazyLock::new(Description::new);

impl Listed for Database {
    const COMPUTED: &'static [Computed<Self>] = &[
        Computed {
            name: "backend",
            about: "Which database system it is, such as postgresql",
            place: Some(2),
            needs: &[Self::sqlalchemy_uri.column()],
            show: |row| {
                let uri = row.record.get(Self::sqlalchemy_uri);
                Field::Text(uri.map(|uri| dialect_of(uri).to_owned()))
            },
            ..Computed::TEXT
        },
        Computed::CHANGED_BY,
        Computed::CHANGED_BY_NAME,
        Computed::CHANGED_ON_HUMANIZED,
        Computed::CREATED_BY,
        Computed::CREATED_BY_NAME,
        Computed::CREATED_ON_HUMANIZED,
    ];
    const OTHER_FILTERS: &'static [OtherFilter] = &[OtherFilter {
        name: "perm",
        operators: operators_of(ColumnKind::Text),
        of: None,
    }];

    type Beside = ();

    async fn beside(_: &Metastore, _: &[i64], _: &[&'static str]) -> Result<(), MetastoreError> {
        Ok(())
    }

    fn description() -> &'static Description<Self> {
        &DESCRIPTION
    }
}
