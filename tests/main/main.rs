//! The one integration binary: a module per topic, since each further binary would link the engine again.

mod damage;
mod faults;
mod histories;
mod kills;
mod kinds;
mod laws;
mod neardup;
mod outages;
mod pairs;
mod races;
mod redaction;
mod refusals;
mod replays;
mod requests;
mod s3;
mod stories;
mod support;
mod tidy;
