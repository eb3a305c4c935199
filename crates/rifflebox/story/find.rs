//! What people name, as what a workspace holds.

use std::collections::BTreeSet;

use rifflebox_core::{Document, FileRecord, Key, Place, RowItem};
use rifflebox_dataflow::{Made, Repeat};

use crate::standing::{Standing, place};

/// Samples and documents that contain a text are told of, at most.
const CONTAINING: usize = 20;

/// Something that has a story.
pub(super) enum Found {
    /// A sample.
    Sample(Key),
    /// A document, and whether its samples are told too.
    Document { document: Box<Document>, samples: bool },
    /// A row that is no document, and why.
    Broken { source: String, key: Key, place: Place, reason: String },
    /// A row whose id is another's.
    Repeat { source: String, repeat: Box<Repeat> },
}

/// Finds what is meant: by key, by name, by text, in this order.
pub(super) fn find(standing: &Standing, what: &str) -> Vec<Found> {
    let by_key = Key::parse(what).map(|key| of_key(standing, key)).unwrap_or_default();
    if !by_key.is_empty() {
        return by_key;
    }
    let named = of_name(standing, what);
    if named.is_empty() { of_text(standing, what) } else { named }
}

fn of_key(standing: &Standing, key: Key) -> Vec<Found> {
    if standing.sample(key).is_some() {
        return vec![Found::Sample(key)];
    }
    let sources = standing.stages("source");
    let found: Vec<Found> =
        sources.flat_map(|source| of_row(standing, &source.name, key, None, true)).collect();
    if !found.is_empty() {
        return found;
    }
    // A document on which a generator failed has a row of that failure's own key.
    let mut found = Vec::new();
    for stage in standing.stages("generate") {
        for made in standing.reader.table::<Key, Made>(&format!("{}/samples", stage.name)).get(key) {
            if let Made::Failed { source, route, .. } = made {
                found.extend(of_row(standing, &source, route, None, true));
            }
        }
    }
    found
}

/// Returns what stands at a row's key: a document, a row that is none, repeats; only those of a file, if one is given.
fn of_row(standing: &Standing, source: &str, key: Key, file: Option<&str>, samples: bool) -> Vec<Found> {
    let (documents, repeats) = standing.documents(source, key);
    let here = |place: &Place| file.is_none_or(|file| file == place.path);
    let documents = documents.into_iter().filter(|(place, _)| here(place));
    let mut found: Vec<Found> =
        documents.map(|(_, document)| Found::Document { document: Box::new(document), samples }).collect();
    let repeats = repeats.into_iter().filter(|repeat| here(&repeat.item.place));
    found.extend(repeats.map(|repeat| Found::Repeat { source: source.to_owned(), repeat: Box::new(repeat) }));
    let rows = standing.reader.table::<Key, RowItem>(&format!("{source}/rows")).get(key);
    found.extend(rows.into_iter().filter(|row| here(&row.place)).filter_map(|row| {
        let reason = row.document.err()?;
        Some(Found::Broken { source: source.to_owned(), key, place: row.place, reason })
    }));
    found
}

/// Finds a document by `source:id`, by its id, or by the path of its file, which may begin above the source's folder.
fn of_name(standing: &Standing, what: &str) -> Vec<Found> {
    let sources: Vec<&str> = standing.stages("source").map(|stage| stage.name.as_str()).collect();
    let of_source = what.split_once(':').filter(|(source, _)| sources.contains(source));
    let mut names: Vec<(&str, &str)> = of_source.into_iter().collect();
    names.extend(sources.iter().map(|name| (*name, what)));
    for (source, name) in names {
        let found = of_id_or_place(standing, source, name, None);
        if !found.is_empty() {
            return found;
        }
        let path = name.split_once('/').filter(|_| of_source.is_none_or(|named| named == (source, name)));
        let Some((top, mut tail)) = path else { continue };
        // A path that begins inside the source names what is there, or nothing: never a namesake further up.
        if is_folder(standing, source, top) {
            continue;
        }
        loop {
            let found = of_id_or_place(standing, source, tail, Some(tail));
            if !found.is_empty() {
                return found;
            }
            match tail.split_once('/') {
                Some((_, rest)) => tail = rest,
                None => break,
            }
        }
    }
    Vec::new()
}

/// Finds a document by its id, only as the document of a file if one is given; or else all rows of a file.
fn of_id_or_place(standing: &Standing, source: &str, name: &str, file: Option<&str>) -> Vec<Found> {
    let found = of_row(standing, source, Document::key_of(source, name), file, true);
    if found.is_empty() { of_place(standing, source, name) } else { found }
}

/// Returns whether a source has files in a folder of this name.
fn is_folder(standing: &Standing, source: &str, name: &str) -> bool {
    let files = standing.reader.table::<Key, (String, FileRecord)>(&format!("{source}/files"));
    let below = |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    // Ends at the first that is.
    let none = files.scan(Key::MIN, Key::MAX, |_, (path, _), _| if below(&path) { Err(()) } else { Ok(()) });
    none.is_err()
}

/// Finds all rows of a file, or the broken one of a line: `PATH` or `PATH:LINE`.
fn of_place(standing: &Standing, source: &str, name: &str) -> Vec<Found> {
    let line = name.rsplit_once(':').filter(|(_, line)| line.parse::<u64>().is_ok());
    let path = line.map_or(name, |(path, _)| path);
    let index = standing.reader.table::<Key, (Key, Key)>(&format!("{source}/index"));
    let rows = |path: &str| index.get(Key::of(path.as_bytes()));
    let (path, rows, line) = match rows(name) {
        rows if !rows.is_empty() => (name, rows, false),
        _ => (path, rows(path), line.is_some()),
    };
    let keys: BTreeSet<Key> = rows.into_iter().map(|(key, _)| key).collect();
    // Of a file that is one document the samples are told; of a table, row by row, only what became of each.
    let samples = keys.len() == 1;
    let found = keys.into_iter().flat_map(|key| of_row(standing, source, key, Some(path), samples));
    found
        .filter(|found| !line || matches!(found, Found::Broken { place: at, .. } if place(at) == name))
        .collect()
}

fn of_text(standing: &Standing, what: &str) -> Vec<Found> {
    let wanted = what.trim();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut samples = Search::new(wanted);
    for stage in standing.stages("generate") {
        let table = standing.reader.table::<Key, Made>(&format!("{}/samples", stage.name));
        let scanned = table.scan(Key::MIN, Key::MAX, |id, made, _| {
            if let Made::Sample(_, sample) = made {
                let columns = sample.content.columns();
                let whole = sample.text();
                let texts = columns.iter().map(|(_, text)| *text).chain([whole.as_str()]);
                samples.look(texts, || Found::Sample(id));
            }
            Ok::<(), std::convert::Infallible>(())
        });
        match scanned {
            Ok(()) => {}
        }
    }
    let mut documents = Search::new(wanted);
    for source in standing.stages("source") {
        let rows = standing.reader.table::<Key, RowItem>(&format!("{}/rows", source.name));
        let scanned = rows.scan(Key::MIN, Key::MAX, |_, row, _| {
            if let Ok(document) = row.document {
                let text = document.text.clone();
                documents.look([text.as_str()], || Found::Document {
                    document: Box::new(document),
                    samples: true,
                });
            }
            Ok::<(), std::convert::Infallible>(())
        });
        match scanned {
            Ok(()) => {}
        }
    }
    let exact = [samples.exact, documents.exact];
    let found = exact.into_iter().chain([samples.containing, documents.containing]);
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// What says a text, and what contains it.
struct Search<'a> {
    wanted: &'a str,
    exact: Vec<Found>,
    containing: Vec<Found>,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a str) -> Self {
        Search { wanted, exact: Vec::new(), containing: Vec::new() }
    }

    fn look<'b>(&mut self, texts: impl IntoIterator<Item = &'b str>, found: impl FnOnce() -> Found) {
        let mut contains = false;
        for text in texts {
            if text.trim() == self.wanted {
                return self.exact.push(found());
            }
            contains |= text.contains(self.wanted);
        }
        if contains && self.containing.len() < CONTAINING {
            self.containing.push(found());
        }
    }
}
