//! Who looked at the shop: 80,000 visits, a sample of one in twenty.

use chrono::NaiveDateTime;

use super::super::cell::{Cell, Row, Table};
use super::super::rng::{Rng, Weighted};
use super::calendar::{self, Calendar};
use super::customers::Countries;

pub(super) const COUNT: usize = 80_000;

pub(super) const TABLE: Table = Table {
    name: "web_sessions",
    columns: &[
        "session_id",
        "started_at",
        "weekday",
        "hour_of_day",
        "country",
        "device",
        "source",
        "campaign",
        "landing_page",
        "is_new_visitor",
        "pages_viewed",
        "duration_seconds",
        "furthest_step",
        "is_converted",
        "revenue",
    ],
};

/// Where visits come from: share of all visits, and of a hundred how many go on at each step.
const SOURCES: [(&str, u32, u32); 6] = [
    ("Organic search", 32, 58),
    ("Direct", 21, 66),
    ("Paid search", 19, 54),
    ("Social", 15, 44),
    ("Newsletter", 8, 72),
    ("Referral", 5, 60),
];
const LANDING: [&str; 6] = ["/", "/garden", "/kitchen", "/outdoor", "/sale", "/journal"];
/// The digit makes text order the order of the steps.
const STEPS: [&str; 5] = [
    "1 Visited",
    "2 Saw a product",
    "3 Filled the basket",
    "4 Went to the till",
    "5 Bought",
];

#[derive(Debug)]
pub(super) struct Session {
    id: i64,
    at: NaiveDateTime,
    country: &'static str,
    device: &'static str,
    source: &'static str,
    campaign: Option<&'static str>,
    landing: &'static str,
    is_new: bool,
    pages: u32,
    seconds: u32,
    step: usize,
    revenue: Option<i32>,
}

impl Session {
    pub(super) fn row(&self) -> Row {
        vec![
            self.id.into(),
            self.at.into(),
            calendar::weekday(self.at).into(),
            calendar::hour(self.at).into(),
            self.country.into(),
            self.device.into(),
            self.source.into(),
            Cell::opt(self.campaign),
            self.landing.into(),
            self.is_new.into(),
            self.pages.into(),
            self.seconds.into(),
            STEPS[self.step].into(),
            (self.step + 1 == STEPS.len()).into(),
            self.revenue.map_or(Cell::Null, Cell::Cents),
        ]
    }
}

/// All visits, by time.
pub(super) fn generate(rng: &mut Rng, calendar: &Calendar) -> Vec<Session> {
    let countries = Countries::new();
    let sources = Weighted::new(SOURCES.iter().map(|source| source.1));
    let times = calendar.draw_sorted(rng, COUNT);
    (1..)
        .zip(times)
        .map(|(id, at)| session(rng, id, at, &countries, &sources))
        .collect()
}

fn session(
    rng: &mut Rng,
    id: i64,
    at: NaiveDateTime,
    countries: &Countries,
    sources: &Weighted,
) -> Session {
    let progress = calendar::progress(at);
    let device = match rng.below(1000) {
        mobile if mobile < 480 + progress * 18 / 100 => "Mobile",
        tablet if tablet < 560 + progress * 14 / 100 => "Tablet",
        _ => "Desktop",
    };
    let (source, _, goes_on) = SOURCES[sources.pick(rng)];
    let is_new = rng.percent(if source == "Newsletter" { 8 } else { 57 });
    let campaign = calendar::campaign_on(at.date()).filter(|campaign| rng.percent(campaign.share));
    // On small screens, and for newcomers, fewer go on; campaigns bring people who want to buy.
    let goes_on = goes_on - if device == "Mobile" { 7 } else { 0 } - if is_new { 5 } else { 0 }
        + if campaign.is_some() { 6 } else { 0 };
    let mut step = 0;
    let onward = [goes_on + 10, goes_on, goes_on * 3 / 4, goes_on * 3 / 4];
    while step + 1 < STEPS.len() && rng.percent(onward[step]) {
        step += 1;
        // The basket is where most stop.
        if step == 2 && rng.percent(38) {
            break;
        }
    }
    let depth = u32::try_from(step).expect("five steps");
    let pages = 1 + depth * 2 + rng.below(4);
    let bought = step + 1 == STEPS.len();
    Session {
        id,
        at,
        country: countries.draw_name(rng, progress),
        device,
        source,
        campaign: campaign.map(|campaign| campaign.name),
        landing: if campaign.is_some() && rng.percent(60) {
            "/sale"
        } else {
            rng.pick(&LANDING)
        },
        is_new,
        pages,
        seconds: if pages == 1 {
            rng.between(2, 45)
        } else {
            pages * rng.between(12, 70)
        },
        step,
        revenue: bought.then(|| {
            let amount = rng.between(900, 7000) + rng.between(0, 9000).min(rng.between(0, 9000));
            i32::try_from(amount).expect("16,000 at the most")
        }),
    }
}
