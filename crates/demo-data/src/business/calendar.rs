//! When the business sells: growth, seasons, weekdays, campaigns, hours of the day.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike};

use super::super::rng::{Rng, Weighted};

/// The first day with orders. The dates are fixed: the data never move with the machine's clock.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2023, 1, 1).expect("a day of the calendar");
/// Days with orders: 2023-01-01 to 2025-12-31.
const DAYS: u32 = 365 + 366 + 365;

/// Demand of each month, in per cent of an average one.
const MONTHS: [u32; 12] = [78, 80, 98, 112, 108, 96, 90, 84, 92, 98, 132, 148];
/// Demand of each weekday, Monday first.
const WEEKDAYS: [u32; 7] = [112, 104, 100, 98, 92, 88, 118];
/// Orders by hour of the day, midnight first.
const HOURS: [u32; 24] = [
    6, 3, 2, 1, 1, 3, 9, 18, 28, 38, 46, 50, 56, 50, 44, 42, 46, 54, 66, 82, 94, 86, 52, 22,
];

/// A campaign: it moves demand, and lowers prices.
#[derive(Debug)]
pub(super) struct Campaign {
    pub(super) name: &'static str,
    /// Month and day of its start, every year.
    start: (u32, u32),
    days: u64,
    /// Demand while it runs, in per cent of the usual.
    demand: u32,
    /// Taken off the price of what takes part, in per cent.
    pub(super) discount: u32,
    /// The part of the orders that take part, in per cent.
    pub(super) share: u32,
}

const CAMPAIGNS: [Campaign; 4] = [
    Campaign {
        name: "Spring planting",
        start: (3, 20),
        days: 21,
        demand: 124,
        discount: 10,
        share: 46,
    },
    Campaign {
        name: "Summer clearance",
        start: (7, 3),
        days: 18,
        demand: 132,
        discount: 20,
        share: 55,
    },
    Campaign {
        name: "Late November",
        start: (11, 21),
        days: 10,
        demand: 188,
        discount: 25,
        share: 72,
    },
    Campaign {
        name: "Winter gifts",
        start: (12, 3),
        days: 14,
        demand: 128,
        discount: 8,
        share: 40,
    },
];

/// The campaign that runs on `day`. None runs on top of another.
pub(super) fn campaign_on(day: NaiveDate) -> Option<&'static Campaign> {
    CAMPAIGNS.iter().find(|campaign| {
        let (month, first) = campaign.start;
        NaiveDate::from_ymd_opt(day.year(), month, first)
            .and_then(|start| Some(start..start.checked_add_days(Days::new(campaign.days))?))
            .is_some_and(|days| days.contains(&day))
    })
}

/// Draws times at which something happens, as often as the business is busy.
#[derive(Debug)]
pub(super) struct Calendar {
    days: Weighted,
    hours: Weighted,
}

impl Calendar {
    /// `growth`: demand of the last day, in per cent of that of the first.
    pub(super) fn new(rng: &mut Rng, growth: u32) -> Self {
        let weights = (0..DAYS).map(|at| {
            let day = day(at);
            let trend = 100 + (growth - 100) * at / DAYS;
            let season = MONTHS[day.month0() as usize];
            let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
            let campaign = campaign_on(day).map_or(100, |campaign| campaign.demand);
            let weather = rng.between(88, 112);
            // Dividing on the way keeps the sum over three years far below 2³².
            trend * season / 100 * weekday / 100 * campaign / 100 * weather / 10
        });
        Self {
            days: Weighted::new(weights),
            hours: Weighted::new(HOURS),
        }
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> NaiveDateTime {
        let at = u32::try_from(self.days.pick(rng)).expect("an index of a day");
        let hour = u32::try_from(self.hours.pick(rng)).expect("an index of an hour");
        day(at)
            .and_hms_opt(hour, rng.below(60), rng.below(60))
            .expect("hour, minute and second are in range")
    }

    /// `count` times, earliest first.
    pub(super) fn draw_sorted(&self, rng: &mut Rng, count: usize) -> Vec<NaiveDateTime> {
        let mut times: Vec<_> = (0..count).map(|_| self.draw(rng)).collect();
        times.sort_unstable();
        times
    }
}

fn day(at: u32) -> NaiveDate {
    FIRST_DAY
        .checked_add_days(Days::new(u64::from(at)))
        .expect("three years after 2023 is a date")
}

/// How far into the three years `at` is, in per mille.
pub(super) fn progress(at: NaiveDateTime) -> u32 {
    let days = at
        .date()
        .signed_duration_since(FIRST_DAY)
        .num_days()
        .clamp(0, i64::from(DAYS));
    u32::try_from(days).expect("clamped above") * 1000 / DAYS
}

/// The weekday with a digit before it, so that text order is the order of the week.
pub(super) fn weekday(at: NaiveDateTime) -> &'static str {
    const NAMES: [&str; 7] = [
        "1 Mon", "2 Tue", "3 Wed", "4 Thu", "5 Fri", "6 Sat", "7 Sun",
    ];
    NAMES[at.weekday().num_days_from_monday() as usize]
}

pub(super) fn hour(at: NaiveDateTime) -> u32 {
    at.hour()
}

pub(super) fn month(at: NaiveDateTime) -> usize {
    at.month0() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn campaigns_run_from_their_first_day_to_their_last() {
        let on = |month, day| {
            campaign_on(NaiveDate::from_ymd_opt(2024, month, day).unwrap()).map(|it| it.name)
        };
        assert_eq!(None, on(11, 20));
        assert_eq!(Some("Late November"), on(11, 21));
        assert_eq!(Some("Late November"), on(11, 30));
        assert_eq!(None, on(12, 1));
    }

    #[test]
    fn the_last_day_is_the_end_of_2025() {
        assert_eq!("2025-12-31", day(DAYS - 1).to_string());
        assert_eq!(0, progress(day(0).and_hms_opt(0, 0, 0).unwrap()));
        assert_eq!(999, progress(day(DAYS - 1).and_hms_opt(0, 0, 0).unwrap()));
    }
}
