//! The one integration binary: a module per topic, since each further binary would link the engine again.

mod damage;
mod faults;
mod kills;
mod laws;
mod races;
mod replays;
mod stories;
mod support;
mod tidy;
