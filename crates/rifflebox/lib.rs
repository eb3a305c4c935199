//! rifflebox keeps verified synthetic training data true while its seeds change.
