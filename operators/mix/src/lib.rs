//! `({label: tokens}, Recipe) -> (Quotas, Cut)`: the arithmetic of mixing to shares and budgets.
//!
//! A [`Recipe`] says what a mix should be, [`quotas`] how many tokens of each label the data allow, and
//! [`cut_rows`] which rows these are; the recipe is a mixer that finds them by sums. All of it is whole numbers.

mod cut;
mod mixer;
mod quotas;
mod recipe;

pub use cut::{Cut, Split, cut_rows, split};
pub use quotas::{Bound, Quotas, quotas};
pub use recipe::{Label, Recipe, Share};
