use std::ops::Range;

use rifflebox_core::{Content, Draft, Key, Span, Value};

use super::fair::is_fair;
use super::page::Page;
use super::words::{gives_away, lower_first, terms};

/// A question that a page answers.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Which kind of question: the name of the rule that asked it.
    pub(super) shape: &'static str,
    /// How sure the rule is, higher is better.
    pub(super) quality: u8,
    /// What is asked, beginning small where a sentence goes on, and ending in its own mark.
    pub(super) ask: Ask,
    /// The heading that the question needs to be understood, if any.
    pub(super) section: Option<String>,
    /// The answer.
    pub(super) answer: String,
    /// The words of the page that say so.
    pub(super) support: String,
    /// Where they stand.
    pub(super) span: Range<usize>,
    /// Which block of the page they are of.
    pub(super) block: usize,
}

/// How a question joins the name of its page.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    /// Goes on after "According to …,".
    According(String),
    /// Is a sentence of its own, after "From …:".
    Quoted(String),
}

impl Question {
    /// Returns the prompt, or none if it gives the answer away or is no fair question.
    pub(super) fn prompt(&self, page: &Page) -> Option<String> {
        let with = self.section.as_deref();
        let prompt = self.prompt_in(page, with)?;
        // That a name belongs to what it is asked of is no news of it; of a term it may be.
        let about = page.about.as_deref().filter(|_| self.shape != "definition").unwrap_or_default();
        if self.is_told(&prompt) && is_fair(self, &format!("{} {about}", page.title)) {
            return Some(prompt);
        }
        None
    }

    fn prompt_in(&self, page: &Page, section: Option<&str>) -> Option<String> {
        let place = page.place(section)?;
        Some(match &self.ask {
            Ask::According(ask) => format!("According to {place}, {}", lower_first(ask)),
            Ask::Quoted(ask) => format!("From {place}: {ask}"),
        })
    }

    fn is_told(&self, prompt: &str) -> bool {
        let words = self.answer.split_whitespace().count();
        if terms(&self.answer).is_empty() || prompt.chars().count() > 600 || words > 120 {
            return false;
        }
        let (said, wanted) = (terms(prompt), terms(&self.answer));
        // "Functions that never return" are functions: what else they are called is the answer.
        let names = self.shape == "blank" && prompt.ends_with(" called?") && wanted.len() >= 2;
        if words <= 6 {
            return !gives_away(prompt, &self.answer) || names && !wanted.is_subset(&said);
        }
        let news = wanted.iter().filter(|stem| !said.contains(*stem)).count();
        news >= 3 && news * 2 >= wanted.len()
    }

    /// Returns the sample of a question that was chosen, with the passage that it may be answered from.
    pub(super) fn draft(self, prompt: String, passage: Option<&str>) -> Draft {
        let mut draft = Draft::new(Content::Completion { prompt, completion: self.answer.clone() });
        draft.span = Some(Span { start: self.span.start as u64, end: self.span.end as u64 });
        draft.fields.insert("answer".to_owned(), Value::Text(self.answer));
        draft.fields.insert("shape".to_owned(), Value::from(self.shape));
        draft.context = passage.map(str::to_owned);
        draft.fields.insert("support".to_owned(), Value::Text(self.support));
        draft
    }

    /// Returns what decides between questions of one quality: a draw, fixed by the words alone.
    pub(super) fn draw(prompt: &str) -> Key {
        Key::of(prompt.as_bytes())
    }
}
