//! Banding (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, ch. 3.4): rows of a signature that must all agree.

use rifflebox_core::Key;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::meet::Order;

/// How a signature is cut: two sets of Jaccard `s` share a band with a chance of `1 - (1 - s^rows)^bands`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Banding {
    pub(crate) bands: usize,
    pub(crate) rows: usize,
}

/// Bands at most: for thresholds that are low, more is looked at in vain instead.
const MOST_BANDS: usize = 128;

impl Banding {
    /// Returns the fewest bands by which at most `miss_rate` of the pairs whose values agree with a chance of `agree`
    /// never meet, and at most `in_vain` of those whose values agree with a chance of `unlike` do.
    pub(crate) fn of(agree: f64, miss_rate: f64, unlike: f64, in_vain: f64) -> Self {
        let bands = |rows: i32| match agree.powi(rows) {
            chance if chance >= 1.0 => 1.0,
            chance => (miss_rate.ln() / (1.0 - chance).ln()).ceil().max(1.0),
        };
        let mut best = Banding { bands: bands(1) as usize, rows: 1 };
        for rows in 2..=32 {
            let next = bands(rows);
            if best.meet(unlike) <= in_vain || next > MOST_BANDS as f64 {
                break;
            }
            best = Banding { bands: next as usize, rows: rows as usize };
        }
        best
    }

    /// Returns the chance of meeting of two whose values agree with a chance of `agree`.
    fn meet(&self, agree: f64) -> f64 {
        1.0 - (1.0 - agree.powi(self.rows as i32)).powi(self.bands as i32)
    }

    /// Returns how many values a signature needs that [`Banding::each`] takes so many bits of: those of all bands, and so
    /// many that no band's order comes round to its own.
    pub(crate) fn values(&self, bits: u32) -> usize {
        (self.bands * self.rows).max(self.rows + Order::values(bits))
    }

    /// Calls `each` with every band's key, and with the values that follow in the signature, from the first again after the
    /// last, by which a crowd can be ordered: rows that agree there too are likelier alike. The lowest `bits` of a value
    /// tell it from most others; what is of another `kind` is never met.
    pub(crate) fn each(&self, signature: &[u32], bits: u32, kind: &[u8], mut each: impl FnMut(Key, Order)) {
        let mut bytes = Vec::with_capacity(self.rows * 4 + kind.len());
        for band in 0..self.bands {
            bytes.clear();
            bytes.extend_from_slice(kind);
            let rows = &signature[band * self.rows..(band + 1) * self.rows];
            rows.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            let next = (band + 1) * self.rows;
            let next = (next..next + Order::values(bits)).map(|index| signature[index % signature.len()]);
            let order = next.fold(0, |order, value| (order << bits) | u64::from(value & ((1 << bits) - 1)));
            each(Key::from_u128(xxh3_128_with_seed(&bytes, band as u64)), Order(order));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stated_share_meets_at_the_threshold() {
        for threshold in [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0] {
            for miss_rate in [0.05, 0.01, 0.001] {
                let banding = Banding::of(threshold, miss_rate, threshold / 2.0, 0.25);
                assert!(banding.meet(threshold) >= 1.0 - miss_rate, "{threshold} {miss_rate} {banding:?}");
                assert!(banding.bands <= MOST_BANDS || banding.rows == 1);
            }
        }
        assert_eq!(Banding { bands: 7, rows: 3 }.values(4), 21);
        assert_eq!(Banding { bands: 1, rows: 2 }.values(4), 18, "sixteen values are not the band's own");
        assert_eq!(Banding::of(0.8, 0.01, 0.4, 0.4), Banding { bands: 7, rows: 3 });
        assert_eq!(Banding::of(0.8, 0.01, 0.4, 0.25), Banding { bands: 9, rows: 4 });
    }
}
