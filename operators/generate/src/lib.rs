//! `(Document) -> [Draft]`: what documents are made into, and the tokens that they count.

mod cloze;
mod command;
mod markdown;
mod passages;
mod rows;
mod tokens;

pub use cloze::Cloze;
pub use command::CommandGenerator;
pub use passages::Passages;
pub use rows::Rows;
pub use tokens::{O200k, tokenizer};
