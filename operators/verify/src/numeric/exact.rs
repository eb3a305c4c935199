//! Exact numbers of bounded size: fractions of big whole numbers.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// A number, exactly.
pub(super) type Exact = Ratio<BigInt>;

/// The most bits of a numerator or a denominator, some twelve hundred digits: whatever a text computes, each of its
/// operations takes less than a millisecond.
const MOST_BITS: u64 = 1 << 12;
/// The most digits of a number as it is written.
pub(super) const MOST_DIGITS: usize = 300;
/// The most places that a number is shown with.
const SHOWN_PLACES: u32 = 6;
/// A number is shown as a decimal if it ends within so many places.
const MOST_PLACES: u32 = 12;

/// Why a calculation has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It divides by zero.
    ByZero,
    /// A number is larger than what is evaluated.
    TooLarge,
    /// A power whose exponent is no whole number.
    Root,
}

impl Trouble {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Trouble::ByZero => "divides by zero",
            Trouble::TooLarge => "is too large to be evaluated",
            Trouble::Root => "takes a power that is no whole number",
        }
    }
}

fn bits(number: &Exact) -> u64 {
    number.numer().bits().max(number.denom().bits())
}

fn bounded(number: Exact) -> Result<Exact, Trouble> {
    if bits(&number) > MOST_BITS { Err(Trouble::TooLarge) } else { Ok(number) }
}

pub(super) fn add(one: &Exact, other: &Exact) -> Result<Exact, Trouble> {
    bounded(one + other)
}

pub(super) fn multiply(one: &Exact, other: &Exact) -> Result<Exact, Trouble> {
    bounded(one * other)
}

pub(super) fn divide(one: &Exact, other: &Exact) -> Result<Exact, Trouble> {
    if other.is_zero() { Err(Trouble::ByZero) } else { bounded(one / other) }
}

/// Raises to a whole power; its size is known, and bounded, before it is computed.
pub(super) fn power(base: &Exact, exponent: &Exact) -> Result<Exact, Trouble> {
    if !exponent.is_integer() {
        return Err(Trouble::Root);
    }
    if base.is_one() || exponent.is_zero() {
        return Ok(Exact::one());
    }
    if base.is_zero() {
        return if exponent.is_negative() { Err(Trouble::ByZero) } else { Ok(Exact::zero()) };
    }
    let times = exponent.numer().abs().to_u64().ok_or(Trouble::TooLarge)?;
    if bits(base).saturating_mul(times) > MOST_BITS {
        return Err(Trouble::TooLarge);
    }
    let times = i32::try_from(times).map_err(|_| Trouble::TooLarge)?;
    Ok(base.pow(if exponent.is_negative() { -times } else { times }))
}

/// Returns ten to a power.
pub(super) fn ten_to(exponent: i32) -> Exact {
    Exact::from_integer(BigInt::from(10)).pow(exponent)
}

/// Reads digits with at most one point, such as `12`, `0.5`, `.5`; the value, and how many digits follow the point.
pub(super) fn read_decimal(digits: &str) -> Option<(Exact, u32)> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    if all.is_empty() || all.len() > MOST_DIGITS || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let places = u32::try_from(part.len()).ok()?;
    let number: BigInt = all.parse().ok()?;
    Some((Exact::new(number, BigInt::from(10).pow(places)), places))
}

/// Reads a setting's number by its shortest decimal form: 0.01 is a hundredth.
pub(super) fn of_setting(value: f64) -> Option<Exact> {
    let text = format!("{value}");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    read_decimal(digits).map(|(number, _)| number * Exact::from_integer(sign.into()))
}

/// Shows a number: as a decimal where that ends soon, else with some places and as a fraction.
pub(super) fn show(number: &Exact) -> String {
    for places in 0..=MOST_PLACES {
        let scaled = number * ten_to(places.cast_signed());
        if scaled.is_integer() {
            return clipped(&point(scaled.numer(), places));
        }
    }
    let rounded = (number * ten_to(SHOWN_PLACES.cast_signed())).round();
    let near = clipped(&point(rounded.numer(), SHOWN_PLACES));
    let fraction = number.to_string();
    if fraction.len() <= 24 { format!("{fraction}, about {near}") } else { format!("about {near}") }
}

fn point(scaled: &BigInt, places: u32) -> String {
    let sign = if scaled.is_negative() { "-" } else { "" };
    let digits = format!("{:0>width$}", scaled.abs().to_string(), width = places as usize + 1);
    let (whole, part) = digits.split_at(digits.len() - places as usize);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn clipped(digits: &str) -> String {
    match digits.len() {
        0..=40 => digits.to_owned(),
        length => format!("{}… ({length} digits)", &digits[..20]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Exact {
        read_decimal(text).expect("a number").0
    }

    #[test]
    fn numbers_are_read_and_shown() {
        assert_eq!([".5", "12", "12.50"].map(|text| show(&number(text))), ["0.5", "12", "12.5"]);
        assert_eq!(read_decimal("12.50").map(|(_, places)| places), Some(2));
        for none in ["", ".", "1.2.3", "1e5", "-1", &"9".repeat(MOST_DIGITS + 1)] {
            assert_eq!(read_decimal(none), None, "{none}");
        }
        let third = divide(&number("10"), &number("3")).unwrap();
        assert_eq!(show(&third), "10/3, about 3.333333");
        assert_eq!(show(&-third), "-10/3, about -3.333333");
        assert_eq!(of_setting(-0.01), Some(Exact::new((-1).into(), 100.into())));
        assert_eq!(of_setting(1e-6), Some(ten_to(-6)));
        assert_eq!(of_setting(f64::NAN), None);
        assert_eq!(show(&number(&"7".repeat(50))), "77777777777777777777… (50 digits)");
    }

    #[test]
    fn sizes_are_bounded_before_they_are_reached() {
        let nine = number("9");
        assert_eq!(power(&nine, &power(&nine, &nine).unwrap()), Err(Trouble::TooLarge));
        assert_eq!(power(&nine, &number("0.5")), Err(Trouble::Root));
        assert_eq!(power(&number("2"), &-number("3")).map(|n| show(&n)), Ok("0.125".to_owned()));
        assert_eq!(power(&number("0"), &-number("3")), Err(Trouble::ByZero));
        assert_eq!(power(&number("1"), &number(&"9".repeat(200))), Ok(number("1")));
        assert_eq!(divide(&nine, &number("0")), Err(Trouble::ByZero));
        let large = power(&nine, &number("1000")).unwrap();
        assert_eq!(multiply(&large, &large), Err(Trouble::TooLarge));
    }
}
