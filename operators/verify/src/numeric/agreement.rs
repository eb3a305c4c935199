//! When two sides of an equality agree.

use num_traits::{One, Signed, Zero};
use serde::{Deserialize, Serialize};

use super::exact::{Exact, Trouble, show};
use super::expression::{Fault, Mode, Quantity, Read, Seen, whole};
use super::token::Placed;
use super::units::Dimension;

/// How a number that is stated with decimals may stand for what is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rounding {
    /// Not at all: a stated number is the value.
    Exact,
    /// Rounded to the decimals that are stated; halves go either way.
    #[default]
    Nearest,
    /// Rounded, or cut off behind the decimals that are stated.
    Cut,
}

/// What is to be said of two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    Right,
    Wrong(String),
    /// No side, or no way to read it that is beyond doubt.
    Undecided,
}

/// Two sides of an equality, in tokens; and the text of the first.
pub(super) struct Sides<'t> {
    pub(super) left: &'t [Placed],
    pub(super) right: &'t [Placed],
    pub(super) shown: &'t str,
    /// Whether the sign between them is `≈`.
    pub(super) about: bool,
    pub(super) rounding: Rounding,
}

impl Sides<'_> {
    /// Compares the sides with their units; without, where units are left out.
    pub(super) fn agree(&self) -> Agreement {
        let full = (whole(self.left, Mode::Full), whole(self.right, Mode::Full));
        let (Ok(left), Ok(right)) = (whole(self.left, Mode::Bare), whole(self.right, Mode::Bare)) else {
            return self.no_value(full);
        };
        match full {
            (Ok(left), Ok(right)) if left.quantity.dimension == right.quantity.dimension => {
                self.of_one_dimension(&left, &right)
            }
            (Err(fault @ (Fault::Unread | Fault::Undecided | Fault::Trouble(_))), other)
            | (other, Err(fault @ (Fault::Unread | Fault::Undecided | Fault::Trouble(_)))) => {
                self.no_value((Err(fault), other))
            }
            (Ok(one), Ok(two)) => {
                let (one, two) = (one.quantity.dimension, two.quantity.dimension);
                let why = format!("{} is of {one}, not of {two}", self.shown);
                self.of_two_dimensions(&left, &right, (&one, &two), why)
            }
            (Err(Fault::Units(one, two)), _) | (_, Err(Fault::Units(one, two))) => {
                let why = format!("{one} and {two} are added");
                let plain = left.seen.unitless + right.seen.unitless == 0
                    && !(left.seen.fixed
                        || one.mixes_calendar(&two)
                        || may_be_a_variable(&left.seen, &right.seen));
                match self.of_two_dimensions(&left, &right, (&one, &two), why.clone()) {
                    Agreement::Undecided if plain => Agreement::Wrong(why),
                    found => found,
                }
            }
        }
    }

    fn no_value(&self, full: (Result<Read, Fault>, Result<Read, Fault>)) -> Agreement {
        let wrong = |trouble: Trouble| Agreement::Wrong(format!("{} {}", self.shown, trouble.words()));
        match full {
            (Err(Fault::Unread | Fault::Undecided), _) | (_, Err(Fault::Unread | Fault::Undecided)) => {
                Agreement::Undecided
            }
            (Err(Fault::Trouble(trouble)), _) | (_, Err(Fault::Trouble(trouble))) => wrong(trouble),
            _ => Agreement::Undecided,
        }
    }

    fn of_one_dimension(&self, left: &Read, right: &Read) -> Agreement {
        let (one, two) = (&left.seen, &right.seen);
        if self.near(left, right)
            || percent_is_left_out(one, two) && self.agree_in(Mode::Digits)
            || self.times_hundred(left, right)
        {
            return Agreement::Right;
        }
        let units = one.units.union(&two.units).count();
        let hidden = units > 1 && one.unitless + two.unitless > 0;
        // `2.5 hours * 60 = 150 minutes` leaves out what 60 is of, `24/12 = 2 dozen` what is divided by.
        if hidden && self.agree_in(Mode::Bare)
            || counts_differ(one, two) && self.agree_in(Mode::Digits)
            || may_be_a_variable(one, two)
        {
            return Agreement::Undecided;
        }
        self.wrong(left, right)
    }

    /// The dimensions differ: units were left out, or they are wrong. The sides are bare.
    fn of_two_dimensions(
        &self,
        left: &Read,
        right: &Read,
        (one, two): (&Dimension, &Dimension),
        why: String,
    ) -> Agreement {
        let units = left.seen.units.union(&right.seen.units).count();
        let unitless = left.seen.unitless + right.seen.unitless;
        if one.mixes_calendar(two) || left.seen.fixed || right.seen.fixed {
            return Agreement::Undecided;
        }
        let near = self.near(left, right)
            || self.times_hundred(left, right)
            || percent_is_left_out(&left.seen, &right.seen) && self.agree_in(Mode::Digits);
        let all_left_out = |bare: &Seen, other: &Seen| bare.units.is_empty() && other.is_literal();
        let left_out = unitless > 0 && units == 1
            || all_left_out(&left.seen, &right.seen)
            || all_left_out(&right.seen, &left.seen);
        match (left_out, near) {
            (true, true) => Agreement::Right,
            _ if may_be_a_variable(&left.seen, &right.seen) => Agreement::Undecided,
            _ if counts_differ(&left.seen, &right.seen) && self.agree_in(Mode::Digits) => {
                Agreement::Undecided
            }
            (true, false) => self.wrong(left, right),
            // What is not written may make them agree.
            (false, true) if units > 1 => Agreement::Undecided,
            (false, _) => Agreement::Wrong(why),
        }
    }

    fn agree_in(&self, mode: Mode) -> bool {
        let sides = whole(self.left, mode).ok().zip(whole(self.right, mode).ok());
        sides.is_some_and(|(left, right)| self.near(&left, &right))
    }

    /// `15/90 * 100% = 16.67`
    fn times_hundred(&self, left: &Read, right: &Read) -> bool {
        let mut times = left.clone();
        times.quantity.value *= Exact::from_integer(100.into());
        left.seen.hundred && left.seen.percents == 1 && right.seen.percents == 0 && self.near(&times, right)
    }

    fn near(&self, left: &Read, right: &Read) -> bool {
        let (one, two) = (&left.quantity.value, &right.quantity.value);
        // A time without `am` or `pm` may be of either half of the day, if the other side has it.
        let halves = (left.seen.halves == 0) != (right.seen.halves == 0);
        let day = Exact::from_integer(if halves { 43_200.into() } else { 86_400.into() });
        let off = match left.seen.clocks > 0 && right.seen.clocks > 0 {
            true => {
                let off = (one - two) / &day;
                (&off - off.round()).abs() * day
            }
            false => (one - two).abs(),
        };
        let stated = [&left.seen, &right.seen].map(|seen| self.leeway(seen));
        off.is_zero() || stated.into_iter().flatten().any(|leeway| off <= leeway)
    }

    /// Returns by how much a number may be off, as it is stated.
    fn leeway(&self, seen: &Seen) -> Option<Exact> {
        let last = seen.resolution()?;
        let decimal = seen.places > 0 || last < Exact::one();
        match self.rounding {
            Rounding::Exact if !self.about => None,
            _ if !decimal && !self.about => None,
            Rounding::Cut => Some(last),
            Rounding::Exact | Rounding::Nearest => Some(last / Exact::from_integer(2.into())),
        }
    }

    fn wrong(&self, left: &Read, right: &Read) -> Agreement {
        // In the unit that the right side is stated in.
        let Quantity { value, .. } = &left.quantity;
        let percent = right.seen.percents == right.seen.numbers && right.seen.percents > 0;
        let scale = right.seen.scale.as_ref().filter(|_| right.seen.resolution().is_some());
        let value = scale.map_or_else(|| value.clone(), |scale| value / scale);
        let sign = if percent && scale.is_some() { "%" } else { "" };
        Agreement::Wrong(format!("{} is {}{sign}", self.shown, show(&value)))
    }
}

/// `50/200*100 = 25%`, `100% - 20% = 80`: each side is all percent, or has none.
fn percent_is_left_out(left: &Seen, right: &Seen) -> bool {
    let all = |seen: &Seen| seen.percents > 0 && seen.percents == seen.numbers;
    left.percents == 0 && all(right) || right.percents == 0 && all(left)
}

/// A single letter is a unit, or a variable: close to its number, or where something has no unit.
fn may_be_a_variable(left: &Seen, right: &Seen) -> bool {
    let bare = left.unitless + right.unitless > 0;
    left.glued_letters || right.glued_letters || bare && (left.letters || right.letters)
}

/// `32 / 2 = 16 million`: one side leaves out what both are counted in.
fn counts_differ(left: &Seen, right: &Seen) -> bool {
    (left.counts == 0) != (right.counts == 0)
}
