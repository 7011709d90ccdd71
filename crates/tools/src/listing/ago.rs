use chrono::{NaiveDateTime, TimeDelta, Timelike};

/// A stored time as answers show it: ISO 8601 without a zone, with microseconds where there are any.
pub(crate) fn iso(time: NaiveDateTime) -> String {
    let format = if time.nanosecond() == 0 {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6f"
    };
    time.format(format).to_string()
}

/// How long ago, in words: `20 minutes ago`. A time in the future, by clocks that differ, is `now`.
pub(crate) fn humanized(now: NaiveDateTime, then: NaiveDateTime) -> String {
    let passed = (now - then).max(TimeDelta::zero());
    let (count, unit) = match passed {
        passed if passed < TimeDelta::seconds(1) => return "now".to_owned(),
        passed if passed < TimeDelta::minutes(1) => (passed.num_seconds(), "second"),
        passed if passed < TimeDelta::hours(1) => (passed.num_minutes(), "minute"),
        passed if passed < TimeDelta::days(1) => (passed.num_hours(), "hour"),
        passed if passed < TimeDelta::days(31) => (passed.num_days(), "day"),
        passed if passed < TimeDelta::days(365) => (passed.num_days() / 30, "month"),
        passed => (passed.num_days() / 365, "year"),
    };
    match (count, unit) {
        (1, "hour") => "an hour ago".to_owned(),
        (1, unit) => format!("a {unit} ago"),
        (count, unit) => format!("{count} {unit}s ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_told_in_words() {
        let now = at("2026-03-01T12:00:00");
        for (then, words) in [
            ("2026-03-01T12:00:09", "now"),
            ("2026-03-01T11:59:59", "a second ago"),
            ("2026-03-01T11:40:00", "20 minutes ago"),
            ("2026-03-01T10:30:00", "an hour ago"),
            ("2026-02-27T12:00:00", "2 days ago"),
            ("2025-12-20T12:00:00", "2 months ago"),
            ("2024-02-27T12:00:00", "2 years ago"),
        ] {
            assert_eq!(words, humanized(now, at(then)), "{then}");
        }
    }

    #[test]
    fn times_have_microseconds_or_none() {
        assert_eq!("2026-03-01T12:00:00", iso(at("2026-03-01T12:00:00")));
        assert_eq!(
            "2026-03-01T12:00:00.250000",
            iso(at("2026-03-01T12:00:00.25"))
        );
    }
}
