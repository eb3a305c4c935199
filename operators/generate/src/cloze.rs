mod alike;
mod blank;
mod command;
mod default;
mod define;
mod does;
mod fair;
mod heading;
mod help;
mod line;
mod list;
mod meter;
mod named;
mod page;
mod prose;
mod question;
mod table;
mod whole;
mod words;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{Document, Draft, Generator, Identity};
use serde::{Deserialize, Serialize};

use page::Page;
use question::Question;

/// Questions of one kind of one block at most, so that a long table doesn't crowd out the page.
const PER_BLOCK: usize = 6;

/// As many at most where the page has room for them.
const CROWDED: usize = 12;

/// Asks what a document answers: from definitions, headings, lists, tables and code, without a model.
///
/// It asks only where the words themselves make a fair question: one that can be answered without the page
/// at hand, that has one answer, and that does not give it away. It asks in English, of English prose; of
/// a page without a title, of a lesson, an example or a log of changes it asks nothing. Answer, supporting words and the kind of question travel in the
/// sample's fields `answer`, `support` and `shape`.
///
/// A page of documentation seldom says whose it is, so [`about`](Cloze::about) does: "What does `--dry-run` do?"
/// has no answer until one knows of what. Where nothing is given, only those pages are asked about that name
/// their subject themselves, and often enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cloze {
    /// Whose documentation it is: a name that can stand before the word "documentation", such as `Prometheus`.
    pub about: Option<String>,
    /// The most questions of one document; the best are taken, whatever their place.
    pub per_document: usize,
    /// Shows the block that says the answer with the question, instead of asking closed-book.
    pub context: bool,
}

impl Default for Cloze {
    fn default() -> Self {
        Cloze { about: None, per_document: 24, context: false }
    }
}

impl Cloze {
    /// Asks of the documentation of one project or product, and names it in every question.
    pub fn about(name: impl Into<String>) -> Self {
        Cloze { about: Some(name.into()), ..Cloze::default() }
    }

    /// Checks that the name, if there is one, can stand in a question.
    ///
    /// # Errors
    ///
    /// What is wrong with it: it is blank, too long, or holds a mark that would part the question.
    pub fn check(&self) -> Result<(), String> {
        let Some(name) = &self.about else { return Ok(()) };
        let marked = name.contains([',', ':', ';', '"', '`', '?']) || name.chars().any(char::is_control);
        match marked || name.trim() != name || !(1..=60).contains(&name.chars().count()) {
            true => {
                Err(format!("`{name}` is no name of a project: give a word or a few, without punctuation"))
            }
            false => Ok(()),
        }
    }
}

impl Generator for Cloze {
    fn identity(&self) -> Identity {
        Identity::new("cloze", "6").with_settings(self)
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        if let Some(page) = Page::read(document, self.about.as_deref()) {
            for (prompt, question) in choose(&page, self.per_document) {
                let block = page.block(question.block);
                let span = block.span.start.min(question.span.start)..block.span.end.max(question.span.end);
                say(question.draft(prompt, self.context.then(|| &document.text[span])));
            }
        }
        Ok(())
    }
}

/// Returns the best questions of a page; those with equal merit by lot, and one of each piece of support.
fn choose(page: &Page, most: usize) -> Vec<(String, Question)> {
    let mut questions = Vec::new();
    let rules: [fn(&Page, &mut Vec<Question>); 9] = [
        define::ask,
        heading::ask,
        list::ask,
        table::ask,
        does::ask,
        default::ask,
        help::ask,
        command::ask,
        blank::ask,
    ];
    for ask in rules {
        ask(page, &mut questions);
    }
    let fair = questions
        .into_iter()
        .filter(|question| !page.block(question.block).is_aside())
        .filter_map(|question| Some((question.prompt(page)?, question)));
    let mut fair: Vec<(String, Question)> = fair.collect();
    let prompts =
        fair.iter().fold(BTreeMap::new(), |mut seen: BTreeMap<String, BTreeSet<String>>, (prompt, q)| {
            seen.entry(prompt.clone()).or_default().insert(q.answer.clone());
            seen
        });
    // One prompt with two answers is no question.
    fair.retain(|(prompt, _)| prompts[prompt].len() == 1);
    fair.sort_by_cached_key(|(prompt, question)| (Reverse(question.quality), Question::draw(prompt)));
    let (mut supports, mut answers, mut blocks) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let (mut chosen, mut crowded) = (Vec::new(), Vec::new());
    for (prompt, question) in fair {
        let of_block: &mut usize = blocks.entry((question.block, question.shape)).or_default();
        let support = (question.span.start, question.support.clone());
        if supports.contains(&support) || answers.contains(&question.answer) {
            continue;
        }
        supports.insert(support);
        answers.insert(question.answer.clone());
        *of_block += 1;
        match *of_block {
            0..=PER_BLOCK => chosen.push((prompt, question)),
            _ if *of_block <= CROWDED => crowded.push((prompt, question)),
            _ => {}
        }
    }
    // Where the page has nothing else to ask about, a long table may go on.
    chosen.extend(crowded);
    chosen.truncate(most);
    chosen
}

#[cfg(test)]
mod tests;
