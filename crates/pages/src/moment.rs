use std::fmt;

use chrono::{DateTime, Utc};

/// A point in time in seconds since the Unix epoch. Pages show it in UTC, and a script turns it into local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub i64);

impl Moment {
    fn date(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default()
    }

    /// `<time>` with both forms.
    pub(crate) fn tag(self) -> TimeTag {
        TimeTag(self)
    }

    /// `2026-11-20T11:02:20Z`.
    pub fn machine(self) -> String {
        self.date().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// "20 Nov 2026, 11:02 UTC".
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date().format("%-d %b %Y, %H:%M UTC"))
    }
}

/// A moment as an element; digits and our own letters only, so that it needs no escaping.
pub(crate) struct TimeTag(Moment);

impl fmt::Display for TimeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.0;
        write!(f, "<time datetime=\"{}\">{moment}</time>", moment.machine())
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
        let moment = Moment(1_795_172_540);
        assert_eq!("20 Nov 2026, 11:02 UTC", moment.to_string());
        assert_eq!("2026-11-20T11:02:20Z", moment.machine());
        assert_eq!("1 Jan 1970, 00:00 UTC", Moment(i64::MAX).to_string());
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
