//! Flows that ask models, as people run them: real flow files, the command, and an endpoint that does what a script says.

mod budgets;
mod changes;
mod house;
mod kills;
mod targets;
