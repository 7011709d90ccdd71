//! What presenting a refresh token comes to. Pure: the truth is read under the grant's lock and handed in.

use super::RefreshRules;
use crate::UnixSecs;

/// What the database says of a refresh token that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Presented {
    /// Whether somebody or something ended the grant.
    pub(super) has_grant_ended: bool,
    pub(super) grant_expires_at: UnixSecs,
    pub(super) expires_at: UnixSecs,
    /// What became of it, where it was rotated.
    pub(super) rotated: Option<Rotated>,
}

/// What is known of a rotated token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rotated {
    pub(super) at: UnixSecs,
    /// How often it was presented since.
    pub(super) repeats: u32,
    /// Its successor, wrapped by the token itself, as long as that is kept.
    pub(super) wrapped_successor: Option<String>,
    /// Whether the successor is still to be presented for the first time.
    pub(super) is_successor_fresh: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RotationDecision {
    /// Put the successor in its place.
    Rotate,
    /// Give the same successor again.
    Repeat(String),
    /// It was given so often that it is not given again; nothing shows that anybody else has it.
    TooOften,
    /// Somebody else has it too: end the grant.
    Replay,
    /// It is of no use, and nothing is wrong with whoever presents it.
    Ended,
}

/// An ended grant comes first: a person who disconnected a client is no victim of a theft, and the client that
/// comes once more is no thief.
pub(super) fn decide(
    presented: Presented,
    rules: &RefreshRules,
    now: UnixSecs,
) -> RotationDecision {
    if presented.has_grant_ended || presented.grant_expires_at <= now {
        return RotationDecision::Ended;
    }
    let Some(rotated) = presented.rotated else {
        return if presented.expires_at <= now {
            RotationDecision::Ended
        } else {
            RotationDecision::Rotate
        };
    };
    // Nodes' clocks differ a little: a rotation that lies in this node's future was a moment ago.
    let is_recent = now.saturating_sub(rotated.at) < i64::from(rules.repeat_window_secs);
    match rotated.wrapped_successor {
        // Within the window nobody can tell a client's windows from a thief: how often it is asked shows nothing, and ending the
        // grant would sign out whoever has many windows.
        Some(wrapped) if is_recent && rotated.is_successor_fresh => {
            if rotated.repeats < rules.max_repeats {
                RotationDecision::Repeat(wrapped)
            } else {
                RotationDecision::TooOften
            }
        }
        _ => RotationDecision::Replay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSecs = 1_000_000;
    const RULES: RefreshRules = RefreshRules {
        life_secs: 30 * 86_400,
        repeat_window_secs: 120,
        max_repeats: 10,
    };

    fn live() -> Presented {
        Presented {
            has_grant_ended: false,
            grant_expires_at: NOW + 1,
            expires_at: NOW + 1,
            rotated: None,
        }
    }

    fn rotated(at: UnixSecs) -> Presented {
        Presented {
            rotated: Some(Rotated {
                at,
                repeats: 0,
                wrapped_successor: Some("wrapped".into()),
                is_successor_fresh: true,
            }),
            ..live()
        }
    }

    fn with(mut presented: Presented, change: impl FnOnce(&mut Rotated)) -> Presented {
        presented.rotated.as_mut().map(change).unwrap();
        presented
    }

    #[test]
    fn a_live_token_rotates_until_the_second_it_expires() {
        assert_eq!(RotationDecision::Rotate, decide(live(), &RULES, NOW));
        assert_eq!(RotationDecision::Ended, decide(live(), &RULES, NOW + 1));
        let outlived = Presented {
            grant_expires_at: NOW,
            expires_at: NOW + 100,
            ..live()
        };
        assert_eq!(RotationDecision::Ended, decide(outlived, &RULES, NOW));
    }

    #[test]
    fn the_same_successor_is_given_inside_the_window_alone() {
        let repeat = RotationDecision::Repeat("wrapped".into());
        assert_eq!(repeat, decide(rotated(NOW), &RULES, NOW));
        assert_eq!(repeat, decide(rotated(NOW - 119), &RULES, NOW));
        assert_eq!(
            RotationDecision::Replay,
            decide(rotated(NOW - 120), &RULES, NOW)
        );
    }

    #[test]
    fn a_rotation_by_a_node_whose_clock_is_ahead_was_a_moment_ago() {
        assert_eq!(
            RotationDecision::Repeat("wrapped".into()),
            decide(rotated(NOW + 30), &RULES, NOW)
        );
    }

    #[test]
    fn too_many_repeats_are_refused_and_end_nothing_within_the_window() {
        let often = |at, repeats| with(rotated(at), |rotated| rotated.repeats = repeats);
        assert_eq!(
            RotationDecision::Repeat("wrapped".into()),
            decide(often(NOW, 9), &RULES, NOW)
        );
        assert_eq!(
            RotationDecision::TooOften,
            decide(often(NOW, 10), &RULES, NOW)
        );
        assert_eq!(
            RotationDecision::TooOften,
            decide(often(NOW - 119, 1_000), &RULES, NOW)
        );
        assert_eq!(
            RotationDecision::Replay,
            decide(often(NOW - 120, 10), &RULES, NOW)
        );
        let used = with(often(NOW, 10), |rotated| rotated.is_successor_fresh = false);
        assert_eq!(RotationDecision::Replay, decide(used, &RULES, NOW));
    }

    #[test]
    fn a_token_whose_successor_was_used_is_a_replay() {
        let used = with(rotated(NOW), |rotated| rotated.is_successor_fresh = false);
        assert_eq!(RotationDecision::Replay, decide(used, &RULES, NOW));
        let erased = with(rotated(NOW), |rotated| rotated.wrapped_successor = None);
        assert_eq!(RotationDecision::Replay, decide(erased, &RULES, NOW));
    }

    #[test]
    fn a_window_of_nothing_forgives_nothing() {
        let strict = RefreshRules {
            repeat_window_secs: 0,
            ..RULES
        };
        assert_eq!(RotationDecision::Replay, decide(rotated(NOW), &strict, NOW));
    }

    #[test]
    fn a_token_of_an_ended_grant_is_no_replay_whenever_it_was_rotated() {
        for presented in [live(), rotated(NOW), rotated(NOW - 10_000)] {
            let ended = Presented {
                has_grant_ended: true,
                ..presented.clone()
            };
            assert_eq!(RotationDecision::Ended, decide(ended, &RULES, NOW));
            let expired = Presented {
                grant_expires_at: NOW,
                ..presented
            };
            assert_eq!(RotationDecision::Ended, decide(expired, &RULES, NOW));
        }
    }
}
