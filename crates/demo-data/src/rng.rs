//! The generator behind the sample data.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014, figure 15).
///
/// Written out here because the sample data must be the same in every release: a crate's generator may
/// change with its version. Nothing secret comes from it.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// A stream of its own for `purpose`, so that changing one table leaves the others as they were.
    pub(super) fn for_purpose(seed: u64, purpose: &str) -> Self {
        // FNV-1a, 64 bits.
        let hash = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        Self(seed ^ hash)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `bound`. The bias of a bound below 2³² is under 2⁻³².
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        debug_assert!(bound > 0, "there is no number below 0");
        let high = (self.next() >> 32) * u64::from(bound);
        u32::try_from(high >> 32).expect("32 bits times 32 bits, shifted right by 32")
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of 100 cases.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// True in `permille` of 1,000 cases.
    pub(super) fn permille(&mut self, permille: u32) -> bool {
        self.below(1000) < permille
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// An index into something of `len` elements.
    pub(super) fn index(&mut self, len: usize) -> usize {
        let bound = u32::try_from(len).expect("tables of this module are small");
        self.below(bound) as usize
    }

    pub(super) fn uuid(&mut self) -> uuid::Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

/// Chooses indexes with given weights.
#[derive(Debug, Clone)]
pub(super) struct Weighted {
    /// The sum of the weights up to and with each index.
    sums: Vec<u32>,
}

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let sums = weights
            .into_iter()
            .scan(0_u32, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        Self { sums }
    }

    pub(super) fn pick(&self, rng: &mut Rng) -> usize {
        let total = *self.sums.last().expect("there is at least one weight");
        let at = rng.below(total);
        self.sums.partition_point(|sum| *sum <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_the_paper() {
        // The first numbers for seed 1234567, as published with the algorithm's reference code.
        let mut rng = Rng(1_234_567);
        assert_eq!(
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973],
            [rng.next(), rng.next()]
        );
    }

    #[test]
    fn a_weight_of_zero_is_never_chosen_and_the_others_in_proportion() {
        let mut rng = Rng(7);
        let weighted = Weighted::new([0, 3, 0, 1]);
        let mut counts = [0; 4];
        for _ in 0..4000 {
            counts[weighted.pick(&mut rng)] += 1;
        }
        assert_eq!([0, 0], [counts[0], counts[2]]);
        assert!((2850..3150).contains(&counts[1]), "{counts:?}");
    }
}
