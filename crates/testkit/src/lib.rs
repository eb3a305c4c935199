//! Oracles, laws and faults for rifflebox operators.
