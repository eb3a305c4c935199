//! Corpora of JSON lines, the same each time: real passages with natural and planted near-duplicates, and hard cases.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

/// Rows in a file.
const PER_FILE: usize = 1_000;
/// Words of a passage, and words after which the next one of a text begins.
const WORDS: usize = 160;
const STRIDE: usize = 100;
/// Fewest words of a passage.
const LEAST_WORDS: usize = 40;
/// Of so many rows one is an edited copy of an earlier one.
const PLANTED: usize = 10;
/// How similar planted copies are to what they copy, in turn.
const SIMILARITIES: [f64; 8] = [0.95, 0.9, 0.85, 0.82, 0.78, 0.7, 0.6, 0.5];

/// Writes a corpus of passages.
///
/// The passages are windows over every text of the data folder, and over every revision in its histories, which are
/// near-duplicates as they come. Where they do not suffice, they are said again with a third of all words exchanged for
/// others, throughout each repetition, so that similarities within one stay as they are. One row of ten is an edited
/// copy of an earlier one.
pub(crate) fn passages(folder: &Path, rows: usize) {
    let windows = windows();
    let row = |number: usize| match number % PLANTED {
        0 if number > 0 => {
            let mut original = (mix(number as u64) % number as u64) as usize;
            original += usize::from(original.is_multiple_of(PLANTED));
            let text = passage(&windows, original.min(number - 1));
            edited(&text, SIMILARITIES[number / PLANTED % SIMILARITIES.len()], number as u64)
        }
        _ => passage(&windows, number),
    };
    write(folder, rows, &row);
    eprintln!("{} distinct real passages for {rows} rows", windows.len());
}

/// Changes so many rows of one file: they are edited, so that each is like what it was.
pub(crate) fn change(folder: &Path, count: usize, round: usize) {
    let files = files(folder);
    let path = &files[(round + 1) * 7919 % files.len()];
    let lines = std::fs::read_to_string(path).expect("the corpus was written");
    let step = (lines.lines().count() / count).max(1);
    let mut changed = String::new();
    for (number, line) in lines.lines().enumerate() {
        let mut row: Json = serde_json::from_str(line).expect("the corpus is sound");
        if number % step == 0 {
            let text = row["text"].as_str().expect("the corpus is sound");
            row["text"] = Json::from(edited(text, 0.9, mix((round * PER_FILE + number) as u64)));
        }
        writeln!(changed, "{row}").expect("a string takes all");
    }
    std::fs::write(path, changed).expect("the target folder can be written");
    super::settle();
}

/// Writes rows of one template: all but one word of a sentence in five are the same.
pub(crate) fn template(folder: &Path, rows: usize) {
    let row = |number: usize| {
        let filled = |part: u64| mix(number as u64 ^ (part << 40)) % 100_000;
        let mut text = String::new();
        for sentence in 0..20u64 {
            let object = if sentence % 5 == 0 { filled(sentence) } else { sentence };
            write!(text, "In step {sentence} the careful engineer takes item {object} off the long shelf. ")
                .expect("a string takes all");
        }
        text
    };
    write(folder, rows, &row);
}

/// Writes revisions of a text, of which each drops ten words of the one before, and adds ten, without one that is left out.
pub(crate) fn chain(folder: &Path, rows: usize, without: Option<usize>) {
    let row = |number: usize| {
        let word = |place: usize| format!("word{place}");
        let words: Vec<String> = (number * 10..number * 10 + 120).map(word).collect();
        words.join(" ")
    };
    let numbers: Vec<usize> = (0..rows).filter(|number| Some(*number) != without).collect();
    write_numbers(folder, &numbers, &row);
}

/// Returns the files of a corpus, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("documents")).expect("the corpus was written");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the corpus was written").path()).collect();
    files.sort();
    files
}

/// Calls `each` with the text of every row.
pub(crate) fn each_text(folder: &Path, mut each: impl FnMut(&str)) {
    for path in files(folder) {
        let lines = std::fs::read_to_string(path).expect("the corpus was written");
        for line in lines.lines() {
            let row: Json = serde_json::from_str(line).expect("the corpus is sound");
            each(row["text"].as_str().expect("the corpus is sound"));
        }
    }
}

fn write(folder: &Path, rows: usize, row: &dyn Fn(usize) -> String) {
    write_numbers(folder, &(0..rows).collect::<Vec<_>>(), row);
}

fn write_numbers(folder: &Path, numbers: &[usize], row: &dyn Fn(usize) -> String) {
    const WRITABLE: &str = "the target folder can be written";
    let documents = folder.join("documents");
    std::fs::create_dir_all(&documents).expect(WRITABLE);
    for (file, numbers) in numbers.chunks(PER_FILE).enumerate() {
        let file = std::fs::File::create(documents.join(format!("{file:06}.jsonl"))).expect(WRITABLE);
        let mut file = BufWriter::new(file);
        for number in numbers {
            let row = json!({ "id": number.to_string(), "text": row(*number) });
            writeln!(file, "{row}").expect(WRITABLE);
        }
    }
}

/// Returns all passages of the data folder, each once, in an order of their own.
fn windows() -> Vec<String> {
    let data = std::env::var("RIFFLEBOX_DATA").expect("RIFFLEBOX_DATA names the folder of real documents");
    let mut archives = Vec::new();
    let mut open = vec![PathBuf::from(data)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("the data folder can be read") {
            let path = entry.expect("the data folder can be read").path();
            match path.is_dir() {
                true => open.push(path),
                false if path.to_string_lossy().ends_with(".jsonl.zst") => archives.push(path),
                false => {}
            }
        }
    }
    archives.sort();
    let mut seen = BTreeSet::new();
    let mut windows = Vec::new();
    for archive in archives {
        let file = std::fs::File::open(&archive).expect("the data folder can be read");
        let lines = zstd::decode_all(file).expect("the data is compressed by zstd");
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let row: Json = serde_json::from_slice(line).expect("the data are JSON lines");
            texts(&row, &mut |text| cut(text, &mut seen, &mut windows));
        }
    }
    windows
}

/// Calls `each` with every long text of a row, wherever it stands in it.
fn texts(value: &Json, each: &mut dyn FnMut(&str)) {
    match value {
        Json::String(text) => each(text),
        Json::Array(values) => values.iter().for_each(|value| texts(value, each)),
        Json::Object(fields) => fields.values().for_each(|value| texts(value, each)),
        _ => {}
    }
}

fn cut(text: &str, seen: &mut BTreeSet<String>, windows: &mut Vec<String>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    for start in (0..words.len()).step_by(STRIDE) {
        let window = &words[start..(start + WORDS).min(words.len())];
        if window.len() < LEAST_WORDS {
            break;
        }
        let window = window.join(" ");
        if seen.insert(window.clone()) {
            windows.push(window);
        }
    }
}

/// Returns a passage: real, or, beyond those that there are, with words exchanged.
fn passage(windows: &[String], number: usize) -> String {
    let text = &windows[number % windows.len()];
    match number / windows.len() {
        0 => text.clone(),
        repetition => {
            let word = |word: &str| match mix(hash(word) ^ mix(repetition as u64)) {
                drawn if drawn % 3 == 0 => format!("{word}{repetition}"),
                _ => word.to_owned(),
            };
            text.split(' ').map(word).collect::<Vec<_>>().join(" ")
        }
    }
}

/// Returns a text with as many words exchanged as bring its similarity down to this, by shingles of five words.
fn edited(text: &str, similarity: f64, seed: u64) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let shingles = words.len().saturating_sub(4) as f64;
    // Each word that stands alone takes five shingles, and brings five others.
    let count = (shingles * (1.0 - similarity) / (1.0 + similarity) / 5.0).round() as usize;
    let step = words.len() as f64 / count.max(1) as f64;
    let places: BTreeSet<usize> = (0..count).map(|place| ((place as f64 + 0.5) * step) as usize).collect();
    for place in places {
        words[place] = format!("w{}", mix(seed ^ ((place as u64) << 32)) % 1_000_000);
    }
    words.join(" ")
}

fn hash(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
