//! The behaviour that every adapter must have.
//!
//! An adapter's tests implement [`Harness`] and say `contract_tests!(MyHarness::start().await)`, which
//! makes one test of each function here and in [`tenancy`].
//!
//! Time: a test lets it pass with [`Harness::elapse`] and then waits with [`eventually`], so that it
//! holds with a clock that is set by hand as well as with one that runs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tidegate_types::{Clock, SessionId, UserId, WorkspaceSlug};

use crate::{
    RelayEvent, RelayStream, SessionKey, SessionLimits, SessionRecord, SharedState, StreamKey,
};

pub mod cache;
pub mod changes;
pub mod events;
pub mod limits;
pub mod relay;
pub mod replies;
pub mod sessions;
pub mod tenancy;
pub mod tickets;
pub mod validation;

/// One deployment without data, for one test.
#[async_trait::async_trait]
pub trait Harness: Send + Sync {
    /// The state as the first node sees it: always the same one.
    fn node(&self) -> SharedState;

    /// The state as another node sees it. That of the first node when the adapter is not shared.
    async fn other_node(&self) -> SharedState;

    /// The clock that expiry follows, as nearly as the test can know it.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Lets time pass: moves a clock that is set by hand, and does nothing for one that runs.
    async fn elapse(&self, time: Duration);
}

/// How long a test waits for what must become true.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it rests between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until `condition` holds.
///
/// # Panics
/// It does not within 20 seconds.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "never: {what}"
    );
}

/// The next event of a relay.
///
/// # Panics
/// None comes within 20 seconds.
pub async fn next_event(stream: &mut RelayStream) -> RelayEvent {
    tokio::time::timeout(PATIENCE, stream.next())
        .await
        .expect("a relay event must come in time")
        .expect("the relay must not end")
}

/// A time to live that passes within a test, and is long for a few operations on a busy machine.
const SHORT: Duration = Duration::from_secs(1);

/// A time to live that does not pass within a test.
const LONG: Duration = Duration::from_mins(10);

const LIMITS: SessionLimits = SessionLimits {
    idle: LONG,
    per_user: 20,
};

fn workspace(name: &str) -> WorkspaceSlug {
    name.parse().expect("tests name workspaces rightly")
}

/// Session number `n` of a user.
fn session(workspace_name: &str, user: i64, n: usize) -> SessionKey {
    let session: SessionId = format!("session-{n:012}")
        .parse()
        .expect("tests name sessions rightly");
    SessionKey {
        workspace: workspace(workspace_name),
        user: UserId(user),
        session,
    }
}

fn stream(session: SessionKey, name: &str) -> StreamKey {
    StreamKey {
        session,
        stream: name.parse().expect("tests name streams rightly"),
    }
}

/// A record that `mark` tells from others.
fn record(mark: &str) -> SessionRecord {
    SessionRecord {
        protocol_version: "2025-11-25".to_owned(),
        client_capabilities: r#"{"elicitation":{}}"#.to_owned(),
        client_info: format!(r#"{{"name":"{mark}","version":"1"}}"#),
        created_unix_secs: 1_760_000_000,
        log_level: None,
        subscriptions: std::collections::BTreeSet::new(),
    }
}

/// Makes one test of each function of the contract. The expression is awaited in an async function and
/// gives a [`Harness`]. The crate's tests need `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! contract_tests {
    ($harness:expr) => {
        $crate::contract_tests!(@tests $harness;
            sessions: [
                an_opened_session_is_read_on_every_node,
                a_session_that_is_touched_lives_on_and_another_expires,
                the_coldest_session_ends_above_the_limit,
                a_session_that_expired_does_not_count_against_the_limit,
                another_users_or_workspaces_key_finds_nothing,
                an_ended_session_is_gone_on_every_node,
                changes_are_kept_and_change_nothing_else,
                concurrent_changes_are_all_kept,
                subscriptions_are_bounded_in_number_and_length,
                opening_again_replaces_the_session,
            ];
            events: [
                events_are_read_in_order_from_any_place,
                old_events_are_dropped_above_the_cap_and_the_gap_is_told,
                an_unknown_or_expired_stream_is_none,
                appending_keeps_a_stream_alive,
                a_place_beyond_the_end_is_a_gap,
                removed_streams_are_gone_and_others_stay,
                concurrent_events_get_places_without_gaps,
                streams_of_other_principals_are_apart,
            ];
            replies: [
                a_reply_is_taken_once_by_two_racers,
                a_reply_expires,
                a_reply_is_only_its_sessions,
                request_ids_of_any_text_are_apart,
            ];
            cache: [
                an_answer_is_kept_until_it_expires,
                an_answer_is_only_its_workspaces,
                a_too_large_answer_is_not_kept,
            ];
            validation: [
                an_outcome_is_kept_until_it_expires,
                a_revocation_outlives_later_outcomes,
                a_revocation_is_never_shortened,
                a_revocation_wins_every_race,
                a_token_is_only_its_workspaces,
                what_was_looked_up_before_a_change_is_not_kept_after_it,
                nothing_older_stands_after_racing_changes,
            ];
            limits: [
                a_burst_is_allowed_and_then_no_more,
                a_bucket_refills_evenly_and_says_when,
                nothing_is_taken_when_one_budget_is_empty,
                the_longest_wait_is_told_with_the_first_empty_budget,
                budgets_of_tenants_users_clients_and_tools_are_apart,
                budgets_of_the_control_plane_are_apart,
                concurrent_checks_never_allow_too_many,
                a_call_without_budgets_is_allowed,
            ];
            tickets: [
                a_ticket_is_issued_once_and_read_everywhere,
                a_ticket_is_taken_once_by_racers_on_two_nodes,
                a_ticket_is_issued_once_by_racers_on_two_nodes,
                a_ticket_is_replaced_only_from_what_was_read,
                tickets_of_kinds_and_keys_are_apart,
                a_ticket_expires_unless_it_is_kept,
                a_ticket_that_is_too_large_is_refused,
                concurrent_failures_are_all_counted,
                a_counter_starts_again_after_its_window,
            ];
            changes: [
                changes_are_read_in_order_on_every_node,
                a_change_is_signalled_to_every_node,
                old_changes_are_dropped_and_the_gap_is_told,
                a_place_beyond_the_head_is_a_gap,
                the_logs_of_workspaces_are_apart,
            ];
            relay: [
                every_subscribed_node_receives_in_order,
                an_unsubscribed_topic_is_silent,
                the_stream_is_given_out_once,
                topics_of_other_principals_are_silent,
                signals_that_nobody_reads_become_a_gap,
            ];
        );

        /// See [`tidegate_store::contract::tenancy`].
        #[test]
        fn principals_never_see_each_others_data_under_any_interleaving() {
            $crate::contract::tenancy::principals_never_see_each_others_data(
                || async { $harness },
            );
        }
    };
    (@tests $harness:expr; $($area:ident: [$($name:ident,)*];)*) => {
        $(
            mod $area {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let harness = $harness;
                        $crate::contract::$area::$name(&harness).await;
                    }
                )*
            }
        )*
    };
}
