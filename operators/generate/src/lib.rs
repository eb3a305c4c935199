//! Generators: passages, rows, cloze.
