//! How equal things, such as slots and connections, are shared by those who ask for them.
//!
//! What is in use cannot be taken away, so a newcomer is served at once only while something is free. The rule is the
//! dynamic threshold of shared switch buffers (Choudhury and Hahne, 1998): whoever holds some may take one more while
//! they hold less than three times of what is free, and the last one is for somebody who holds none. One holder alone
//! gets three quarters, `n` of them share `3n/(3n+1)` evenly, and each newcomer finds one free.

/// How many times of what is free one holder may have.
const SHARE: usize = 3;

/// Whether whoever holds `held` may take one more of the `free` ones.
pub const fn may_take_one_more(held: usize, free: usize) -> bool {
    match free {
        0 => false,
        1 => held == 0,
        free => held < SHARE.saturating_mul(free),
    }
}

/// How many a holder comes to who takes all that [`may_take_one_more`] allows, where `room` is what they hold and what is
/// free.
pub const fn most_of(room: usize) -> usize {
    if room < 2 {
        return room;
    }
    let share = SHARE.saturating_mul(room).div_ceil(SHARE + 1);
    if share < room { share } else { room - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: std::ops::Range<usize> = 0..300;

    #[test]
    fn one_holder_alone_gets_three_quarters_and_leaves_one() {
        let taken = [0, 1, 2, 3, 4, 5, 8, 16, 32, 100].map(most_of);
        assert_eq!([0, 1, 1, 2, 3, 4, 6, 12, 24, 75], taken);
    }

    #[test]
    fn the_most_is_where_taking_one_by_one_ends() {
        for room in SIZES {
            let mut held = 0;
            while may_take_one_more(held, room - held) {
                held += 1;
            }
            assert_eq!(held, most_of(room), "{room}");
        }
    }

    #[test]
    fn who_holds_fewer_than_the_most_of_their_room_may_take_one_more_and_nobody_else() {
        for held in SIZES {
            for free in SIZES {
                let expected = held < most_of(held + free);
                assert_eq!(
                    expected,
                    may_take_one_more(held, free),
                    "{held} held, {free} free"
                );
            }
        }
    }

    #[test]
    fn a_newcomer_finds_one_wherever_there_is_more_than_one() {
        for total in SIZES.skip(2) {
            let free = total - most_of(total);
            assert!(may_take_one_more(0, free), "{total}");
        }
    }

    #[test]
    fn who_may_take_one_may_take_one_as_well_while_more_are_free_or_they_hold_less() {
        for held in SIZES {
            for free in SIZES {
                if may_take_one_more(held, free) {
                    assert!(
                        may_take_one_more(held, free + 1),
                        "{held} held, {free} free"
                    );
                    assert!(held == 0 || may_take_one_more(held - 1, free));
                }
            }
        }
        assert!(may_take_one_more(7, usize::MAX) && most_of(usize::MAX) < usize::MAX);
    }
}
