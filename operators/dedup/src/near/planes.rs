//! Random hyperplanes (Charikar 2002): on which side of each a vector lies.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use pulp::Arch;

use rifflebox_core::mix;

/// Hyperplanes through the origin, by which vectors are signed.
///
/// The chance that two vectors lie on the same side of one is `1 - angle / pi`. They only propose candidates: what is a
/// duplicate is decided on the vectors.
#[derive(Debug)]
pub(crate) struct Planes {
    count: usize,
    arch: Arch,
    /// The planes' normals by the vectors' dimension: of every dimension one number for each plane.
    normals: RwLock<BTreeMap<usize, Arc<Vec<f32>>>>,
}

impl Planes {
    /// Returns the first `count` planes: always the same.
    pub(crate) fn new(count: usize) -> Self {
        Planes { count, arch: Arch::new(), normals: RwLock::default() }
    }

    /// Returns, for each plane, 1 if the vector lies above it, and else 0.
    pub(crate) fn sign(&self, vector: &[f32]) -> Vec<u32> {
        let normals = self.normals(vector.len());
        let mut sums = vec![0.0f32; self.count];
        // Each plane adds up its own numbers in order, so every machine finds the same side.
        self.arch.dispatch(|| {
            for (value, row) in vector.iter().zip(normals.chunks_exact(self.count)) {
                add_scaled(&mut sums, *value, row);
            }
        });
        sums.into_iter().map(|sum| u32::from(sum >= 0.0)).collect()
    }

    fn normals(&self, dimension: usize) -> Arc<Vec<f32>> {
        const LOCK: &str = "nobody panics while it is held";
        if let Some(normals) = self.normals.read().expect(LOCK).get(&dimension) {
            return normals.clone();
        }
        let normals = Arc::new((0..dimension * self.count).map(|index| normal(index as u64)).collect());
        self.normals.write().expect(LOCK).entry(dimension).or_insert(normals).clone()
    }
}

#[inline(always)]
fn add_scaled(sums: &mut [f32], scale: f32, row: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += scale * value;
    }
}

/// Draws a nearly normal number from an index: the sum of eight uniform bytes, less their mean (Irwin-Hall).
///
/// Exact in any arithmetic, where logarithms and cosines differ from machine to machine.
fn normal(index: u64) -> f32 {
    let bytes = mix(mix(index + 1)).to_le_bytes();
    bytes.iter().map(|byte| f32::from(*byte)).sum::<f32>() - 1020.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(seed: u64, dimension: u64) -> Vec<f32> {
        (0..dimension).map(|index| normal(mix(seed) ^ index)).collect()
    }

    #[test]
    fn the_share_of_sides_that_agree_tells_the_angle() {
        let planes = Planes::new(8192);
        for weight in [0.0f32, 0.3, 1.0, 3.0] {
            let (one, other) = (vector(1, 64), vector(2, 64));
            let two: Vec<f32> = one.iter().zip(&other).map(|(a, b)| a * weight + b).collect();
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum::<f64>();
            let cosine = dot(&one, &two) / (dot(&one, &one) * dot(&two, &two)).sqrt();
            let expected = 1.0 - cosine.acos() / std::f64::consts::PI;
            let (a, b) = (planes.sign(&one), planes.sign(&two));
            let agree = a.iter().zip(&b).filter(|(x, y)| x == y).count() as f64 / 8192.0;
            // Four standard deviations of a share of 8,192 draws.
            let bound = 4.0 * (expected * (1.0 - expected) / 8192.0).sqrt();
            assert!((agree - expected).abs() < bound, "{agree} {expected}");
        }
    }

    #[test]
    fn every_instruction_set_signs_alike() {
        let plain = Planes { arch: Arch::Scalar, ..Planes::new(100) };
        for seed in 0..20 {
            assert_eq!(Planes::new(100).sign(&vector(seed, 33)), plain.sign(&vector(seed, 33)));
        }
    }
}
