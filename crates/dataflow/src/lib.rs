//! Incremental dataflow over durable arrangements.
