//! Real documents, and what `cloze` asks of them.

use std::path::{Path, PathBuf};

use rifflebox_core::{Content, Document, Draft, Fields, Generator, Origin, Sample, Seed, Tier};
use rifflebox_generate::Cloze;

/// A question beside the document that it is of.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) document: Document,
    pub(crate) sample: Sample,
    /// The kind of question that its generator noted; planting reads it, verifying doesn't.
    pub(crate) shape: String,
    pub(crate) support: String,
}

impl Case {
    pub(crate) fn prompt(&self) -> &str {
        match &self.sample.content {
            Content::Completion { prompt, .. } => prompt,
            _ => unreachable!("all cases are completions"),
        }
    }

    pub(crate) fn completion(&self) -> &str {
        match &self.sample.content {
            Content::Completion { completion, .. } => completion,
            _ => unreachable!("all cases are completions"),
        }
    }

    /// Returns the case with other words, and nothing noted beside them.
    pub(crate) fn with(&self, prompt: &str, completion: &str) -> Case {
        let mut case = self.clone();
        case.sample.content =
            Content::Completion { prompt: prompt.to_owned(), completion: completion.to_owned() };
        case.sample.fields = Fields::new();
        case
    }
}

/// Asks of the documents that are bundled with the generators' tests.
pub(crate) fn bundled() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generate/tests/documents");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).expect("the bundled documents are there") {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let read = |path: &PathBuf| {
        let id = path.strip_prefix(&folder).expect("it was listed there").to_string_lossy().into_owned();
        ask(id, std::fs::read_to_string(path).expect("bundled documents are text"))
    };
    files.iter().filter(|path| !path.ends_with("README.md")).flat_map(read).collect()
}

/// Asks of the documents of the data folder, if it is named: of every fifth, or with `RIFFLEBOX_LONG` of all.
pub(crate) fn data_folder() -> Option<Vec<Case>> {
    let folder = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?).join("docs");
    let one_in = if std::env::var_os("RIFFLEBOX_LONG").is_some() { 1 } else { 5 };
    let mut cases = Vec::new();
    for name in ["rust-book", "prometheus-docs", "opentelemetry.io"] {
        let file =
            std::fs::File::open(folder.join(name).join("base.jsonl.zst")).expect("the data folder holds it");
        let text = zstd::decode_all(file).expect("the data folder is sound");
        for line in String::from_utf8(text).expect("the data folder is text").lines().step_by(one_in) {
            let row: serde_json::Value = serde_json::from_str(line).expect("the data folder is JSON lines");
            let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            cases.extend(ask(field("path"), field("text")));
        }
    }
    Some(cases)
}

fn ask(id: String, text: String) -> Vec<Case> {
    let (source, origin, fields) = ("docs".to_owned(), Origin::default(), Fields::new());
    let document = Document {
        source,
        id,
        text,
        tier: Tier::T0,
        license: None,
        origin,
        fields,
        redactions: Default::default(),
    };
    let mut cases = Vec::new();
    let mut say = |draft: Draft| {
        let noted = |name: &str| {
            draft.fields.get(name).and_then(|value| value.as_text()).unwrap_or_default().to_owned()
        };
        let (shape, support) = (noted("shape"), noted("support"));
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
        cases.push(Case { document: document.clone(), sample, shape, support });
    };
    Cloze::about("Handbook").generate(&document, &mut say).expect("any document can be asked");
    cases
}
