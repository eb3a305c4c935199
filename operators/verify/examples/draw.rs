//! Draws questions to be read by a person: those that `cloze` asks of documentation and `supported` confirms.
//!
//! `cargo run -p rifflebox-verify --example draw -- MOST NAME=FILE…`: a file holds JSON lines (`path`, `text`), plain
//! or zstd, and is about NAME; `=FILE` names nothing. Output: one line a question, `{"id", "source", "document",
//! "shape", "prompt", "completion", "support", "passage"}`; `id` is the digest that the questions are drawn by, lowest
//! first, so the same documents and operators always give the same draw, and fewer give a part of it.
//!
//! What one body of documentation says on several pages is drawn once: of questions that ask the same of other pages, or
//! have the same words for an answer, the first is kept, as a stage of near-duplicates behind `supported` would.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};

use rifflebox_core::{
    Content, Document, Draft, Fields, Generator, Key, Origin, Sample, Seed, Tier, Verifier,
};
use rifflebox_generate::Cloze;
use rifflebox_verify::Supported;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// Bytes of the document on either side of what supports an answer.
const AROUND: u64 = 600;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let most: usize = arguments.next().ok_or("say how many to draw")?.parse()?;
    let mut questions = Vec::new();
    for corpus in arguments {
        let (name, file) = corpus.split_once('=').ok_or("name each corpus as NAME=FILE")?;
        questions.extend(surviving(name, file)?);
    }
    questions.sort_by_key(|(id, _)| *id);
    let mut kept: Vec<Matter> = Vec::new();
    questions.retain(|(_, question)| {
        let matter = Matter::of(question);
        let fresh = !kept.iter().any(|other| other.repeats(&matter));
        kept.extend(fresh.then_some(matter));
        fresh
    });
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (_, question) in questions.into_iter().take(most) {
        writeln!(out, "{question}")?;
    }
    Ok(())
}

/// What a question is about, wherever it is asked.
struct Matter {
    /// What is asked, without the name of the page, or the name in code or the term that it is asked of.
    asked: String,
    /// The answer, as it is.
    answer: String,
    /// Whether the asked is a term, of which one meaning is enough.
    is_term: bool,
    /// The words of the longer side.
    said: BTreeSet<String>,
}

impl Matter {
    fn of(question: &Value) -> Matter {
        let field = |name: &str| question[name].as_str().unwrap_or_default();
        let (prompt, shape, answer) = (field("prompt"), field("shape"), field("completion"));
        let place = [" documentation, ", "\", "].iter().find_map(|end| prompt.split_once(end));
        let ask = place.map_or(prompt, |(_, ask)| ask);
        let reversed = ["term", "item-term", "row", "blank"].contains(&shape);
        let asked = match shape {
            "term" | "item-term" => answer,
            "blank" if ask.contains(" called?") || ask.contains("____") => answer,
            _ => ask.split('`').nth(1).unwrap_or_else(|| term_of(ask)),
        };
        let said = if reversed { ask } else { answer };
        let said = if said.split_whitespace().count() < 5 { "" } else { said };
        let words = said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let letters = asked.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        Matter {
            asked: letters.trim_end_matches('s').to_owned(),
            answer: answer.to_owned(),
            is_term: ["term", "item-term", "definition", "item", "blank"].contains(&shape),
            said: words.map(str::to_lowercase).collect(),
        }
    }

    /// Returns whether another question asks or answers the same.
    fn repeats(&self, other: &Matter) -> bool {
        let shared = self.said.intersection(&other.said).count();
        let all = self.said.union(&other.said).count();
        let alike = self.said.len().min(other.said.len()) >= 5 && shared * 10 >= all * 7;
        alike
            || self.asked == other.asked
                && (self.answer == other.answer
                    || self.is_term && other.is_term
                    || shared > 0 && shared * 2 >= all)
    }
}

/// Returns the term that a question asks the meaning of, or else all of it.
fn term_of(ask: &str) -> &str {
    let quoted = ask
        .split('"')
        .nth(1)
        .filter(|_| ask.starts_with("what does the term") || ask.starts_with("what is meant"));
    let opens = ["what is ", "what are "].iter().find_map(|open| ask.strip_prefix(open));
    let plain = opens.map(|term| {
        ["a ", "an ", "the "].iter().find_map(|article| term.strip_prefix(article)).unwrap_or(term)
    });
    quoted.or(plain).unwrap_or(ask)
}

/// Asks of each document of a corpus, and returns the questions that are confirmed by it.
fn surviving(name: &str, file: &str) -> Result<Vec<(Key, Value)>, Failure> {
    let bytes = std::fs::File::open(file)?;
    let text = match file.ends_with(".zst") {
        true => String::from_utf8(zstd::decode_all(bytes)?)?,
        false => std::io::read_to_string(bytes)?,
    };
    let cloze = if name.is_empty() { Cloze::default() } else { Cloze::about(name) };
    cloze.check()?;
    let (mut questions, mut asked) = (Vec::new(), 0);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line)?;
        let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let document = Document {
            source: name.to_owned(),
            id: field("path"),
            text: field("text"),
            tier: Tier::T0,
            license: None,
            origin: Origin::default(),
            fields: Fields::new(),
            redactions: Default::default(),
        };
        let mut drafts = Vec::new();
        cloze.generate(&document, &mut |draft| drafts.push(draft))?;
        asked += drafts.len();
        questions.extend(drafts.into_iter().filter_map(|draft| confirmed(&document, draft)));
    }
    eprintln!(
        "{name}: {} of {asked} questions survive, of {} documents",
        questions.len(),
        text.lines().count()
    );
    Ok(questions)
}

/// Returns a question with the digest that it is drawn by, if its document confirms it.
fn confirmed(document: &Document, draft: Draft) -> Option<(Key, Value)> {
    let noted = |name: &str| draft.fields.get(name).and_then(|v| v.as_text()).unwrap_or_default().to_owned();
    let (shape, support, span) = (noted("shape"), noted("support"), draft.span?);
    let seed = Seed {
        source: document.source.clone(),
        id: document.id.clone(),
        digest: document.digest(),
        span: draft.span,
        license: None,
        redactions: Default::default(),
    };
    let sample = Sample {
        stage: "cloze".to_owned(),
        content: draft.content,
        context: draft.context,
        documents: vec![seed],
        tier: Tier::T3,
        synthetic: true,
        origin: Origin::default(),
        fields: draft.fields,
    };
    let verdict = Supported::default().verify(&sample, std::slice::from_ref(document));
    let Content::Completion { prompt, completion } = &sample.content else { return None };
    if !verdict.accept && std::env::var_os("DRAW_REFUSED").is_some() {
        eprintln!("[{shape}] {prompt}\n  = {completion}\n  {}", verdict.reason.unwrap_or_default());
    }
    let id =
        Key::builder("draw").text(&document.source).text(&document.id).text(prompt).text(completion).finish();
    let start = document.text.floor_char_boundary(span.start.saturating_sub(AROUND) as usize);
    let end = document.text.ceil_char_boundary((span.end + AROUND) as usize);
    let question = json!({
        "id": id.to_string(), "source": document.source, "document": document.id, "shape": shape,
        "prompt": prompt, "completion": completion, "support": support, "passage": document.text[start..end],
    });
    verdict.accept.then_some((id, question))
}
