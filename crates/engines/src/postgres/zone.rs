//! Moments with the offset of the session's time zone, as ISO 8601 has them.

use std::borrow::Cow;

/// `2024-03-10 08:00:00+05:30` from PostgreSQL's text of a `timestamptz` (datestyle ISO).
///
/// `+05` becomes `+05:00`. Offsets with seconds, which zones had before there was standard time, are nothing that
/// ISO 8601 knows: the same moment is written with the offset of the whole minute beside it.
pub(super) fn moment(text: &str) -> Cow<'_, str> {
    let (body, era) = match text.strip_suffix(" BC") {
        Some(body) => (body, " BC"),
        None => (text, ""),
    };
    let Some(offset_at) = body
        .find(':')
        .and_then(|time| Some(time + body[time..].rfind(['+', '-'])?))
    else {
        // `infinity` and `-infinity`.
        return Cow::Borrowed(text);
    };
    let (local, offset) = body.split_at(offset_at);
    match offset.len() {
        // +HH
        3 => Cow::Owned(format!("{body}:00{era}")),
        // +HH:MM:SS
        9 => whole_minutes(local, offset).map_or(Cow::Borrowed(text), |moment| {
            Cow::Owned(format!("{moment}{era}"))
        }),
        _ => Cow::Borrowed(text),
    }
}

fn whole_minutes(local: &str, offset: &str) -> Option<String> {
    const DAY: i32 = 24 * 60 * 60;
    let number = |text: &str| text.parse::<i32>().ok();
    let (date, time) = local.split_once(' ')?;
    let (clock, fraction) = time.split_at_checked(8)?;
    let of_day = number(&clock[..2])? * 3_600 + number(&clock[3..5])? * 60 + number(&clock[6..])?;
    let size = number(&offset[1..3])? * 60 + number(&offset[4..6])?;
    let seconds = number(&offset[7..])?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    // Down to the minute, or up where that would lead into another day.
    let (of_day, size) = [
        (of_day - sign * seconds, size),
        (of_day + sign * (60 - seconds), size + 1),
    ]
    .into_iter()
    .find(|(of_day, _)| (0..DAY).contains(of_day))?;
    Some(format!(
        "{date} {:02}:{:02}:{:02}{fraction}{}{:02}:{:02}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60,
        &offset[..1],
        size / 60,
        size % 60,
    ))
}

/// What pandas calls a column of such moments, by the session's `TimeZone`: `datetime64[us, Asia/Kolkata]`.
///
/// A zone that has no name of the tz database is called by its offset, when all of `moments` have the same.
pub(super) fn type_name<'m>(zone: Option<&str>, moments: impl Iterator<Item = &'m str>) -> String {
    const UTC: [&str; 9] = [
        "UTC",
        "Etc/UTC",
        "UCT",
        "Etc/UCT",
        "Zulu",
        "Etc/Zulu",
        "Universal",
        "Etc/Universal",
        "GMT",
    ];
    match zone {
        Some(zone) if UTC.contains(&zone) => "datetime64[us, UTC]".to_owned(),
        Some(zone) if is_name(zone) => format!("datetime64[us, {zone}]"),
        _ => {
            let mut offsets =
                moments.filter_map(|moment| moment.get(moment.len().checked_sub(6)?..));
            let first = offsets.next();
            match first {
                Some(first) if offsets.all(|offset| offset == first) => match first {
                    "+00:00" => "datetime64[us, UTC]".to_owned(),
                    offset => format!("datetime64[us, UTC{offset}]"),
                },
                _ => "object".to_owned(),
            }
        }
    }
}

/// `Asia/Kolkata`, `CET`, `Etc/GMT+5`; not `<+0530>-05:30`.
fn is_name(zone: &str) -> bool {
    zone.starts_with(|c: char| c.is_ascii_uppercase())
        && zone
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_iso_8601_and_moments_stay_what_they_are() {
        for (text, expected) in [
            ("2003-01-06 01:02:03.5+00", "2003-01-06 01:02:03.5+00:00"),
            ("2024-03-10 08:00:00+05:30", "2024-03-10 08:00:00+05:30"),
            ("2024-03-10 08:00:00-03", "2024-03-10 08:00:00-03:00"),
            ("1800-01-01 05:53:28+05:53:28", "1800-01-01 05:53:00+05:53"),
            (
                "1800-01-01 05:53:00.25+05:53:28",
                "1800-01-01 05:52:32.25+05:53",
            ),
            // The minute before would be yesterday's.
            ("1800-01-01 00:00:10+05:53:28", "1800-01-01 00:00:42+05:54"),
            ("1800-01-01 05:53:28-04:56:02", "1800-01-01 05:53:30-04:56"),
            ("1800-01-01 23:59:59-04:56:02", "1800-01-01 23:59:01-04:57"),
            ("1800-01-01 12:00:00-04:59:30", "1800-01-01 12:00:30-04:59"),
            (
                "0044-03-15 12:00:00+05:53:28 BC",
                "0044-03-15 11:59:32+05:53 BC",
            ),
            ("0044-03-15 12:00:00+00 BC", "0044-03-15 12:00:00+00:00 BC"),
            ("10000-01-01 00:00:00+00", "10000-01-01 00:00:00+00:00"),
            ("infinity", "infinity"),
            ("-infinity", "-infinity"),
        ] {
            assert_eq!(expected, moment(text), "{text}");
        }
    }

    #[test]
    fn a_column_is_called_by_its_zone() {
        let kolkata = ["2024-03-10 08:00:00+05:30", "2024-03-11 08:00:00+05:30"];
        let mixed = ["2024-03-10 08:00:00+01:00", "2024-07-10 08:00:00+02:00"];
        for (zone, moments, expected) in [
            (Some("UTC"), &kolkata, "datetime64[us, UTC]"),
            (Some("Etc/UTC"), &kolkata, "datetime64[us, UTC]"),
            (
                Some("Asia/Kolkata"),
                &kolkata,
                "datetime64[us, Asia/Kolkata]",
            ),
            (
                Some("Europe/Zurich"),
                &mixed,
                "datetime64[us, Europe/Zurich]",
            ),
            (Some("<+0530>-05:30"), &kolkata, "datetime64[us, UTC+05:30]"),
            (Some("<+01>-01"), &mixed, "object"),
            (None, &kolkata, "datetime64[us, UTC+05:30]"),
        ] {
            assert_eq!(
                expected,
                type_name(zone, moments.iter().copied()),
                "{zone:?}"
            );
        }
    }
}
