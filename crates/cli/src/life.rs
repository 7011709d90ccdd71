//! Lengths of time as people write them.

use std::str::FromStr;

/// `90d`, `12h`, `30m` or `45s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub(super) secs: u32,
}

impl FromStr for Life {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no length of time: write 90d, 12h, 30m or 45s");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let secs_a_unit = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        let secs = count.checked_mul(secs_a_unit).ok_or_else(wrong)?;
        Ok(Self { secs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_with_their_unit() {
        for (text, secs) in [
            ("90d", 7_776_000),
            ("12h", 43_200),
            ("30m", 1_800),
            ("0s", 0),
        ] {
            assert_eq!(Ok(Life { secs }), text.parse());
        }
        for wrong in ["", "d", "90", "1w", "-1d", "1.5h", "5ä", "99999999d"] {
            assert!(wrong.parse::<Life>().is_err(), "{wrong}");
        }
    }
}
