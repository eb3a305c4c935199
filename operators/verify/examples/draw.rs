//! Draws questions to be read by a person: those that `cloze` asks of the data folder and `supported` confirms.
//!
//! `RIFFLEBOX_DATA` names the data folder, with `docs/<source>/base.jsonl.zst`. Output: one line a question,
//! `{"id", "source", "document", "shape", "prompt", "completion", "support"}`; `id` is the digest that the
//! questions are drawn by, lowest first, so the same documents and operators always give the same draw.

use std::io::Write;
use std::path::Path;

use rifflebox_core::{
    Content, Document, Draft, Fields, Generator, Key, Origin, Sample, Seed, Tier, Verifier,
};
use rifflebox_generate::Cloze;
use rifflebox_verify::Supported;
use serde_json::{Value, json};

/// Questions in all.
const ALL: usize = 200;
/// The smaller sources, and the most questions of both together; the rest are of the large one.
const SMALL: ([&str; 2], usize) = (["rust-book", "prometheus-docs"], 70);
const LARGE: &str = "opentelemetry.io";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::var_os("RIFFLEBOX_DATA").ok_or("RIFFLEBOX_DATA names no data folder")?;
    let mut small = Vec::new();
    for source in SMALL.0 {
        small.extend(surviving(Path::new(&folder), source)?);
    }
    let mut drawn = lowest(small, SMALL.1);
    drawn.extend(lowest(surviving(Path::new(&folder), LARGE)?, ALL - drawn.len()));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (_, question) in drawn {
        writeln!(out, "{question}")?;
    }
    Ok(())
}

/// Returns so many of the questions, by the order of their digests.
fn lowest(mut questions: Vec<(Key, Value)>, most: usize) -> Vec<(Key, Value)> {
    questions.sort_by_key(|(id, _)| *id);
    questions.truncate(most);
    questions
}

/// Asks of each document of a source, and returns the questions that are confirmed by it.
fn surviving(folder: &Path, source: &str) -> Result<Vec<(Key, Value)>, Box<dyn std::error::Error>> {
    let file = std::fs::File::open(folder.join("docs").join(source).join("base.jsonl.zst"))?;
    let text = String::from_utf8(zstd::decode_all(file)?)?;
    let (mut questions, mut asked) = (Vec::new(), 0);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line)?;
        let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let document = Document {
            source: source.to_owned(),
            id: field("path"),
            text: field("text"),
            tier: Tier::T0,
            license: None,
            origin: Origin::default(),
            fields: Fields::new(),
        };
        let mut drafts = Vec::new();
        Cloze::default().generate(&document, &mut |draft| drafts.push(draft))?;
        asked += drafts.len();
        questions.extend(drafts.into_iter().filter_map(|draft| confirmed(&document, draft)));
    }
    eprintln!("{source}: {} of {asked} questions survive", questions.len());
    Ok(questions)
}

/// Returns a question with the digest that it is drawn by, if its document confirms it.
fn confirmed(document: &Document, draft: Draft) -> Option<(Key, Value)> {
    let noted = |name: &str| draft.fields.get(name).and_then(|v| v.as_text()).unwrap_or_default().to_owned();
    let (shape, support) = (noted("shape"), noted("support"));
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
    let id =
        Key::builder("draw").text(&document.source).text(&document.id).text(prompt).text(completion).finish();
    let question = json!({
        "id": id.to_string(), "source": document.source, "document": document.id, "shape": shape,
        "prompt": prompt, "completion": completion, "support": support,
    });
    verdict.accept.then_some((id, question))
}
