use std::fmt;

use chrono::{DateTime, Utc};

/// A point in time in seconds since the Unix epoch. Pages show it in UTC, and a script turns it into local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp(pub i64);

impl Timestamp {
    fn date(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default()
    }

    /// `<time>` with both forms.
    pub(crate) fn tag(self) -> TimeTag {
        TimeTag {
            timestamp: self,
            shown: Shown::Minutes,
        }
    }

    /// `<time>` to the second, with its zone.
    pub(crate) fn utc(self) -> TimeTag {
        TimeTag {
            timestamp: self,
            shown: Shown::Utc,
        }
    }

    /// `<time>` that says how long ago or ahead it is; the time itself is its title.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates give arguments by reference"
    )]
    pub(crate) fn seen_from(self, now: &Self) -> TimeTag {
        TimeTag {
            timestamp: self,
            shown: Shown::From(*now),
        }
    }

    /// `2026-11-20T11:02:20Z`.
    pub fn machine(self) -> String {
        self.date().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn to_the_second(self) -> String {
        self.date().format("%-d %b %Y, %H:%M:%S UTC").to_string()
    }

    /// "2 minutes ago", "in 3 days", "just now".
    fn words_from(self, now: Self) -> String {
        // With the unit below: what is rounded to a whole unit above is that unit, and no "60 minutes".
        const UNITS: [(u64, u64, &str); 6] = [
            (365 * 86_400, 30 * 86_400, "year"),
            (30 * 86_400, 86_400, "month"),
            (86_400, 3_600, "day"),
            (3_600, 60, "hour"),
            (60, 1, "minute"),
            (1, 1, "second"),
        ];
        let apart = self.0.abs_diff(now.0);
        let fits = |(unit, below, _): &(u64, u64, _)| apart + below / 2 >= *unit;
        let Some((unit, _, name)) = UNITS.into_iter().find(fits) else {
            return "just now".to_owned();
        };
        let many = (apart + unit / 2) / unit;
        let plural = if many == 1 { "" } else { "s" };
        if self.0 > now.0 {
            format!("in {many} {name}{plural}")
        } else {
            format!("{many} {name}{plural} ago")
        }
    }
}

/// "20 Nov 2026, 11:02 UTC".
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date().format("%-d %b %Y, %H:%M UTC"))
    }
}

/// A timestamp as an element; digits and our own letters only, so that it needs no escaping.
pub(crate) struct TimeTag {
    timestamp: Timestamp,
    shown: Shown,
}

enum Shown {
    Minutes,
    Utc,
    From(Timestamp),
}

impl fmt::Display for TimeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = self.timestamp;
        let machine = timestamp.machine();
        match self.shown {
            Shown::Minutes => write!(f, "<time datetime=\"{machine}\">{timestamp}</time>"),
            Shown::Utc => write!(
                f,
                "<time datetime=\"{machine}\" data-shown=\"utc\">{}</time>",
                timestamp.to_the_second()
            ),
            Shown::From(now) => write!(
                f,
                "<time datetime=\"{machine}\" data-shown=\"from\" title=\"{}\">{}</time>",
                timestamp.to_the_second(),
                timestamp.words_from(now)
            ),
        }
    }
}

impl askama::filters::HtmlSafe for TimeTag {}

/// A length of time in seconds, shown in the unit that fits: "1 hour", "30 days".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [
            (86_400, "day"),
            (3_600, "hour"),
            (60, "minute"),
            (1, "second"),
        ];
        let (unit, name) = UNITS
            .into_iter()
            .find(|(unit, _)| self.0 >= *unit && self.0.is_multiple_of(*unit))
            .unwrap_or((1, "second"));
        let many = self.0 / unit;
        write!(f, "{many} {name}{}", if many == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_for_people_and_for_machines() {
        let timestamp = Timestamp(1_795_172_540);
        assert_eq!("20 Nov 2026, 11:02 UTC", timestamp.to_string());
        assert_eq!("2026-11-20T11:02:20Z", timestamp.machine());
        assert_eq!("1 Jan 1970, 00:00 UTC", Timestamp(i64::MAX).to_string());
        assert_eq!(
            "<time datetime=\"2026-11-20T11:02:20Z\" data-shown=\"utc\">20 Nov 2026, 11:02:20 UTC</time>",
            timestamp.utc().to_string()
        );
    }

    #[test]
    fn times_are_told_from_now_in_one_unit() {
        const NOW: i64 = 1_795_172_540;
        for (secs, text) in [
            (0, "just now"),
            (-1, "1 second ago"),
            (-59, "59 seconds ago"),
            (-89, "1 minute ago"),
            (-119, "2 minutes ago"),
            (-3_599, "1 hour ago"),
            (-7_200, "2 hours ago"),
            (-26 * 3_600, "1 day ago"),
            (-44 * 86_400, "1 month ago"),
            (-46 * 86_400, "2 months ago"),
            (-800 * 86_400, "2 years ago"),
            (3 * 86_400, "in 3 days"),
            // What was made for some days a moment ago.
            (7 * 86_400 - 20, "in 7 days"),
            (30 * 86_400 - 20, "in 1 month"),
            (90 * 86_400 - 20, "in 3 months"),
            (365 * 86_400 - 20, "in 1 year"),
        ] {
            assert_eq!(text, Timestamp(NOW + secs).words_from(Timestamp(NOW)));
        }
        let tag = Timestamp(NOW).seen_from(&Timestamp(NOW + 60)).to_string();
        assert!(tag.contains("title=\"20 Nov 2026, 11:02:20 UTC\""), "{tag}");
    }

    #[test]
    fn spans_take_the_unit_that_fits() {
        for (secs, text) in [
            (0, "0 seconds"),
            (45, "45 seconds"),
            (90, "90 seconds"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (30 * 86_400, "30 days"),
        ] {
            assert_eq!(text, Span(secs).to_string());
        }
    }
}
