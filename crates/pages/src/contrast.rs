//! Contrast of the colours that stand on each other (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::HashMap;

const SHEET: &str = include_str!("../assets/css/colours.css");

type Colours = HashMap<&'static str, [f64; 3]>;

/// The custom properties of the blocks `:root`: the light one, and the dark one that changes it, which stands twice: for
/// systems that are dark, and for readers who chose it.
fn schemes() -> [Colours; 2] {
    let blocks = SHEET.split(":root").skip(1).map(|rest| {
        let (_, rest) = rest.split_once('{').unwrap();
        let block = rest.split_once('}').unwrap().0;
        block.lines().filter_map(colour).collect::<Colours>()
    });
    let blocks: Vec<_> = blocks.filter(|colours| !colours.is_empty()).collect();
    let [light, of_system, chosen] = blocks.as_slice() else {
        panic!("{} schemes are not checked", blocks.len());
    };
    assert_eq!(of_system, chosen, "the two dark schemes are one");
    let mut dark = light.clone();
    dark.extend(of_system);
    [light.clone(), dark]
}

fn colour(line: &'static str) -> Option<(&'static str, [f64; 3])> {
    let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
    let number = u32::from_str_radix(value.strip_suffix(';')?, 16).unwrap();
    let [_, channels @ ..] = number.to_be_bytes();
    Some((name, channels.map(|channel| f64::from(channel) / 255.0)))
}

/// Relative luminance (WCAG 2.2).
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn black_on_white_is_21() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
}

#[test]
fn text_has_a_contrast_of_4_5_and_edges_of_3() {
    let pairs: [(&str, &[&str], f64); 11] = [
        (
            "ink",
            &[
                "paper",
                "surface",
                "sunken",
                "accent-tint",
                "warn-tint",
                "bad-tint",
            ],
            7.0,
        ),
        ("muted", &["paper", "surface", "sunken"], 4.5),
        (
            "accent",
            &["paper", "surface", "sunken", "accent-tint"],
            4.5,
        ),
        (
            "accent-strong",
            &["paper", "surface", "sunken", "accent-tint"],
            4.5,
        ),
        ("warn", &["warn-tint", "surface"], 4.5),
        ("bad", &["bad-tint", "surface", "paper"], 4.5),
        ("on-accent", &["accent", "accent-strong"], 4.5),
        ("on-bad", &["bad"], 4.5),
        // Edges of controls and the ring of the focus (1.4.11).
        ("edge", &["paper", "surface"], 3.0),
        ("accent", &["paper", "surface", "accent-tint"], 3.0),
        ("bad", &["surface"], 3.0),
    ];
    for (scheme, colours) in ["light", "dark"].into_iter().zip(schemes()) {
        for (front, grounds, least) in pairs {
            for ground in grounds {
                let found = contrast(colours[front], colours[ground]);
                assert!(
                    found >= least,
                    "{scheme}: {front} on {ground} is {found:.2}, needs {least}"
                );
            }
        }
    }
}
