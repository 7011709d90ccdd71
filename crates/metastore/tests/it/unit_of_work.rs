use std::sync::Arc;
use std::time::Duration;

use tidegate_metastore::{
    Access, Chart, CommitError, Dashboard, Database, Metastore, UnitOfWork, Values, WriteError,
};
use tidegate_testkit::tcp_relay::TcpRelay;
use tidegate_types::{EntityKind, EntityRef, ManualClock, SecretString};

use crate::fixture::{Fixture, access_of, settings};

/// A chart that ben owns beside the administrator, one that another system manages, one that only the administrator owns.
const BENS: i64 = 4;
const MANAGED: i64 = 5;
const ADMINS: i64 = 6;

const PREPARE: &str = "INSERT INTO slice_user (user_id, slice_id) SELECT id, 4 FROM ab_user WHERE username = 'ben'; \
                       INSERT INTO slice_user (user_id, slice_id) SELECT id, 5 FROM ab_user WHERE username = 'ben'; \
                       DELETE FROM slice_user WHERE slice_id = 6; \
                       UPDATE slices SET is_managed_externally = true WHERE id = 5";

fn at(time: &str) -> chrono::NaiveDateTime {
    time.parse().unwrap()
}

async fn unit(metastore: &Metastore, username: &str) -> UnitOfWork {
    let user = access_of(metastore, username).await.user().id;
    let clock = ManualClock::at(at("2026-12-01T10:00:00.25").and_utc());
    metastore.unit_of_work(user, Arc::new(clock))
}

async fn chart(metastore: &Metastore, access: &Access, id: i64) -> Chart {
    let found = metastore.charts().by_id(access, id).await.unwrap();
    found.unwrap().row
}

fn renamed(name: &str) -> Values<Chart> {
    Values::new().set(Chart::slice_name, name)
}

#[tokio::test]
async fn a_change_is_there_once_it_is_committed_and_says_whose_it_is() {
    let fixture = Fixture::start_with(PREPARE).await;
    for (metastore, name) in fixture.all().into_iter().zip(["one", "two", "three"]) {
        let access = access_of(metastore, "ben").await;
        let mut unit = unit(metastore, "ben").await;
        let before = unit.charts().lock(BENS).await.unwrap();
        let values = renamed(name).set_null(Chart::description);
        unit.charts().update(BENS, values).await.unwrap();
        let within = unit.charts().lock(BENS).await.unwrap();
        assert_eq!(Some(name), within.slice_name.as_deref());
        assert_ne!(Some(name), before.slice_name.as_deref());
        let others = chart(metastore, &access, BENS).await;
        assert_eq!(
            before.slice_name, others.slice_name,
            "not before it is committed"
        );
        let thing = EntityRef {
            kind: EntityKind::Chart,
            id: BENS,
        };
        assert_eq!([thing], unit.changed());
        unit.commit().await.unwrap();
        let after = chart(metastore, &access, BENS).await;
        assert_eq!(Some(name), after.slice_name.as_deref());
        assert_eq!(None, after.description);
        assert_eq!(Some(access.user().id.0), after.changed_by_fk);
        assert_eq!(Some(at("2026-12-01T10:00:00.25")), after.changed_on);
        assert_eq!(before.created_on, after.created_on);
        assert_eq!(before.params, after.params);
    }
}

#[tokio::test]
async fn a_unit_that_is_dropped_or_failed_changes_nothing() {
    let fixture = Fixture::start_with(PREPARE).await;
    for metastore in fixture.all() {
        let access = access_of(metastore, "admin").await;
        let before = chart(metastore, &access, BENS).await;
        let mut dropped = unit(metastore, "admin").await;
        dropped.charts().update(BENS, renamed("x")).await.unwrap();
        drop(dropped);

        let mut failed = unit(metastore, "admin").await;
        failed.charts().update(BENS, renamed("y")).await.unwrap();
        // Two charts of one UUID.
        let taken = Values::new().set(Chart::uuid, before.uuid.unwrap());
        let err = failed.charts().insert(taken).await.unwrap_err();
        assert!(matches!(err, WriteError::Metastore(_)), "{err:?}");
        let err = failed.commit().await.unwrap_err();
        assert!(matches!(err, CommitError::Undone(_)), "{err:?}");
        assert_eq!(before, chart(metastore, &access, BENS).await);
    }
}

#[tokio::test]
async fn who_may_not_change_a_thing_is_told_why() {
    let fixture = Fixture::start_with(PREPARE).await;
    let chart = |id| EntityRef {
        kind: EntityKind::Chart,
        id,
    };
    for metastore in fixture.all() {
        let mut ben = unit(metastore, "ben").await;
        let other = ben.charts().update(ADMINS, renamed("x")).await.unwrap_err();
        assert!(matches!(other, WriteError::NotOwner(thing) if thing == chart(ADMINS)));
        let managed = ben
            .charts()
            .update(MANAGED, renamed("x"))
            .await
            .unwrap_err();
        assert!(matches!(managed, WriteError::ManagedExternally(thing) if thing == chart(MANAGED)));
        let none = ben.charts().update(4711, renamed("x")).await.unwrap_err();
        assert!(matches!(none, WriteError::NotFound(thing) if thing == chart(4711)));
        let databases = ben.databases().lock(1).await.unwrap_err();
        assert!(matches!(
            databases,
            WriteError::Forbidden {
                kind: EntityKind::Database,
                view: "Database"
            }
        ));
        // Ben sees neither the draft nor the dashboard that is for others.
        let hidden = ben.dashboards().lock(2).await.unwrap_err();
        assert!(matches!(hidden, WriteError::NotFound(_)), "{hidden:?}");
        assert!(ben.changed().is_empty());
        drop(ben);

        let mut eve = unit(metastore, "eve").await;
        let err = eve.charts().insert(renamed("x")).await.unwrap_err();
        assert!(matches!(err, WriteError::Forbidden { .. }), "{err:?}");

        let mut admin = unit(metastore, "admin").await;
        admin.charts().lock(ADMINS).await.unwrap();
        admin.databases().lock(1).await.unwrap();
        let managed = admin.charts().lock(MANAGED).await.unwrap_err();
        assert!(matches!(managed, WriteError::ManagedExternally(_)));
    }
}

#[tokio::test]
async fn what_is_made_belongs_to_who_made_it() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let access = access_of(metastore, "ben").await;
        let mut unit = unit(metastore, "ben").await;
        let values = Values::new()
            .set(Dashboard::dashboard_title, "Made here")
            .set(Dashboard::published, false);
        let id = unit.dashboards().insert(values).await.unwrap();
        let again = Values::new().set(Dashboard::published, true);
        unit.dashboards().update(id, again).await.unwrap();
        assert_eq!(1, unit.changed().len(), "each thing once");
        unit.commit().await.unwrap();
        let found = metastore.dashboards().by_id(&access, id).await.unwrap();
        let found = found.unwrap();
        let ben = Some(access.user().id.0);
        assert_eq!(Some("Made here"), found.row.dashboard_title.as_deref());
        assert_eq!(
            (ben, ben),
            (found.row.created_by_fk, found.row.changed_by_fk)
        );
        assert!(found.row.uuid.is_some());
        let owners: Vec<_> = found.owners.iter().map(|owner| Some(owner.id)).collect();
        assert_eq!(vec![ben], owners);
    }
}

#[tokio::test]
async fn two_who_change_one_row_come_one_after_the_other() {
    let fixture = Fixture::start_with(PREPARE).await;
    for metastore in fixture.all() {
        let (mut one, mut other) = (unit(metastore, "ben").await, unit(metastore, "admin").await);
        one.charts().update(BENS, renamed("first")).await.unwrap();
        let mut charts = other.charts();
        let mut waiting = Box::pin(charts.lock(BENS));
        // Sent, and not answered while the other holds the row.
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        let (committed, locked) = tokio::join!(one.commit(), waiting);
        committed.unwrap();
        assert_eq!(Some("first"), locked.unwrap().slice_name.as_deref());
    }
}

#[tokio::test]
async fn an_id_never_changes_and_what_a_unit_writes_can_be_said_otherwise() {
    let fixture = Fixture::start_with(PREPARE).await;
    for metastore in fixture.all() {
        let access = access_of(metastore, "admin").await;
        let mut other_id = unit(metastore, "admin").await;
        let values = renamed("x").set(Chart::id, 4712);
        let err = other_id.charts().update(BENS, values).await.unwrap_err();
        assert!(matches!(err, WriteError::Metastore(_)), "{err:?}");
        drop(other_id);

        let mut undoing = unit(metastore, "admin").await;
        let before = at("2026-01-02T03:04:05");
        let values = Values::new().set(Chart::changed_on, before);
        undoing.charts().update(BENS, values).await.unwrap();
        undoing.commit().await.unwrap();
        let row = chart(metastore, &access, BENS).await;
        assert_eq!(Some(before), row.changed_on);
    }
}

#[tokio::test]
async fn a_unit_that_only_looks_is_ended_without_a_commit() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let mut looking = unit(metastore, "admin").await;
        let database: Database = looking.databases().lock(1).await.unwrap();
        assert_eq!(1, database.id);
        looking.commit().await.unwrap();
        // The writer is free again.
        let mut next = unit(metastore, "admin").await;
        next.charts().update(BENS, renamed("free")).await.unwrap();
        next.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_of_which_nothing_is_heard_may_have_happened() {
    let fixture = Fixture::start_with(PREPARE).await;
    let relay = TcpRelay::to(fixture.server.port()).unwrap();
    let url = fixture.server.url("superset");
    let own = format!(":{}/", fixture.server.port());
    let url = SecretString::from(url.replace(&own, &format!(":{}/", relay.port())));
    let mut settings = settings();
    settings.pool.statement_timeout = Duration::from_secs(1);
    let metastore = Metastore::connect_postgres(&url, settings).unwrap();
    let mut unit = unit(&metastore, "ben").await;
    unit.charts()
        .update(BENS, renamed("perhaps"))
        .await
        .unwrap();
    relay.freeze();
    let err = unit.commit().await.unwrap_err();
    assert!(matches!(err, CommitError::Unknown(_)), "{err:?}");
}

#[tokio::test]
async fn a_role_that_was_taken_away_a_moment_ago_counts_no_more() {
    let fixture = Fixture::start_with(PREPARE).await;
    let mut unit = unit(&fixture.postgres, "ben").await;
    let sql =
        "DELETE FROM ab_user_role WHERE user_id = (SELECT id FROM ab_user WHERE username = 'ben')";
    fixture.server.execute("superset", sql).unwrap();
    let err = unit.charts().update(BENS, renamed("x")).await.unwrap_err();
    assert!(matches!(err, WriteError::Forbidden { .. }), "{err:?}");
}

#[tokio::test]
async fn a_chart_that_is_saved_says_so_as_superset_does() {
    let fixture = Fixture::start_with(PREPARE).await;
    for metastore in fixture.all() {
        let access = access_of(metastore, "ben").await;
        let mut unit = unit(metastore, "ben").await;
        unit.charts().update(BENS, renamed("saved")).await.unwrap();
        unit.commit().await.unwrap();
        let row = chart(metastore, &access, BENS).await;
        assert_eq!(Some(at("2026-12-01T10:00:00.25")), row.last_saved_at);
        assert_eq!(Some(access.user().id.0), row.last_saved_by_fk);
    }
}
