//! `(setting, Sample or Document) -> text`: templates, by which settings say what of a sample is meant, or what is asked
//! of a document.
//!
//! A [`Template`] is one setting's; [`Values`] are what it may name of a sample: its columns, its context and its fields;
//! of a document: its text and its fields. Nothing of either is ever read as a template.
//!
//! ```
//! use rifflebox_core::{Content, Sample, Tier};
//! use rifflebox_template::{Template, Values};
//!
//! let sample = Sample {
//!     stage: "solved".into(),
//!     content: Content::Completion { prompt: "def f():\n".into(), completion: "    return '{{ x }}'\n".into() },
//!     context: None,
//!     documents: vec![],
//!     tier: Tier::T1,
//!     synthetic: false,
//!     origin: Default::default(),
//!     fields: [("tests".to_owned(), "assert f()".into())].into(),
//! };
//! let program = Template::new("program", "{{ prompt }}{{ completion }}{{ tests }}\n")?;
//! let filled = program.fill(&Values::of(&sample));
//! assert_eq!(filled.as_deref(), Ok("def f():\n    return '{{ x }}'\nassert f()\n"));
//!
//! let program = Template::new("program", "{{ test }}")?;
//! let lacking = "`program` wants `test`; the sample has completion, prompt, tests";
//! assert_eq!(program.fill(&Values::of(&sample)), Err(lacking.to_owned()));
//! # Ok::<(), rifflebox_core::Error>(())
//! ```

mod template;

pub use template::{Template, Values};
