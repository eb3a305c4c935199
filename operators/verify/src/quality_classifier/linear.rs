use std::fmt::Write;

use rifflebox_core::{each_lower_word, grams, mix};
use xxhash_rust::xxh3::xxh3_64;

/// A logistic regression whose weights are whole numbers of millionths, by the hashes of words and pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Linear {
    bits: u32,
    bias: i64,
    weights: Vec<i32>,
}

/// How it is learnt: by stochastic gradient descent on the logistic loss, with steps that shrink from round to round
/// (Bottou 2012, "Stochastic Gradient Descent Tricks").
///
/// Only additions, multiplications, divisions and square roots of f64 are done, one after the other, which IEEE 754 rounds
/// in one way; no result depends on a machine, or on how often it is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training {
    pub(crate) rounds: u32,
    pub(crate) bits: u32,
}

/// The first step.
const RATE: f64 = 4.0;
/// What a weight is in.
const UNIT: f64 = 1e6;
/// The first line of weights that are kept.
const HEAD: &str = "rifflebox quality weights 1";

impl Training {
    /// Learns from examples, good and bad in turn, as often as their numbers are; both weigh the same as a whole.
    pub(crate) fn of(self, good: &[String], bad: &[String]) -> Linear {
        let examples: Vec<(Vec<u32>, bool)> = in_turn(good, bad)
            .map(|(text, is_good)| (features(text, self.bits), is_good))
            .filter(|(features, _)| !features.is_empty())
            .collect();
        let share = |of: usize| (good.len() + bad.len()) as f64 / (2.0 * of.max(1) as f64);
        let (of_good, of_bad) = (share(good.len()), share(bad.len()));
        let (mut weights, mut bias) = (vec![0.0f64; 1 << self.bits], 0.0f64);
        for round in 0..self.rounds {
            let rate = RATE / f64::from(round + 1);
            for (features, is_good) in &examples {
                let scale = 1.0 / (features.len() as f64).sqrt();
                let sum = features.iter().fold(0.0, |sum, feature| sum + weights[*feature as usize]);
                let told = logistic(bias + sum * scale);
                let (wanted, weight) = if *is_good { (1.0, of_good) } else { (0.0, of_bad) };
                let step = rate * weight * (wanted - told);
                features.iter().for_each(|feature| weights[*feature as usize] += step * scale);
                bias += step * 0.01;
            }
        }
        let whole = |weight: f64| (weight * UNIT).round().clamp(-2e9, 2e9);
        Linear {
            bits: self.bits,
            bias: whole(bias) as i64,
            weights: weights.into_iter().map(|weight| whole(weight) as i32).collect(),
        }
    }
}

/// Returns all examples, each kind in its order, spread evenly over the other.
fn in_turn<'a>(good: &'a [String], bad: &'a [String]) -> impl Iterator<Item = (&'a str, bool)> {
    let (mut at_good, mut at_bad) = (0, 0);
    std::iter::from_fn(move || {
        // The kind of which the smaller share was taken.
        let is_good =
            at_good * bad.len() <= at_bad * good.len() && at_good < good.len() || at_bad == bad.len();
        let (texts, at) = if is_good { (good, &mut at_good) } else { (bad, &mut at_bad) };
        let text = texts.get(*at)?;
        *at += 1;
        Some((text.as_str(), is_good))
    })
}

impl Linear {
    /// Returns the probability that a text is good, in millionths; none of a text without a word.
    pub(crate) fn score(&self, text: &str) -> Option<u32> {
        let features = features(text, self.bits);
        if features.is_empty() {
            return None;
        }
        let sum: i64 = features.iter().map(|feature| i64::from(self.weights[*feature as usize])).sum();
        let sum = sum as f64 / (features.len() as f64).sqrt();
        Some((logistic((self.bias as f64 + sum) / UNIT) * 1e6).round() as u32)
    }

    /// Writes the weights that are not zero, one a line.
    pub(crate) fn written(&self) -> String {
        let mut text = format!("{HEAD}\nbits\t{}\nbias\t{}\n", self.bits, self.bias);
        for (feature, weight) in self.weights.iter().enumerate().filter(|(_, weight)| **weight != 0) {
            writeln!(text, "{feature}\t{weight}").expect("a string takes any line");
        }
        text
    }

    /// Reads what [`Linear::written`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(format!("its first line is not `{HEAD}`"));
        }
        let mut named = |name: &str| {
            let line = lines.next().and_then(|line| line.split_once('\t')).filter(|(key, _)| *key == name);
            let number = line.and_then(|(_, number)| number.parse::<i64>().ok());
            number.ok_or_else(|| format!("it does not say `{name}`"))
        };
        let (bits, bias) = (named("bits")?, named("bias")?);
        let bits = u32::try_from(bits).ok().filter(|bits| (8..=24).contains(bits));
        let bits = bits.ok_or("its `bits` are not between 8 and 24")?;
        let mut weights = vec![0; 1 << bits];
        for (index, line) in lines.enumerate() {
            let pair = line.split_once('\t').and_then(|(feature, weight)| {
                Some((feature.parse::<usize>().ok()?, weight.parse::<i32>().ok()?))
            });
            match pair.and_then(|(feature, weight)| Some((weights.get_mut(feature)?, weight))) {
                Some((place, weight)) => *place = weight,
                None => return Err(format!("line {} is no weight", index + 4)),
            }
        }
        Ok(Linear { bits, bias, weights })
    }
}

/// Returns the hashes of the different words and pairs of words of a text, in rising order.
fn features(text: &str, bits: u32) -> Vec<u32> {
    let mut words = Vec::new();
    each_lower_word(text, |word| words.push(xxh3_64(word.as_bytes())));
    let pairs = grams(&words, 2);
    // A pair has another hash than a word, whatever it is.
    let all = words.iter().copied().chain(pairs.into_iter().map(|pair| mix(pair ^ 2)));
    let mut features: Vec<u32> = all.map(|hash| (hash >> (64 - bits)) as u32).collect();
    features.sort_unstable();
    features.dedup();
    features
}

/// Returns `1 / (1 + exp(-x))`.
fn logistic(x: f64) -> f64 {
    let small = exp_of_negative(x.abs());
    match x >= 0.0 {
        true => 1.0 / (1.0 + small),
        false => small / (1.0 + small),
    }
}

/// Returns `exp(-x)` of an x that is not negative, to 15 digits: that of a library differs from machine to machine.
///
/// `exp(-x)` is `exp(-x / 1024)`, of which the Taylor series is short, squared ten times.
fn exp_of_negative(x: f64) -> f64 {
    let small = -x.min(700.0) / 1024.0;
    let mut power = 1.0;
    for number in (1..=14).rev() {
        power = 1.0 + power * small / f64::from(number);
    }
    for _ in 0..10 {
        power *= power;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logistic_function_is_that_of_the_library_nearly() {
        for tenth in -400..400 {
            let x = f64::from(tenth) / 10.0;
            let expected = 1.0 / (1.0 + (-x).exp());
            assert!((logistic(x) - expected).abs() <= expected * 1e-12, "{x}");
        }
        assert_eq!((logistic(0.0), logistic(1e9), logistic(-1e9) < 1e-300), (0.5, 1.0, true));
    }

    #[test]
    fn examples_come_in_turn() {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (good, bad) = (texts(&["a", "b"]), texts(&["1", "2", "3", "4"]));
        let order: String = in_turn(&good, &bad).map(|(text, _)| text).collect();
        assert_eq!(order, "a12b34");
        let order: String = in_turn(&bad, &good).map(|(text, _)| text).collect();
        assert_eq!(order, "1a23b4");
    }

    #[test]
    fn weights_are_read_as_they_were_written() {
        let texts = |text: &str| vec![text.to_owned(); 3];
        let linear = Training { rounds: 2, bits: 8 }.of(&texts("one two"), &texts("three four"));
        assert_eq!(Linear::read(&linear.written()), Ok(linear.clone()));
        assert!(linear.score("one two") > Some(700_000) && linear.score("three") < Some(300_000));
        assert_eq!(linear.score(" … "), None);
        for (wrong, why) in [
            ("", "its first line"),
            ("rifflebox quality weights 1\nbits\t8\n", "it does not say `bias`"),
            ("rifflebox quality weights 1\nbits\t40\nbias\t0\n", "its `bits`"),
            ("rifflebox quality weights 1\nbits\t8\nbias\t0\n256\t1\n", "line 4 is no weight"),
        ] {
            assert!(Linear::read(wrong).unwrap_err().starts_with(why), "{wrong}");
        }
    }
}
