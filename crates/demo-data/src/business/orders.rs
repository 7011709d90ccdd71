//! What was bought: 50,000 orders and their lines.

use chrono::{Days, NaiveDateTime, TimeDelta};

use super::super::cell::{Cell, Row, Table};
use super::super::rng::Rng;
use super::calendar::{self, Calendar, Campaign};
use super::customers::{Customer, MOST_LOYAL, Segment};
use super::products::Catalogue;

pub(super) const COUNT: usize = 50_000;

pub(super) const TABLE: Table = Table {
    name: "orders",
    columns: &[
        "order_id",
        "ordered_at",
        "weekday",
        "hour_of_day",
        "customer_id",
        "segment",
        "country",
        "channel",
        "payment_method",
        "campaign",
        "status",
        "item_count",
        "gross_amount",
        "discount_amount",
        "net_amount",
        "shipping_amount",
        "cost_amount",
        "delivered_at",
    ],
};

pub(super) const LINES: Table = Table {
    name: "order_lines",
    columns: &[
        "line_id",
        "order_id",
        "product_id",
        "quantity",
        "unit_price",
        "discount_amount",
        "net_amount",
        "cost_amount",
    ],
};

/// From this net amount on, in hundredths, shipping is free.
const FREE_SHIPPING: i32 = 6000;
const SHIPPING: i32 = 490;
/// What was ordered within so long before the last order is still under way.
const LONGEST_DELIVERY: TimeDelta = TimeDelta::days(6);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Delivered,
    Shipped,
    Returned,
    Cancelled,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "Delivered",
            Self::Shipped => "Shipped",
            Self::Returned => "Returned",
            Self::Cancelled => "Cancelled",
        }
    }
}

#[derive(Debug)]
pub(super) struct Order {
    id: i64,
    at: NaiveDateTime,
    customer: i64,
    segment: Segment,
    country: &'static str,
    channel: &'static str,
    payment: &'static str,
    campaign: Option<&'static str>,
    status: Status,
    items: u32,
    gross: i32,
    discount: i32,
    shipping: i32,
    cost: i32,
    delivered: Option<NaiveDateTime>,
}

impl Order {
    pub(super) fn row(&self) -> Row {
        vec![
            self.id.into(),
            self.at.into(),
            calendar::weekday(self.at).into(),
            calendar::hour(self.at).into(),
            self.customer.into(),
            self.segment.as_str().into(),
            self.country.into(),
            self.channel.into(),
            self.payment.into(),
            Cell::opt(self.campaign),
            self.status.as_str().into(),
            self.items.into(),
            Cell::Cents(self.gross),
            Cell::Cents(self.discount),
            Cell::Cents(self.gross - self.discount),
            Cell::Cents(self.shipping),
            Cell::Cents(self.cost),
            Cell::opt(self.delivered),
        ]
    }
}

#[derive(Debug)]
pub(super) struct Line {
    id: i64,
    order: i64,
    product: i64,
    quantity: i32,
    price: i32,
    discount: i32,
    cost: i32,
}

impl Line {
    pub(super) fn row(&self) -> Row {
        let gross = self.price * self.quantity;
        vec![
            self.id.into(),
            self.order.into(),
            self.product.into(),
            Cell::Int(i64::from(self.quantity)),
            Cell::Cents(self.price),
            Cell::Cents(self.discount),
            Cell::Cents(gross - self.discount),
            Cell::Cents(self.cost * self.quantity),
        ]
    }
}

/// All orders, by time, with their lines; counts them at their customers.
pub(super) fn generate(
    rng: &mut Rng,
    calendar: &Calendar,
    catalogue: &Catalogue,
    customers: &mut [Customer],
) -> (Vec<Order>, Vec<Line>) {
    let times = calendar.draw_sorted(rng, COUNT);
    let last = *times.last().expect("there are orders");
    let mut orders = Vec::with_capacity(COUNT);
    let mut lines = Vec::with_capacity(COUNT * 5 / 2);
    for (id, at) in (1..).zip(times) {
        let customer = who(rng, customers, at);
        let campaign =
            calendar::campaign_on(at.date()).filter(|campaign| rng.percent(campaign.share));
        let first_line = lines.len();
        let returns = add_lines(
            rng,
            &mut lines,
            id,
            at,
            catalogue,
            customer.segment,
            campaign,
        );
        let of_order = &lines[first_line..];
        let gross = of_order
            .iter()
            .map(|line| line.price * line.quantity)
            .sum::<i32>();
        let discount = of_order.iter().map(|line| line.discount).sum::<i32>();
        let net = gross - discount;
        let status = status(rng, at, last, returns);
        customer.count_order(at, if status == Status::Cancelled { 0 } else { net });
        let is_free = net >= FREE_SHIPPING || customer.segment == Segment::Trade;
        orders.push(Order {
            id,
            at,
            customer: customer.id,
            segment: customer.segment,
            country: customer.country,
            channel: channel(rng, at, customer.segment),
            payment: payment(rng, customer.segment),
            campaign: campaign.map(|campaign| campaign.name),
            status,
            items: of_order
                .iter()
                .map(|line| line.quantity.unsigned_abs())
                .sum(),
            gross,
            discount,
            shipping: if is_free { 0 } else { SHIPPING },
            cost: of_order.iter().map(|line| line.cost * line.quantity).sum(),
            delivered: delivered(rng, at, status),
        });
    }
    (orders, lines)
}

/// A customer who had signed up by `at`, loyal ones more often.
fn who<'a>(rng: &mut Rng, customers: &'a mut [Customer], at: NaiveDateTime) -> &'a mut Customer {
    let known = customers.partition_point(|customer| customer.signed_up <= at);
    // One in four orders comes from those who signed up last, as first orders do.
    let from = if rng.percent(25) {
        known - known.min(60)
    } else {
        0
    };
    loop {
        let index = from + rng.index(known - from);
        if rng.below(MOST_LOYAL) < customers[index].loyalty {
            return &mut customers[index];
        }
    }
}

/// Adds the lines of one order. Returns how likely it comes back, in per mille.
fn add_lines(
    rng: &mut Rng,
    lines: &mut Vec<Line>,
    order: i64,
    at: NaiveDateTime,
    catalogue: &Catalogue,
    segment: Segment,
    campaign: Option<&Campaign>,
) -> u32 {
    let count = match segment {
        Segment::Household => [1, 1, 1, 2, 2, 3][rng.index(6)],
        Segment::SmallBusiness => rng.between(1, 4),
        Segment::Trade => rng.between(2, 6),
    };
    let first = lines.len();
    let mut returns = 0;
    for _ in 0..count {
        let product = catalogue.draw(rng, at);
        if lines[first..]
            .iter()
            .any(|line: &Line| line.product == product.id)
        {
            continue; // Twice the same would be one line of two.
        }
        let quantity = match segment {
            Segment::Household => rng
                .between(1, product.most)
                .min(rng.between(1, product.most)),
            Segment::SmallBusiness => rng.between(1, product.most),
            Segment::Trade => rng.between(1, product.most * 2),
        };
        let quantity = i32::try_from(quantity).expect("eight at the most");
        // Prices rose by eight per cent over the three years, in steps of ten hundredths.
        let rise = i32::try_from(calendar::progress(at) * 8 / 1000).expect("eight at the most");
        let price = product.price + product.price * rise / 1000 * 10;
        let percent = campaign.map_or(0, |campaign| campaign.discount)
            + if segment == Segment::Trade { 5 } else { 0 };
        let percent = i32::try_from(percent).expect("below a hundred");
        returns = returns.max(product.returns);
        lines.push(Line {
            id: i64::try_from(lines.len() + 1).expect("lines are far fewer than that"),
            order,
            product: product.id,
            quantity,
            price,
            discount: price * quantity * percent / 100,
            cost: product.cost,
        });
    }
    // What was bought for its low price comes back more often.
    if campaign.is_some() {
        returns * 3 / 2
    } else {
        returns
    }
}

fn status(rng: &mut Rng, at: NaiveDateTime, last: NaiveDateTime, returns: u32) -> Status {
    if rng.permille(21) {
        Status::Cancelled
    } else if last - at < LONGEST_DELIVERY {
        Status::Shipped
    } else if rng.permille(returns) {
        Status::Returned
    } else {
        Status::Delivered
    }
}

fn channel(rng: &mut Rng, at: NaiveDateTime, segment: Segment) -> &'static str {
    let progress = calendar::progress(at);
    if segment == Segment::Trade && rng.percent(45) {
        return "Phone";
    }
    match rng.below(1000) {
        app if app < 90 + progress * 30 / 100 => "App",
        market if market < 250 + progress * 28 / 100 => "Marketplace",
        phone if phone < 290 + progress * 26 / 100 => "Phone",
        _ => "Web",
    }
}

fn payment(rng: &mut Rng, segment: Segment) -> &'static str {
    match (segment, rng.below(100)) {
        (Segment::Trade, 0..=69) | (_, 0..=17) => "Invoice",
        (_, 18..=57) => "Card",
        (_, 58..=84) => "Wallet",
        _ => "Bank transfer",
    }
}

fn delivered(rng: &mut Rng, at: NaiveDateTime, status: Status) -> Option<NaiveDateTime> {
    match status {
        Status::Cancelled | Status::Shipped => None,
        // Two to five days, to an hour of the day.
        Status::Delivered | Status::Returned => at
            .date()
            .checked_add_days(Days::new(u64::from(
                rng.between(2, 5).min(rng.between(2, 5)),
            )))?
            .and_hms_opt(rng.between(8, 18), rng.below(60), 0),
    }
}
