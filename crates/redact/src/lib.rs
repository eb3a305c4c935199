//! `(text) -> text`, with placeholders where personal data stood.
//!
//! A [`Redactor`] finds e-mail addresses, telephone numbers, bank accounts, cards, addresses of hosts, secrets, national
//! numbers and names of a list, and puts `<EMAIL>`, or with a key `<EMAIL_3f9a2c7b04de>`, in their place. What is found is
//! a pure function of text and settings, and what is redacted is redacted once and for all. It is no model: what a person
//! would understand from the context is not looked for, and `docs/redaction.md` says what each rule leaves.
//!
//! ```
//! use rifflebox_redact::{RedactSettings, Redactor};
//!
//! # fn main() -> rifflebox_core::Result<()> {
//! let redactor = Redactor::new(RedactSettings::default(), ".".as_ref())?;
//! let mut counts = Default::default();
//! let text = redactor.text("Ask ada@analytical.org, or +44 20 7219 3000.".to_owned(), "", &mut counts)?;
//! assert_eq!(text, "Ask <EMAIL>, or <PHONE>.");
//! assert_eq!(counts["email"], 1);
//! # Ok(())
//! # }
//! ```

mod redactor;
mod rule;
mod settings;

mod find;
mod map;
mod names;
mod pseudonym;
mod rules;
mod text;

pub use find::Found;
pub use redactor::Redactor;
pub use rule::Rule;
pub use settings::{Redact, RedactSettings, RuleName};
