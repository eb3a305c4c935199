mod blank;
mod command;
mod define;
mod heading;
mod line;
mod list;
mod page;
mod prose;
mod question;
mod table;
mod which;
mod words;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{Document, Draft, Generator, Identity};
use serde::{Deserialize, Serialize};

use page::Page;
use question::Question;

/// Questions of one kind of one block at most, so that a long table doesn't crowd out the page.
const PER_BLOCK: usize = 3;

/// Asks what a document answers: from definitions, headings, lists, tables and code, without a model.
///
/// It asks only where the words themselves make a fair question: one that can be answered without the page
/// at hand, that has one answer, and that does not give it away. It asks in English, of English prose; of
/// a page without a title, or of a demo, it asks nothing. Answer, supporting words and the kind of question travel in the
/// sample's fields `answer`, `support` and `shape`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cloze {
    /// The most questions of one document; the best are taken, whatever their place.
    pub per_document: usize,
    /// Shows the block that says the answer with the question, instead of asking closed-book.
    pub context: bool,
}

impl Default for Cloze {
    fn default() -> Self {
        Cloze { per_document: 12, context: false }
    }
}

impl Generator for Cloze {
    fn identity(&self) -> Identity {
        Identity::new("cloze", "2").with_settings(self)
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        if let Some(page) = Page::read(document) {
            for (prompt, question) in choose(&page, self.per_document) {
                let block = &page.blocks[question.block];
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
    for ask in [define::ask, heading::ask, list::ask, table::ask, which::ask, command::ask, blank::ask] {
        ask(page, &mut questions);
    }
    let fair = questions.into_iter().filter_map(|question| Some((question.prompt(page)?, question)));
    let mut fair: Vec<(String, Question)> = fair.collect();
    let prompts =
        fair.iter().fold(BTreeMap::new(), |mut seen: BTreeMap<String, BTreeSet<String>>, (prompt, q)| {
            seen.entry(prompt.clone()).or_default().insert(q.answer.clone());
            seen
        });
    // One prompt with two answers is no question.
    fair.retain(|(prompt, _)| prompts[prompt].len() == 1);
    fair.sort_by_cached_key(|(prompt, question)| (Reverse(question.quality), Question::draw(prompt)));
    let (mut spans, mut answers, mut blocks) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let mut chosen = Vec::new();
    for (prompt, question) in fair {
        let of_block: &mut usize = blocks.entry((question.block, question.shape)).or_default();
        let fresh = !spans.contains(&question.span.start) && !answers.contains(&question.answer);
        if chosen.len() < most && *of_block < PER_BLOCK && fresh {
            *of_block += 1;
            spans.insert(question.span.start);
            answers.insert(question.answer.clone());
            chosen.push((prompt, question));
        }
    }
    chosen
}

#[cfg(test)]
mod tests;
