//! `({label: tokens}, Recipe) -> (Quotas, Cut)`: the arithmetic of mixing to shares and budgets.
//!
//! A [`Recipe`] says what a mix should be, [`quotas`] how many tokens of each label the data allow, and
//! [`find_cut`] which rows these are. All of it is whole numbers; none of it knows where rows are kept.

mod cut;
mod mixer;
mod quotas;
mod recipe;

pub use cut::{Cut, Level, Split, cut_rows, find_cut, split};
pub use quotas::{Bound, Quotas, quotas};
pub use recipe::{Label, Recipe, Share};
