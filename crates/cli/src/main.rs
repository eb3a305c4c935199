//! The rifflebox command.
fn main() {}
