mod content;
mod embedded;
mod postgres;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeZone, Utc};
use tidegate_types::ManualClock;

use super::business::Business;
use super::cell::write_copy_row;

fn clock() -> ManualClock {
    ManualClock::at(Utc.with_ymd_and_hms(2026, 3, 4, 5, 6, 7).unwrap())
}

/// Every row of a table, as `COPY … TO STDOUT` prints it.
fn copy_text(business: &Business, table: &str) -> String {
    let mut text = String::new();
    for (found, rows) in business.tables() {
        if found.name == table {
            rows.for_each(|row| write_copy_row(&row, &mut text));
        }
    }
    text
}

/// A change here is another business: raise `VERSION`, and tell those who upgrade.
#[test]
fn the_rows_of_a_version_are_the_same_in_every_run_and_on_every_machine() {
    let business = Business::generate();
    let mut digest = Context::new(&SHA256);
    let mut counts = Vec::new();
    for (table, _) in business.tables() {
        let text = copy_text(&business, table.name);
        counts.push((table.name, text.lines().count()));
        digest.update(text.as_bytes());
    }
    let expected = [
        ("customers", 5000),
        ("products", 120),
        ("orders", 50_000),
        ("order_lines", 107_158),
        ("web_sessions", 80_000),
    ];
    assert_eq!(expected.as_slice(), counts);
    // Base64 of the digest.
    let found = STANDARD.encode(digest.finish());
    assert_eq!("oqzZfAsQmUZcV/TWqIhfcJ4j7AzyIIUt6oNZUQwFFfI=", found);
    assert_eq!(1, super::VERSION);
}

#[test]
fn nothing_happens_after_the_last_day() {
    let business = Business::generate();
    for (table, _) in business.tables() {
        assert!(
            !copy_text(&business, table.name).contains("2026-"),
            "{}",
            table.name
        );
    }
}
