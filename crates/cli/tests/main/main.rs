//! The command as people and programs call it.

#[cfg(test)]
mod building;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod models;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod support;
#[cfg(test)]
mod two_forms;
#[cfg(test)]
mod watching;
