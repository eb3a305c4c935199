//! Mixing to shares and budgets.
