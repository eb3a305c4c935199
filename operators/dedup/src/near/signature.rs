//! MinHash signatures (Broder 1997): the least values that a set's elements take under many permutations.

use pulp::Arch;
use rifflebox_core::mix;

/// Permutations that are computed together: two registers of the widest machines, and the compiler unrolls the rest.
const LANES: usize = 32;

/// Permutations `x -> a x + c` of the 32-bit numbers, by which sets are signed.
///
/// The chance that two sets agree in one value is their Jaccard similarity, as far as such permutations are min-wise
/// independent (Bohman, Cooper, Frieze 2000). They only propose candidates: what is a duplicate is decided on the sets.
#[derive(Clone, Debug)]
pub(crate) struct Permutations {
    blocks: Vec<Block>,
    count: usize,
    arch: Arch,
}

#[derive(Clone, Debug)]
struct Block {
    factors: [u32; LANES],
    summands: [u32; LANES],
}

impl Permutations {
    /// Returns the first `count` permutations: always the same.
    pub(crate) fn new(count: usize) -> Self {
        Self::on(Arch::new(), count)
    }

    fn on(arch: Arch, count: usize) -> Self {
        let draw = |number: usize| mix(mix(number as u64 + 1)) as u32;
        let block = |first: usize| Block {
            factors: std::array::from_fn(|lane| draw(2 * (first + lane)) | 1),
            summands: std::array::from_fn(|lane| draw(2 * (first + lane) + 1)),
        };
        let blocks = (0..count).step_by(LANES).map(block).collect();
        Permutations { blocks, count, arch }
    }

    /// Returns a set's signature: one value per permutation. An element may be given several times.
    #[inline(never)] // Profiles find it by its name.
    pub(crate) fn sign(&self, set: &[u64]) -> Vec<u32> {
        let folded: Vec<u32> = set.iter().map(|element| (element ^ (element >> 32)) as u32).collect();
        let mut signature = Vec::with_capacity(self.blocks.len() * LANES);
        self.arch.dispatch(|| {
            for block in &self.blocks {
                signature.extend_from_slice(&least(block, &folded));
            }
        });
        signature.truncate(self.count);
        signature
    }
}

/// The hot loop: compiled for each instruction set that the dispatch knows.
#[inline(always)]
fn least(block: &Block, elements: &[u32]) -> [u32; LANES] {
    let mut least = [u32::MAX; LANES];
    for &element in elements {
        for ((least, factor), summand) in least.iter_mut().zip(&block.factors).zip(&block.summands) {
            *least = (*least).min(element.wrapping_mul(*factor).wrapping_add(*summand));
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_signs_alike() {
        let set: Vec<u64> = (0..1000).map(|i| mix(i * 77)).collect();
        for count in [1, 31, 32, 33, 128, 200] {
            let signature = Permutations::new(count).sign(&set);
            assert_eq!(signature, Permutations::on(Arch::Scalar, count).sign(&set));
            assert_eq!(signature.len(), count);
        }
    }

    #[test]
    fn agreement_estimates_the_jaccard_similarity() {
        let permutations = Permutations::new(4096);
        for shared in [20, 50, 80, 95] {
            let one: Vec<u64> = (0..1000).map(mix).collect();
            let two: Vec<u64> =
                (0..1000).map(|i| if i < shared * 10 { mix(i) } else { mix(i + 7000) }).collect();
            let jaccard = shared as f64 * 10.0 / (2000.0 - shared as f64 * 10.0);
            let (a, b) = (permutations.sign(&one), permutations.sign(&two));
            let agree = a.iter().zip(&b).filter(|(x, y)| x == y).count() as f64 / 4096.0;
            // Four standard deviations of a share of 4,096 draws.
            assert!(
                (agree - jaccard).abs() < 4.0 * (jaccard * (1.0 - jaccard) / 4096.0).sqrt(),
                "{agree} {jaccard}"
            );
        }
    }
}
