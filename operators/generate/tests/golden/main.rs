//! What each generator makes of real documents, as it was: code that drifts without a new version fails here.
//!
//! The first line of a golden file holds name, version and fingerprint. After a wanted change, raise the
//! operator's version and run the tests once with `RIFFLEBOX_BLESS=1`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rifflebox_core::{Document, Draft, Fields, Generator, Key, Origin, Tier, Value};
use rifflebox_generate::{Cloze, Passages, Rows};
use serde_json::json;

#[test]
fn passages() {
    check(&Passages { max_chars: 1200, ..Passages::default() }, "passages", &documents());
}

#[test]
fn passages_whole() {
    check(&Passages::whole(), "passages-whole", &documents());
}

#[test]
fn cloze() {
    let kinds = check(&Cloze::about("Handbook"), "cloze", &documents());
    for shape in ["definition", "term", "heading", "item", "blank", "cell"] {
        assert!(kinds.contains_key(shape), "the documents hold a question of shape {shape}: {kinds:?}");
    }
}

#[test]
fn cloze_with_context() {
    let cloze = Cloze { per_document: 2, context: true, ..Cloze::about("Handbook") };
    check(&cloze, "cloze-context", &documents());
}

#[test]
fn cloze_of_pages_that_name_their_subject() {
    check(&Cloze::default(), "cloze-unnamed", &documents());
}

#[test]
fn rows() {
    let rows = [
        json!({"question": "What is 6 x 7?", "answer": 42, "level": "easy"}),
        json!({"question": "What is left out?", "level": null}),
        json!({"question": ["no", "text"], "answer": "x"}),
    ];
    let documents = rows.into_iter().enumerate().map(|(number, row)| {
        let Value::Map(fields) = Value::from(row) else { unreachable!("a row is a table") };
        document(format!("row-{number}"), String::new(), fields)
    });
    check(
        &Rows::of([("prompt", "question"), ("completion", "answer")]),
        "rows",
        &documents.collect::<Vec<_>>(),
    );
}

/// Compares what a generator makes with its golden file, and counts the shapes of its questions.
fn check(generator: &dyn Generator, name: &str, documents: &[Document]) -> BTreeMap<String, usize> {
    let identity = generator.identity();
    let mut golden = format!("{} {} {}\n", identity.name, identity.version, identity.fingerprint());
    let mut kinds = BTreeMap::new();
    for document in documents {
        let mut say = |draft: Draft| {
            if let Some(shape) = draft.fields.get("shape").and_then(Value::as_text) {
                *kinds.entry(shape.to_owned()).or_insert(0) += 1;
            }
            let columns: BTreeMap<_, _> =
                draft.content.columns().into_iter().map(|(k, v)| (k, short(v))).collect();
            let fields: BTreeMap<_, _> =
                draft.fields.iter().map(|(name, value)| (name, value.to_json())).collect();
            let context = draft.context.as_deref().map(short);
            let span = draft.span.map(|span| [span.start, span.end]);
            let line = json!({
                "document": document.id, "content": columns, "span": span, "context": context, "fields": fields,
            });
            golden.push_str(&format!("{line}\n"));
        };
        if let Err(reason) = generator.generate(document, &mut say) {
            golden.push_str(&format!("{}\n", json!({"document": document.id, "failed": reason})));
        }
    }
    let path = folder("golden").join(format!("{name}.jsonl"));
    if std::env::var_os("RIFFLEBOX_BLESS").is_some() {
        std::fs::write(&path, &golden).expect("the golden file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        golden == kept,
        "{name} makes something else than its golden file ({} lines, kept {}): raise its version, then bless it\n{}",
        golden.lines().count(),
        kept.lines().count(),
        differs.map_or_else(String::new, |(made, kept)| format!("made {made}\nkept {kept}"))
    );
    kinds
}

/// Returns a long text's head and digest: the documents themselves stand beside.
fn short(text: &str) -> String {
    match text.char_indices().nth(600) {
        Some(_) => {
            let head: String = text.chars().take(80).collect();
            format!("{head}… {}", Key::of(text.as_bytes()))
        }
        None => text.to_owned(),
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn documents() -> Vec<Document> {
    let root = folder("documents");
    let (mut files, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).expect("the bundled documents are there") {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files.retain(|path| *path != root.join("README.md"));
    let read = |path: PathBuf| {
        let id = path.strip_prefix(&root).expect("it was listed there").to_string_lossy().into_owned();
        document(id, std::fs::read_to_string(&path).expect("bundled documents are text"), Fields::new())
    };
    files.into_iter().map(read).collect()
}

fn document(id: String, text: String, fields: Fields) -> Document {
    let source = "docs".to_owned();
    Document {
        source,
        id,
        text,
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields,
        redactions: Default::default(),
    }
}
