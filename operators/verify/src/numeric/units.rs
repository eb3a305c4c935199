//! Units of measure and of money, and what they are of.
//!
//! Factors are exact by definition: of metric units by the SI Brochure (BIPM, 9th edition), of inches, feet, yards, miles,
//! pounds and ounces by the agreement of 1959, and of the gallon and its parts by NIST Handbook 44, appendix C. Months have
//! no fixed number of days, so they are of a dimension of their own. What a word may mean twice (`ton`, `MB`, `in`) is not
//! listed.

use std::collections::BTreeMap;
use std::fmt;

use num_bigint::BigInt;

use super::exact::{Exact, ten_to};

/// The exponents of base units; empty for a bare number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dimension(BTreeMap<&'static str, i32>);

impl Dimension {
    pub(super) fn of(base: &'static str, exponent: i32) -> Self {
        Dimension(BTreeMap::from([(base, exponent)]))
    }

    pub(super) fn is_bare(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the dimension of a product with a power of the other.
    pub(super) fn times(&self, other: &Self, power: i32) -> Self {
        let mut all = self.0.clone();
        for (base, exponent) in &other.0 {
            let sum = all.entry(base).or_default();
            *sum = sum.saturating_add(exponent.saturating_mul(power));
        }
        all.retain(|_, exponent| *exponent != 0);
        Dimension(all)
    }

    /// Returns whether one counts months, and the other seconds.
    pub(super) fn mixes_calendar(&self, other: &Self) -> bool {
        let has = |one: &Self, base| one.0.contains_key(base);
        has(self, "month") && has(other, "s") || has(self, "s") && has(other, "month")
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_bare() {
            return f.write_str("a bare number");
        }
        for (at, (base, exponent)) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "·" })?;
            f.write_str(base)?;
            if *exponent != 1 {
                write!(f, "^{exponent}")?;
            }
        }
        Ok(())
    }
}

/// A unit: so many of the base units of its dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unit {
    pub(super) scale: Exact,
    pub(super) dimension: Dimension,
}

impl Unit {
    /// Returns the unit raised to a power.
    pub(super) fn to(&self, power: i32) -> Self {
        Unit { scale: self.scale.pow(power), dimension: Dimension::default().times(&self.dimension, power) }
    }
}

/// Names, base unit, its exponent, and the factor as numerator and denominator.
type Row = (&'static [&'static str], &'static str, i32, i64, i64);

const TABLE: &[Row] = &[
    (&["mm", "millimeter", "millimetre"], "m", 1, 1, 1_000),
    (&["cm", "centimeter", "centimetre"], "m", 1, 1, 100),
    (&["dm", "decimeter", "decimetre"], "m", 1, 1, 10),
    (&["m", "meter", "metre"], "m", 1, 1, 1),
    (&["km", "kilometer", "kilometre"], "m", 1, 1_000, 1),
    (&["inch", "inches"], "m", 1, 254, 10_000),
    (&["ft", "foot", "feet"], "m", 1, 3_048, 10_000),
    (&["yd", "yard"], "m", 1, 9_144, 10_000),
    (&["mi", "mile"], "m", 1, 1_609_344, 1_000),
    (&["hectare", "ha"], "m", 2, 10_000, 1),
    (&["acre"], "m", 2, 40_468_564_224, 10_000_000),
    (&["ml", "mL", "milliliter", "millilitre"], "m", 3, 1, 1_000_000),
    (&["cl", "cL", "centiliter", "centilitre"], "m", 3, 1, 100_000),
    (&["dl", "dL", "deciliter", "decilitre"], "m", 3, 1, 10_000),
    (&["l", "L", "liter", "litre"], "m", 3, 1, 1_000),
    (&["gal", "gallon"], "m", 3, 3_785_411_784, 1_000_000_000_000),
    (&["quart", "qt"], "m", 3, 946_352_946, 1_000_000_000_000),
    (&["pint"], "m", 3, 473_176_473, 1_000_000_000_000),
    (&["mg", "milligram", "milligramme"], "kg", 1, 1, 1_000_000),
    (&["g", "gram", "gramme"], "kg", 1, 1, 1_000),
    (&["kg", "kilogram", "kilogramme", "kilo"], "kg", 1, 1, 1),
    (&["tonne"], "kg", 1, 1_000, 1),
    (&["oz", "ounce"], "kg", 1, 45_359_237, 1_600_000_000),
    (&["lb", "lbs", "pound"], "kg", 1, 45_359_237, 100_000_000),
    (&["ms", "millisecond"], "s", 1, 1, 1_000),
    (&["s", "sec", "secs", "second"], "s", 1, 1, 1),
    (&["min", "mins", "minute"], "s", 1, 60, 1),
    (&["h", "hr", "hrs", "hour"], "s", 1, 3_600, 1),
    (&["day"], "s", 1, 86_400, 1),
    (&["week"], "s", 1, 604_800, 1),
    (&["month"], "month", 1, 1, 1),
    (&["year", "yr", "yrs"], "month", 1, 12, 1),
    (&["bit"], "bit", 1, 1, 1),
    (&["byte"], "bit", 1, 8, 1),
    (&["$", "dollar", "USD"], "$", 1, 1, 1),
    (&["¢", "cent"], "$", 1, 1, 100),
    (&["€", "euro", "EUR"], "€", 1, 1, 1),
    (&["£", "GBP"], "£", 1, 1, 1),
    (&["¥", "yen"], "¥", 1, 1, 1),
    (&["₹", "rupee", "Rs"], "₹", 1, 1, 1),
];

/// Speeds that have a name of their own: metres a second.
const SPEEDS: &[(&str, i64, i64)] =
    &[("mph", 1_609_344, 3_600_000), ("kph", 1_000, 3_600), ("kmh", 1_000, 3_600)];

/// Words for large numbers.
const COUNTS: &[(&str, i32, i64)] = &[
    ("dozen", 0, 12),
    ("hundred", 2, 1),
    ("thousand", 3, 1),
    ("million", 6, 1),
    ("billion", 9, 1),
    ("trillion", 12, 1),
];

fn fraction(numerator: i64, denominator: i64) -> Exact {
    Exact::new(BigInt::from(numerator), BigInt::from(denominator))
}

/// Finds the unit of a word, in singular or plural; long names in any case.
pub(super) fn find(word: &str) -> Option<Unit> {
    let lower = word.to_lowercase();
    let names = |name: &str| {
        let plural = || name.len() > 2 && lower.strip_suffix('s') == Some(name);
        name == word || name.len() > 2 && name == lower || plural()
    };
    let row = TABLE.iter().find(|row| row.0.iter().any(|name| names(name)));
    if let Some(&(_, base, exponent, numerator, denominator)) = row {
        let dimension = Dimension::of(base, exponent);
        return Some(Unit { scale: fraction(numerator, denominator), dimension });
    }
    let &(_, numerator, denominator) = SPEEDS.iter().find(|speed| speed.0 == lower)?;
    let dimension = Dimension::of("m", 1).times(&Dimension::of("s", 1), -1);
    Some(Unit { scale: fraction(numerator, denominator), dimension })
}

/// Finds the number of a word such as `dozen`, `million`.
pub(super) fn count(word: &str) -> Option<Exact> {
    let lower = word.to_lowercase();
    let &(_, tens, factor) =
        COUNTS.iter().find(|count| count.0 == lower || format!("{}s", count.0) == lower)?;
    Some(ten_to(tens) * fraction(factor, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_units_in_one_way() {
        let scale = |word: &str| find(word).map(|unit| unit.scale.to_string());
        assert_eq!(scale("Kilometers"), Some("1000".into()));
        assert_eq!(scale("feet"), Some("381/1250".into()));
        assert_eq!(scale("hours"), scale("hrs"));
        for word in ["M", "S", "in", "ton", "a", "ms2", "apples", "s's"] {
            assert_eq!(scale(word), None, "{word}");
        }
        assert_eq!(count("Dozen").map(|n| n.to_string()), Some("12".into()));
        assert_eq!(count("millions").map(|n| n.to_string()), Some("1000000".into()));
    }

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(|row| row.0.iter().copied()).collect();
        names.extend(SPEEDS.iter().map(|speed| speed.0));
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn parts_of_a_gallon_and_of_a_pound_add_up() {
        let of = |word: &str, times: i64| find(word).expect("a unit").scale * fraction(times, 1);
        assert_eq!(of("quart", 4), of("gallon", 1));
        assert_eq!(of("pint", 8), of("gallon", 1));
        assert_eq!(of("ounce", 16), of("pound", 1));
        assert_eq!(of("acre", 640), find("mile").expect("a unit").to(2).scale);
    }
}
