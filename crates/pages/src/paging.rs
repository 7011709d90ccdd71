/// Which part of a long list a page shows, and the way to the other parts.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Which part, from 1.
    pub page: u32,
    /// The number of the first row that is shown, from 1.
    pub first: u64,
    /// Rows that are shown.
    pub shown: u64,
    /// Rows that there are.
    pub total: u64,
    /// Whether there are more than `total`, which is as far as they were counted.
    pub is_more: bool,
    /// What one row is called, and what several are.
    pub noun: (&'static str, &'static str),
    /// Query of the part before this one.
    pub previous: Option<String>,
    /// Query of the part after this one.
    pub next: Option<String>,
    /// What the button to the part before says.
    pub back: &'static str,
    /// What the button to the part after says.
    pub on: &'static str,
}

impl Paging {
    /// "1 member", "26–50 of 1,000 members", "1–50 of more than 10,000 records".
    pub(crate) fn words(&self) -> String {
        let more = if self.is_more { "more than " } else { "" };
        let noun = if self.total == 1 && !self.is_more {
            self.noun.0
        } else {
            self.noun.1
        };
        let total = grouped(self.total);
        if self.shown == 0 || (self.shown == self.total && !self.is_more) {
            return format!("{more}{total} {noun}");
        }
        let last = self.first + self.shown - 1;
        let part = if self.shown == 1 {
            grouped(self.first)
        } else {
            format!("{}–{}", grouped(self.first), grouped(last))
        };
        format!("{part} of {more}{total} {noun}")
    }
}

/// How often something was used in the last 30 days.
pub(crate) fn calls(number: u64) -> String {
    match number {
        0 => "no calls in 30 days".to_owned(),
        1 => "1 call in 30 days".to_owned(),
        _ => format!("{} calls in 30 days", grouped(number)),
    }
}

/// `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(first: u64, shown: u64, total: u64, is_more: bool) -> String {
        let paging = Paging {
            page: 1,
            first,
            shown,
            total,
            is_more,
            noun: ("member", "members"),
            previous: None,
            next: None,
            back: "Previous",
            on: "Next",
        };
        paging.words()
    }

    #[test]
    fn a_part_of_a_list_is_told_in_words() {
        assert_eq!("0 members", words(1, 0, 0, false));
        assert_eq!("1 member", words(1, 1, 1, false));
        assert_eq!("3 members", words(1, 3, 3, false));
        assert_eq!("26–50 of 1,000 members", words(26, 25, 1_000, false));
        assert_eq!("51 of 51 members", words(51, 1, 51, false));
        assert_eq!(
            "1–50 of more than 10,000 members",
            words(1, 50, 10_000, true)
        );
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_204, "1,204"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(text, grouped(number));
        }
    }
}
