//! What is over is removed, by every node: doing it twice does no harm.

use std::time::Duration;

use tidegate_control_plane::Manager;
use tidegate_control_plane::grant::EraseWrappedSuccessors;
use tidegate_control_plane::tidy::{Tidied, Tidy};

/// How often what repeats a lost answer is erased.
const ERASE_EVERY: Duration = Duration::from_mins(1);

/// How many of these rounds are between two removals of the rest.
const ROUNDS: u32 = 60;

/// How long audit records are kept: so long that a year can be compared with the last.
const KEEP_EVENTS_DAYS: u32 = 400;

/// Tidies until it is dropped.
pub(crate) async fn tidy_hourly(manager: Manager) {
    let mut rounds = tokio::time::interval(ERASE_EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in (0..ROUNDS).cycle() {
        rounds.tick().await;
        let done = if round == 0 {
            let keep_events_days = KEEP_EVENTS_DAYS;
            manager.call(Tidy { keep_events_days }).await
        } else {
            let erased = manager.call(EraseWrappedSuccessors {}).await;
            erased.map(|_| Tidied::default())
        };
        match done {
            Ok(tidied) if tidied == Tidied::default() => {}
            Ok(tidied) => tracing::info!(?tidied, "the manager was tidied"),
            Err(err) => tracing::warn!(
                error = &err as &dyn std::error::Error,
                "the manager could not be tidied; the next round tries again"
            ),
        }
    }
}
