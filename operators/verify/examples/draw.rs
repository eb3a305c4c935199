//! Draws questions to be read by a person: those that `cloze` asks of documentation and `supported` confirms.
//!
//! `cargo run -p rifflebox-verify --example draw -- MOST NAME=FILE…`: a file holds JSON lines (`path`, `text`), plain
//! or zstd, and is about NAME; `=FILE` names nothing. Output: one line a question, `{"id", "source", "document",
//! "shape", "prompt", "completion", "support", "passage"}`; `id` is the digest that the questions are drawn by, lowest
//! first, so the same documents and operators always give the same draw, and fewer give a part of it.

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
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (_, question) in questions.into_iter().take(most) {
        writeln!(out, "{question}")?;
    }
    Ok(())
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
