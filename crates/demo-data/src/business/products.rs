//! What the business sells: 120 products in 8 categories.

use chrono::{Days, NaiveDate, NaiveDateTime};

use super::super::cell::{Cell, Row, Table};
use super::super::rng::{Rng, Weighted};
use super::calendar;

pub(super) const TABLE: Table = Table {
    name: "products",
    columns: &[
        "product_id",
        "sku",
        "product_name",
        "category",
        "subcategory",
        "list_price",
        "unit_cost",
        "introduced_at",
        "is_active",
    ],
};

/// A category: its demand by month in per cent of its average, how often its things come back in per
/// mille, and its things with their prices in whole units.
struct Category {
    name: &'static str,
    demand: u32,
    months: [u32; 12],
    returns: u32,
    /// Subcategories with five things each.
    things: [(&'static str, [(&'static str, u32); 5]); 3],
}

const EVEN: [u32; 12] = [100; 12];
const SPRING: [u32; 12] = [40, 70, 170, 220, 190, 130, 90, 70, 90, 60, 40, 30];
const SUMMER: [u32; 12] = [30, 40, 70, 120, 170, 210, 220, 160, 90, 40, 30, 20];
const WINTER: [u32; 12] = [130, 110, 80, 60, 50, 40, 40, 60, 90, 130, 190, 220];
const GIFTS: [u32; 12] = [70, 90, 80, 80, 90, 80, 70, 80, 90, 100, 150, 220];

const CATEGORIES: [Category; 8] = [
    Category {
        name: "Garden",
        demand: 150,
        months: SPRING,
        returns: 35,
        things: [
            (
                "Planting",
                [
                    ("Seed tray of twelve", 14),
                    ("Cedar planter", 68),
                    ("Bulb trowel", 19),
                    ("Raised bed kit", 129),
                    ("Peat-free potting soil", 12),
                ],
            ),
            (
                "Watering",
                [
                    ("Copper watering can", 54),
                    ("Soaker hose 15 m", 32),
                    ("Rain gauge", 17),
                    ("Olla pot", 29),
                    ("Hose reel", 89),
                ],
            ),
            (
                "Composting",
                [
                    ("Worm bin", 94),
                    ("Kitchen caddy", 24),
                    ("Compost thermometer", 21),
                    ("Leaf rake", 27),
                    ("Compost starter", 9),
                ],
            ),
        ],
    },
    Category {
        name: "Kitchen",
        demand: 170,
        months: GIFTS,
        returns: 50,
        things: [
            (
                "Cookware",
                [
                    ("Cast iron pan 26 cm", 62),
                    ("Enamel stockpot", 79),
                    ("Stoneware baking dish", 38),
                    ("Steel saucepan", 49),
                    ("Bread cloche", 72),
                ],
            ),
            (
                "Knives",
                [
                    ("Paring knife", 26),
                    ("Chef's knife 20 cm", 98),
                    ("Bread knife", 57),
                    ("Whetstone 1000/3000", 44),
                    ("Magnetic knife bar", 36),
                ],
            ),
            (
                "Storage",
                [
                    ("Swing-top jar set", 23),
                    ("Beeswax wraps", 16),
                    ("Flour bin", 41),
                    ("Glass lunch box", 18),
                    ("Spice drawer insert", 28),
                ],
            ),
        ],
    },
    Category {
        name: "Workshop",
        demand: 90,
        months: EVEN,
        returns: 42,
        things: [
            (
                "Hand tools",
                [
                    ("Block plane", 84),
                    ("Dovetail saw", 67),
                    ("Marking gauge", 31),
                    ("Ball hammer", 28),
                    ("Bit brace", 59),
                ],
            ),
            (
                "Fixings",
                [
                    ("Brass screw box", 15),
                    ("Coach bolt set", 22),
                    ("Hook assortment", 11),
                    ("Oak dowel pack", 8),
                    ("Hinge pair", 13),
                ],
            ),
            (
                "Safety",
                [
                    ("Leather gloves", 27),
                    ("Folding goggles", 19),
                    ("Ear defenders", 34),
                    ("Canvas apron", 46),
                    ("First aid tin", 25),
                ],
            ),
        ],
    },
    Category {
        name: "Lighting",
        demand: 80,
        months: WINTER,
        returns: 74,
        things: [
            (
                "Lamps",
                [
                    ("Clamp desk lamp", 76),
                    ("Paper floor lamp", 118),
                    ("Reading lamp", 64),
                    ("Porch lamp", 88),
                    ("Ceramic table lamp", 92),
                ],
            ),
            (
                "Lanterns",
                [
                    ("Storm lantern", 39),
                    ("Solar path light", 21),
                    ("Folding lantern", 33),
                    ("Candle lantern", 29),
                    ("Rechargeable lantern", 58),
                ],
            ),
            (
                "Candles",
                [
                    ("Beeswax pillar", 14),
                    ("Tealights, fifty", 12),
                    ("Dinner candles", 10),
                    ("Snuffer", 16),
                    ("Citronella tin", 13),
                ],
            ),
        ],
    },
    Category {
        name: "Textiles",
        demand: 100,
        months: WINTER,
        returns: 118,
        things: [
            (
                "Blankets",
                [
                    ("Wool throw", 96),
                    ("Picnic blanket", 52),
                    ("Quilted bedspread", 149),
                    ("Cotton waffle blanket", 74),
                    ("Knee blanket", 43),
                ],
            ),
            (
                "Cushions",
                [
                    ("Linen cushion", 37),
                    ("Floor cushion", 61),
                    ("Bench pad", 48),
                    ("Bolster", 42),
                    ("Chair pad", 24),
                ],
            ),
            (
                "Towels",
                [
                    ("Hammam towel", 31),
                    ("Tea towel pair", 15),
                    ("Bath sheet", 39),
                    ("Face cloths, four", 17),
                    ("Beach towel", 35),
                ],
            ),
        ],
    },
    Category {
        name: "Outdoor",
        demand: 85,
        months: SUMMER,
        returns: 66,
        things: [
            (
                "Camping",
                [
                    ("Two-person tent", 219),
                    ("Down sleeping bag", 189),
                    ("Enamel mug", 13),
                    ("Camp stove", 72),
                    ("Dry bag 20 l", 28),
                ],
            ),
            (
                "Fire pits",
                [
                    ("Steel fire bowl", 158),
                    ("Grill grate", 45),
                    ("Kindling splitter", 82),
                    ("Fire poker", 26),
                    ("Ash bucket", 34),
                ],
            ),
            (
                "Hammocks",
                [
                    ("Cotton hammock", 78),
                    ("Hammock stand", 139),
                    ("Tree straps", 24),
                    ("Hanging chair", 112),
                    ("Bug net", 36),
                ],
            ),
        ],
    },
    Category {
        name: "Paper",
        demand: 75,
        months: GIFTS,
        returns: 14,
        things: [
            (
                "Notebooks",
                [
                    ("Dot grid notebook", 16),
                    ("Garden journal", 22),
                    ("Pocket notebook trio", 12),
                    ("Desk planner", 27),
                    ("Sketchbook A4", 24),
                ],
            ),
            (
                "Cards",
                [
                    ("Letterpress card set", 18),
                    ("Wrapping paper rolls", 14),
                    ("Gift tags", 6),
                    ("Advent calendar", 23),
                    ("Postcard box", 15),
                ],
            ),
            (
                "Pens",
                [
                    ("Brass ballpoint", 38),
                    ("Graphite pencils", 9),
                    ("Fountain pen", 54),
                    ("Ink bottle", 17),
                    ("Pencil sharpener", 11),
                ],
            ),
        ],
    },
    Category {
        name: "Pantry",
        demand: 130,
        months: GIFTS,
        returns: 6,
        things: [
            (
                "Tea",
                [
                    ("Breakfast tea tin", 13),
                    ("Herb garden tea", 11),
                    ("Smoked black tea", 15),
                    ("Tea sampler", 26),
                    ("Stoneware teapot", 47),
                ],
            ),
            (
                "Preserves",
                [
                    ("Quince jelly", 8),
                    ("Tomato relish", 7),
                    ("Forest honey", 14),
                    ("Lemon curd", 9),
                    ("Pickled walnuts", 12),
                ],
            ),
            (
                "Spices",
                [
                    ("Smoked paprika", 6),
                    ("Pepper mill", 42),
                    ("Curry blend", 8),
                    ("Sea salt crock", 19),
                    ("Mulling spices", 10),
                ],
            ),
        ],
    },
];

#[derive(Debug)]
pub(super) struct Product {
    pub(super) id: i64,
    sku: String,
    name: &'static str,
    category: usize,
    subcategory: &'static str,
    /// In hundredths.
    pub(super) price: i32,
    pub(super) cost: i32,
    introduced: NaiveDateTime,
    is_active: bool,
    popularity: u32,
    /// How many of it stand in one order line at the most.
    pub(super) most: u32,
    pub(super) returns: u32,
}

impl Product {
    pub(super) fn row(&self) -> Row {
        vec![
            self.id.into(),
            self.sku.clone().into(),
            self.name.into(),
            CATEGORIES[self.category].name.into(),
            self.subcategory.into(),
            Cell::Cents(self.price),
            Cell::Cents(self.cost),
            self.introduced.into(),
            self.is_active.into(),
        ]
    }

    pub(super) fn is_sold_at(&self, at: NaiveDateTime) -> bool {
        self.introduced <= at
    }
}

/// The catalogue, and what is bought of it in each month.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) products: Vec<Product>,
    demand: Vec<Weighted>,
}

impl Catalogue {
    pub(super) fn generate(rng: &mut Rng) -> Self {
        let mut products = Vec::with_capacity(120);
        for (at, category) in CATEGORIES.iter().enumerate() {
            for (subcategory, things) in &category.things {
                for (name, price) in things {
                    products.push(product(rng, products.len(), at, subcategory, name, *price));
                }
            }
        }
        let demand = (0..12)
            .map(|month| {
                Weighted::new(products.iter().map(|product| {
                    let category = &CATEGORIES[product.category];
                    category.demand * category.months[month] * product.popularity / 100
                }))
            })
            .collect();
        Self { products, demand }
    }

    /// Something that is on sale at `at`.
    pub(super) fn draw(&self, rng: &mut Rng, at: NaiveDateTime) -> &Product {
        let demand = &self.demand[calendar::month(at)];
        // Most things were there from the start, so this ends after a few rounds at the most.
        loop {
            let product = &self.products[demand.pick(rng)];
            if product.is_sold_at(at) {
                return product;
            }
        }
    }
}

fn product(
    rng: &mut Rng,
    at: usize,
    category: usize,
    subcategory: &'static str,
    name: &'static str,
    price: u32,
) -> Product {
    // Prices end in 90 or 50 hundredths.
    let price = price * 100 - if rng.percent(70) { 10 } else { 50 };
    let cost = price * rng.between(42, 66) / 100;
    let start = NaiveDate::from_ymd_opt(2022, 2, 1).expect("a day of the calendar");
    // One in six came during the three years.
    let introduced_after = if rng.percent(17) {
        rng.between(365, 1250)
    } else {
        rng.between(0, 300)
    };
    let introduced = start
        .checked_add_days(Days::new(u64::from(introduced_after)))
        .and_then(|day| day.and_hms_opt(8, 0, 0))
        .expect("a few years after 2022 is a date");
    // Long-tailed: the square of a small number.
    let popularity = rng.between(3, 14).pow(2);
    let prefix: String = CATEGORIES[category].name.chars().take(3).collect();
    Product {
        id: i64::try_from(at + 1).expect("120 products"),
        sku: format!("{}-{:04}", prefix.to_uppercase(), 1000 + at * 7),
        name,
        category,
        subcategory,
        price: i32::try_from(price).expect("prices are below a thousand"),
        cost: i32::try_from(cost).expect("costs are below prices"),
        introduced,
        is_active: rng.percent(94),
        popularity,
        most: if price < 2000 { 4 } else { 2 },
        returns: CATEGORIES[category].returns,
    }
}
