//! Who buys: 5,000 customers of ten countries, in three segments.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::super::cell::{Cell, Row, Table};
use super::super::rng::{Rng, Weighted};
use super::calendar::Calendar;

pub(super) const COUNT: usize = 5000;
/// Customers from before the first order.
const KNOWN_BEFORE: usize = 900;

pub(super) const TABLE: Table = Table {
    name: "customers",
    columns: &[
        "customer_id",
        "customer_name",
        "segment",
        "country",
        "city",
        "signed_up_at",
        "acquired_by",
        "wants_newsletter",
        "order_count",
        "total_spent",
        "last_order_at",
    ],
};

/// A country: how many of the customers live there in the first and in the last year, and its cities.
struct Country {
    name: &'static str,
    share: (u32, u32),
    cities: [&'static str; 4],
}

const COUNTRIES: [Country; 10] = [
    Country {
        name: "Germany",
        share: (300, 230),
        cities: ["Berlin", "Hamburg", "Leipzig", "Freiburg"],
    },
    Country {
        name: "Netherlands",
        share: (160, 130),
        cities: ["Utrecht", "Rotterdam", "Groningen", "Haarlem"],
    },
    Country {
        name: "Austria",
        share: (120, 95),
        cities: ["Vienna", "Graz", "Linz", "Salzburg"],
    },
    Country {
        name: "Switzerland",
        share: (100, 90),
        cities: ["Zurich", "Bern", "Basel", "Lausanne"],
    },
    Country {
        name: "Belgium",
        share: (90, 80),
        cities: ["Ghent", "Antwerp", "Namur", "Leuven"],
    },
    Country {
        name: "France",
        share: (80, 120),
        cities: ["Lyon", "Nantes", "Lille", "Rennes"],
    },
    Country {
        name: "Denmark",
        share: (60, 75),
        cities: ["Aarhus", "Copenhagen", "Odense", "Aalborg"],
    },
    Country {
        name: "Sweden",
        share: (50, 85),
        cities: ["Gothenburg", "Malmö", "Uppsala", "Lund"],
    },
    Country {
        name: "Ireland",
        share: (30, 45),
        cities: ["Cork", "Galway", "Dublin", "Sligo"],
    },
    Country {
        name: "Poland",
        share: (10, 90),
        cities: ["Poznań", "Kraków", "Gdańsk", "Wrocław"],
    },
];

/// Parts of invented names; the same everywhere, so that a name says nothing about its country.
const FIRST: [&str; 32] = [
    "Alva", "Bero", "Cilla", "Dorin", "Edda", "Finno", "Gesa", "Halvar", "Ilka", "Joris", "Kaisa",
    "Loris", "Mirel", "Nilo", "Oda", "Pelle", "Quirin", "Runa", "Silvan", "Tilde", "Ulrik",
    "Vesna", "Wanda", "Xaver", "Yara", "Zeno", "Aurin", "Brisa", "Corvin", "Delia", "Emrik",
    "Fenja",
];
const LAST_START: [&str; 24] = [
    "Acker", "Birken", "Clover", "Dorn", "Elder", "Fern", "Ginster", "Hasel", "Iris", "Jarrow",
    "Kiefer", "Linden", "Moor", "Nettle", "Oster", "Pine", "Quell", "Reed", "Sorrel", "Thorn",
    "Ulmen", "Vetch", "Willow", "Yarrow",
];
const LAST_END: [&str; 12] = [
    "bach", "berg", "by", "dal", "feld", "ford", "holm", "hurst", "mark", "stad", "wick", "wood",
];
const COMPANY: [&str; 10] = [
    "Studio",
    "Café",
    "Interiors",
    "Guesthouse",
    "Gardens",
    "Workshop",
    "Bakery",
    "Stays",
    "Design",
    "Nursery",
];

const ACQUIRED_BY: [&str; 6] = [
    "Organic search",
    "Paid search",
    "Social",
    "Newsletter",
    "Recommendation",
    "Fair",
];
const ACQUIRED_SHARE: [u32; 6] = [30, 22, 18, 6, 16, 8];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
    Household,
    SmallBusiness,
    Trade,
}

impl Segment {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Household => "Household",
            Self::SmallBusiness => "Small business",
            Self::Trade => "Trade",
        }
    }
}

#[derive(Debug)]
pub(super) struct Customer {
    pub(super) id: i64,
    name: String,
    pub(super) segment: Segment,
    pub(super) country: &'static str,
    city: &'static str,
    pub(super) signed_up: NaiveDateTime,
    acquired_by: &'static str,
    wants_newsletter: bool,
    /// How likely each further order is, of [`MOST_LOYAL`].
    pub(super) loyalty: u32,
    orders: u32,
    spent: i32,
    last_order: Option<NaiveDateTime>,
}

pub(super) const MOST_LOYAL: u32 = 40;

impl Customer {
    pub(super) fn row(&self) -> Row {
        vec![
            self.id.into(),
            self.name.clone().into(),
            self.segment.as_str().into(),
            self.country.into(),
            self.city.into(),
            self.signed_up.into(),
            self.acquired_by.into(),
            self.wants_newsletter.into(),
            self.orders.into(),
            Cell::Cents(self.spent),
            Cell::opt(self.last_order),
        ]
    }

    /// Counts an order of theirs; a cancelled one has no `net`.
    pub(super) fn count_order(&mut self, at: NaiveDateTime, net: i32) {
        self.orders += 1;
        self.spent += net;
        self.last_order = Some(at);
    }
}

/// Countries by how many customers come from each, early and late.
#[derive(Debug)]
pub(super) struct Countries {
    early: Weighted,
    late: Weighted,
}

impl Countries {
    pub(super) fn new() -> Self {
        Self {
            early: Weighted::new(COUNTRIES.iter().map(|country| country.share.0)),
            late: Weighted::new(COUNTRIES.iter().map(|country| country.share.1)),
        }
    }

    /// An index of a country, for someone who comes at `progress` (per mille of the three years).
    fn draw(&self, rng: &mut Rng, progress: u32) -> usize {
        if rng.permille(progress) {
            self.late.pick(rng)
        } else {
            self.early.pick(rng)
        }
    }

    pub(super) fn draw_name(&self, rng: &mut Rng, progress: u32) -> &'static str {
        COUNTRIES[self.draw(rng, progress)].name
    }
}

/// All customers, by the time they signed up.
pub(super) fn generate(rng: &mut Rng, calendar: &Calendar) -> Vec<Customer> {
    let countries = Countries::new();
    let acquired = Weighted::new(ACQUIRED_SHARE);
    let opening = NaiveDate::from_ymd_opt(2023, 1, 1)
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .expect("a day of the calendar");
    let mut times: Vec<_> = (0..COUNT)
        .map(|at| {
            if at < KNOWN_BEFORE {
                opening - TimeDelta::seconds(i64::from(rng.between(3600, 320 * 24 * 3600)))
            } else {
                calendar.draw(rng)
            }
        })
        .collect();
    times.sort_unstable();
    (1..)
        .zip(times)
        .map(|(id, signed_up)| {
            let segment = match rng.below(100) {
                0..=77 => Segment::Household,
                78..=92 => Segment::SmallBusiness,
                _ => Segment::Trade,
            };
            let country = countries.draw(rng, super::calendar::progress(signed_up));
            let loyalty = match segment {
                Segment::Household => rng.between(1, 5).pow(2),
                Segment::SmallBusiness => rng.between(9, 30),
                Segment::Trade => rng.between(18, MOST_LOYAL),
            };
            Customer {
                id,
                name: name(rng, segment),
                segment,
                country: COUNTRIES[country].name,
                city: rng.pick(&COUNTRIES[country].cities),
                signed_up,
                acquired_by: ACQUIRED_BY[acquired.pick(rng)],
                wants_newsletter: rng.percent(41),
                loyalty,
                orders: 0,
                spent: 0,
                last_order: None,
            }
        })
        .collect()
}

fn name(rng: &mut Rng, segment: Segment) -> String {
    let last = format!("{}{}", rng.pick(&LAST_START), rng.pick(&LAST_END));
    match segment {
        Segment::Household => format!("{} {last}", rng.pick(&FIRST)),
        Segment::SmallBusiness | Segment::Trade => format!("{last} {}", rng.pick(&COMPANY)),
    }
}
