//! A teacher of one's own, and somebody of one's own whom it asks: pure questions, answers that are kept, and rounds.
//!
//! The teacher asks a dictionary for each word that a page sets in bold, and then for an example of the first. The
//! dictionary is a closure here; it could be a model (`models.get("name")?.respondent("name")`) or any service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox::{
    About, Answering, Content, Cost, Document, Draft, Exposure, Failure, Fields, Files, Heard, Identity,
    Inquiring, Inquiry, Key, Limits, Next, Proof, Question, Recipe, Reply, Respondent, Response, Result,
    Workspace, flow,
};

/// Knows some words, and counts how often it is asked.
struct Dictionary(Arc<AtomicU64>);

impl Respondent for Dictionary {
    fn about(&self) -> About {
        About {
            name: "dictionary".to_owned(),
            model: "placer-1".to_owned(),
            family: "books".to_owned(),
            terms: None,
            answers: Key::of(b"the dictionary of placer mining"),
            limits: Limits { exposure: Exposure::Stays, ..Limits::default() },
            price: (0, 0),
        }
    }

    /// All that an answer depends on: the request.
    fn key(&self, request: &[u8]) -> Key {
        Key::of(request)
    }

    fn answer(&self, request: Vec<u8>) -> Answering<Response> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let answer = match &request[..] {
            b"riffle" => "a bar across a sluice, behind which gold settles",
            b"sluice" => "a channel through which gravel is washed",
            b"use riffle" => "The riffles were cleaned every evening.",
            // What may pass is owed, and asked again by the next build; this never will.
            _ => "",
        };
        let none = || Failure::Final("no such word".to_owned());
        let answer = (!answer.is_empty()).then(|| answer.as_bytes().to_vec()).ok_or_else(none);
        Box::pin(async move { Response { answer, cost: Cost::default() } })
    }

    fn read(&self, answer: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(answer).into_owned();
        Reply { text, by: "placer-1".to_owned(), fields: Fields::new(), cost: Cost::default() }
    }

    fn show(&self, request: &[u8], answer: Option<&[u8]>) -> serde_json::Value {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        serde_json::json!({ "asked": text(request), "answer": answer.map(text) })
    }
}

struct Glossary(Arc<AtomicU64>);

impl Inquiry<Document, Vec<Draft>> for Glossary {
    fn describe(&self) -> Inquiring {
        Inquiring {
            identity: Identity::new("glossary", "1"),
            respondents: vec![Arc::new(Dictionary(self.0.clone()))],
            rounds: 2,
            prompt_digest: None,
            proof: Proof::Filtered,
            reads_documents: false,
            needs_text: false,
            counted_by: None,
        }
    }

    fn next(&self, page: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let words: Vec<&str> = page.text.split("**").skip(1).step_by(2).collect();
        let ask = |request: String| Question { to: 0, request: request.into_bytes() };
        match (words.first(), heard) {
            (None, _) => Next::Say(Vec::new()),
            (_, []) => Next::Ask(words.iter().map(|word| ask((*word).to_owned())).collect()),
            (Some(first), [_]) => Next::Ask(vec![ask(format!("use {first}"))]),
            (Some(first), [meanings, examples, ..]) => {
                let mut drafts = Vec::new();
                for (word, meaning) in words.iter().zip(meanings) {
                    let Ok(meaning) = meaning else { continue };
                    let mut completion = meaning.text.clone();
                    if let (true, [Ok(example)]) = (word == first, &examples[..]) {
                        completion = format!("{completion}. {}", example.text);
                    }
                    drafts.push(Draft::new(Content::Completion {
                        prompt: format!("What is a {word}?"),
                        completion,
                    }));
                }
                Next::Say(drafts)
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("rifflebox-inquiry-{}", std::process::id()));
    let failed = |error| rifflebox::Error::new(rifflebox::ErrorKind::Input, format!("{error}"));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let write = |text: &str| std::fs::write(folder.join("page.md"), text).map_err(failed);
    let calls = Arc::new(AtomicU64::new(0));
    let flow = flow("glossary");
    let docs = flow.documents("docs", Files::matching("*.md").source("docs", &folder)?);
    docs.teach(Glossary(calls.clone())).mix(Recipe::default().min_anchor(0.0)).publish();
    let workspace = Workspace::open("memory:glossary").await?;

    write("A **riffle** lies in a **sluice**.")?;
    println!("{}", workspace.build(&flow).await?);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    // Another page, the same words: all of it is known.
    write("In each **riffle** of the long **sluice** there was gold.")?;
    let report = workspace.build(&flow).await?;
    println!("{report}");
    assert_eq!((calls.load(Ordering::Relaxed), report.samples.total), (3, 2));
    // One word more is one call more.
    write("A **riffle** lies in a **sluice**, and a **dredge** beside it.")?;
    println!("{}", workspace.build(&flow).await?);
    assert_eq!(calls.load(Ordering::Relaxed), 4);
    std::fs::remove_dir_all(&folder).map_err(failed)
}
