mod code;
mod evidence;
mod fit;
mod matter;
mod prompt;

use std::fmt;

use rifflebox_core::{Content, Document, Identity, Proof, Sample, Verdict, Verifier};
use serde::{Deserialize, Serialize};

use evidence::{Evidence, Form};
use matter::{find_all, letters, stems_inside, tokens};
use prompt::Prompt;

/// An answer of at most this many words is looked for as a part of what is said, a longer one as the whole of it.
const SHORT_WORDS: usize = 6;
/// More words than this are no answer to one question.
const LONGEST_WORDS: usize = 400;

/// Confirms that a sample's documents say its completion in answer to its prompt, and that nothing else fits.
///
/// The completion must stand in a document word by word, at a place that matches what the prompt names,
/// quotes and asks for. Rejected is a prompt that gives its answer away, by its words, their inflections or
/// its letters; one that another sentence, row or entry of the documents answers as well, and otherwise;
/// and an answer of the wrong kind. It reads the documents itself, and trusts nothing that a generator
/// noted beside its sample. An answer in other words than the document's is not confirmed.
///
/// A reason is one of `kind`, `empty`, `vague`, `leak`, `type`, `unsupported`, `ambiguous`, and a detail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Supported {}

impl Verifier for Supported {
    fn identity(&self) -> Identity {
        Identity::new("supported", "3").with_settings(self)
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        true
    }

    fn verify(&self, sample: &Sample, documents: &[Document]) -> Verdict {
        judge(sample, documents).into()
    }
}

/// Why a sample is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Kind,
    Empty(&'static str),
    Vague,
    Leak(&'static str),
    Type(&'static str),
    Unsupported(&'static str),
    Ambiguous(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Kind => f.write_str("kind: only a prompt with a completion can be supported"),
            Fault::Empty(what) => write!(f, "empty: {what}"),
            Fault::Vague => f.write_str("vague: the prompt asks for nothing in particular"),
            Fault::Leak(how) => write!(f, "leak: the prompt gives the answer away, {how}"),
            Fault::Type(wanted) => write!(f, "type: the prompt asks for {wanted}"),
            Fault::Unsupported(why) => write!(f, "unsupported: {why}"),
            Fault::Ambiguous(other) => write!(f, "ambiguous: the document also says \"{other}\""),
        }
    }
}

fn judge(sample: &Sample, documents: &[Document]) -> Result<(), Fault> {
    let Content::Completion { prompt, completion } = &sample.content else { return Err(Fault::Kind) };
    let answer = tokens(completion);
    if tokens(prompt).is_empty() {
        return Err(Fault::Empty("the prompt has no words"));
    }
    if answer.is_empty() || answer.len() > LONGEST_WORDS {
        return Err(Fault::Empty("the completion is no answer"));
    }
    leak(prompt, completion, &answer)?;
    let evidence: Vec<Evidence> = documents.iter().map(Evidence::read).collect();
    let asked = Prompt::read(prompt, &evidence);
    if asked.is_vague() {
        return Err(Fault::Vague);
    }
    if !evidence.iter().any(|evidence| !find_all(&evidence.stream, &answer).is_empty()) {
        return Err(Fault::Unsupported("no document says the answer"));
    }
    kind_of_answer(&asked.ask, completion, &evidence, &answer)?;
    let within =
        |evidence: &Evidence| evidence.units.iter().any(|unit| matter::holds(evidence.words(unit), &answer));
    // A short list spreads over several items.
    match answer.len() <= SHORT_WORDS && evidence.iter().any(within) {
        true => fit::short(&asked, &answer, &evidence),
        false => fit::long(&asked, &answer, &evidence),
    }
}

/// Finds the answer in the prompt: as it stands, in other inflections, or letter by letter.
fn leak(prompt: &str, completion: &str, answer: &[String]) -> Result<(), Fault> {
    let (said, wanted) = (tokens(prompt), stems_inside(completion));
    let known = stems_inside(prompt);
    let shared = wanted.iter().filter(|stem| known.contains(*stem)).count();
    if answer.len() <= SHORT_WORDS {
        if matter::holds(&said, answer) {
            return Err(Fault::Leak("word by word"));
        }
        if !wanted.is_empty()
            && (shared == wanted.len() || (wanted.len() >= 3 && shared * 3 >= wanted.len() * 2))
        {
            return Err(Fault::Leak("in other inflections"));
        }
        let run = letters(completion);
        let spelt: Vec<&str> = said
            .iter()
            .map(String::as_str)
            .map(|word| if word.chars().count() == 1 { word } else { " " })
            .collect();
        if run.chars().count() >= 2 && spelt.concat().contains(&run) {
            return Err(Fault::Leak("by its letters"));
        }
        return match run.chars().count() >= 4 && letters(prompt).contains(&run) {
            true => Err(Fault::Leak("by its letters")),
            false => Ok(()),
        };
    }
    let run = answer.len().div_ceil(2).max(4);
    if answer.windows(run).any(|part| matter::holds(&said, part)) {
        return Err(Fault::Leak("word by word"));
    }
    match wanted.len() >= 4 && shared * 5 >= wanted.len() * 4 {
        true => Err(Fault::Leak("in other inflections")),
        false => Ok(()),
    }
}

/// Checks that an answer is of the kind that the prompt asks for, where it says so.
fn kind_of_answer(
    ask: &str,
    completion: &str,
    evidence: &[Evidence],
    answer: &[String],
) -> Result<(), Fault> {
    let asks = |words: &[&str]| words.iter().any(|word| ask.contains(word));
    let figure = completion.chars().any(|c| c.is_ascii_digit());
    let numbers =
        "zero one two three four five six seven eight nine ten eleven twelve hundred thousand million none";
    let counted =
        figure || answer.iter().any(|word| numbers.split_ascii_whitespace().any(|number| number == word));
    // "Which flag limits how many …" asks for a flag.
    let amount = asks(&["how many ", "how much "]) && !asks(&["which ", "what "]);
    if amount && !counted {
        return Err(Fault::Type("a number"));
    }
    if asks(&["which year", "what year", "in which month"]) && !figure {
        return Err(Fault::Type("a date"));
    }
    let short = answer.len() <= SHORT_WORDS;
    let upper = completion.chars().all(|c| !c.is_lowercase());
    if asks(&["which environment variable"]) && short && !upper {
        return Err(Fault::Type("an environment variable"));
    }
    let code = evidence.iter().any(|evidence| {
        evidence
            .units
            .iter()
            .any(|unit| (unit.code || unit.form == Form::Code) && matter::holds(evidence.words(unit), answer))
    });
    let names = [
        "which command ",
        "which flag ",
        "which command-line flag ",
        "which macro ",
        "which function ",
        "which method ",
    ];
    if asks(&names) && !code {
        return Err(Fault::Type("a name in code"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
