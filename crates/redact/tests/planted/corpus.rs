//! Real documents, and identifiers planted in them.

use std::path::{Path, PathBuf};

use rifflebox_redact::Rule;

use crate::identifiers::{Draw, identifier};

/// A document.
pub(crate) struct Page {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// A document with identifiers planted in it: where each is.
pub(crate) struct Planted {
    pub(crate) text: String,
    pub(crate) truth: Vec<(usize, usize, Rule)>,
    /// What was put in, from where to where.
    pub(crate) pieces: Vec<(usize, usize)>,
}

/// Returns the bundled documents.
pub(crate) fn bundled() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/corpus/documents");
    let mut pages = Vec::new();
    visit(&root, &root, &mut pages);
    pages.sort_by(|one, two| one.id.cmp(&two.id));
    pages
}

fn visit(root: &Path, folder: &Path, pages: &mut Vec<Page>) {
    for entry in std::fs::read_dir(folder).expect("the corpus is bundled") {
        let path = entry.expect("a folder is read while nobody changes it").path();
        if path.is_dir() {
            visit(root, &path, pages);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let id = path.strip_prefix(root).expect("it lies below").display().to_string();
            pages.push(Page { id, text: std::fs::read_to_string(&path).expect("a page is text") });
        }
    }
}

/// Returns the documents of the data folder, by name of their collection; none where no folder is named.
pub(crate) fn data_folder() -> Option<Vec<(&'static str, Vec<Page>)>> {
    let root = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?);
    let read = |name: &'static str, file: &str, columns: &[&str]| (name, rows(&root.join(file), columns));
    Some(vec![
        read("prometheus", "docs/prometheus-docs/base.jsonl.zst", &["text"]),
        read("opentelemetry.io", "docs/opentelemetry.io/base.jsonl.zst", &["text"]),
        read("rust-book", "docs/rust-book/base.jsonl.zst", &["text"]),
        read("xquad", "qa/xquad-en.jsonl.zst", &["context", "question"]),
        read("hh-rlhf", "preference/hh-rlhf-harmless-test-even.jsonl.zst", &["chosen"]),
    ])
}

fn rows(path: &Path, columns: &[&str]) -> Vec<Page> {
    let packed = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = zstd::stream::decode_all(packed).expect("the data folder is packed with zstd");
    let text = String::from_utf8(text).expect("its rows are text");
    let page = |(number, line): (usize, &str)| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row is an object");
        let texts: Vec<&str> = columns.iter().filter_map(|column| row[*column].as_str()).collect();
        let id = row["path"].as_str().map_or_else(|| number.to_string(), str::to_owned);
        Page { id, text: texts.join("\n") }
    };
    text.lines().enumerate().map(page).collect()
}

/// Plants identifiers of these sorts at spaces of a page; `draw` says where.
pub(crate) fn plant(page: &Page, rules: &[Rule], draw: &mut Draw) -> Planted {
    const AROUND: [(&str, &str); 6] =
        [(" ", " "), (" (", ") "), (" \"", "\" "), (" — ", ", "), ("\n", "\n"), (" It is ", ". ")];
    let spaces: Vec<usize> = page.text.match_indices(' ').map(|(at, _)| at).collect();
    let mut places: Vec<(usize, Rule)> = rules.iter().map(|rule| (draw.one(&spaces), *rule)).collect();
    places.sort_unstable();
    places.dedup_by_key(|(at, _)| *at);
    let mut planted = Planted { text: String::new(), truth: Vec::new(), pieces: Vec::new() };
    let mut from = 0;
    for (at, rule) in places {
        planted.text.push_str(&page.text[from..at]);
        let start = planted.text.len();
        let (open, close) = draw.one(&AROUND);
        let (before, value) = identifier(rule, draw);
        planted.text.push_str(open);
        planted.text.push_str(&before);
        let begins = planted.text.len();
        planted.text.push_str(&value);
        planted.truth.push((begins, planted.text.len(), rule));
        planted.text.push_str(close);
        planted.pieces.push((start, planted.text.len()));
        from = at + 1;
    }
    planted.text.push_str(&page.text[from..]);
    planted
}
