//! The one integration binary: a module per topic, since each further binary would link the engine again.

mod replays;
mod support;
mod tidy;
