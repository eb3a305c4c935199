//! Documents from folders and object stores.
