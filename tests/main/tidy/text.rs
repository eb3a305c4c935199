//! What files look like.

use super::{File, assert_none, files, read, root, rust};

const FILE_LINES: usize = 800;
const FRONT_PAGE_LINES: usize = 150;
const FUNCTION_LINES: usize = 70;

/// Functions that are longer, each for a reason.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];

#[test]
fn files_are_short() {
    let mut breaches = Vec::new();
    for file in rust() {
        let lines = file.text.lines().count();
        let most = if file.path.ends_with("lib.rs") { FRONT_PAGE_LINES } else { FILE_LINES };
        if lines > most {
            breaches.push(format!("{}: {lines} lines, at most {most}", file.path));
        }
    }
    assert_none("a file is too long: split it by what its parts are", &breaches);
}

#[test]
fn functions_are_short() {
    let mut breaches = Vec::new();
    for file in rust() {
        for (name, lines) in functions(&file) {
            let listed = LONG_FUNCTIONS.contains(&(file.path.as_str(), name.as_str()));
            if lines > FUNCTION_LINES && !listed {
                breaches.push(format!("{}: `{name}` has {lines} lines, at most {FUNCTION_LINES}", file.path));
            }
        }
    }
    assert_none("a function is too long", &breaches);
}

/// Returns name and length of each function of a formatted file.
fn functions(file: &File) -> Vec<(String, usize)> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let words: Vec<&str> = code.split_whitespace().collect();
        let keyword = words.iter().position(|word| *word == "fn");
        let Some(keyword) = keyword.filter(|at| words[..*at].iter().all(|word| is_qualifier(word))) else {
            continue;
        };
        let name: String =
            words.get(keyword + 1).map_or("", |name| name).chars().take_while(|c| is_word(*c)).collect();
        let indent = &line[..line.len() - code.len()];
        let (closed, declared) = (format!("{indent}}}"), code.ends_with(';') || code.ends_with('}'));
        if let Some(length) = lines[start..].iter().position(|line| line.starts_with(&closed))
            && !declared
        {
            found.push((name, length + 1));
        }
    }
    found
}

fn is_qualifier(word: &str) -> bool {
    word.starts_with("pub") || ["const", "async", "unsafe"].contains(&word) || word.ends_with(')')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn functions_are_measured() {
    let text = "pub(crate) async fn one(a: u8) {\n    a;\n}\n\ntrait T {\n    fn two(&self);\n}\n";
    let file = File { path: String::new(), text: text.to_owned() };
    assert_eq!(functions(&file), [("one".to_owned(), 3)]);
}

#[test]
fn front_pages_say_what_the_crate_is() {
    let mut breaches = Vec::new();
    for file in rust().into_iter().filter(|file| file.path.ends_with("lib.rs")) {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") {
            breaches.push(format!("{}: begin with what the crate is", file.path));
        }
        if let Some(line) = file.product().find(|line| line.starts_with("fn ") || line.starts_with("pub fn "))
        {
            breaches.push(format!("{}: `{line}` is logic; a front page names and explains", file.path));
        }
    }
    assert_none("front pages", &breaches);
}

#[test]
fn nothing_names_a_place_on_somebodys_machine() {
    // In two parts, so that this file names none; and this checkout's own place.
    let mut places =
        [("/ro", "ot/"), ("/ho", "me/"), ("/Us", "ers/")].map(|(a, b)| format!("{a}{b}")).to_vec();
    places.extend(root().parent().and_then(|parent| Some(format!("{}/", parent.to_str()?))));
    places.retain(|place| place.len() > 2);
    let mut texts = rust();
    for ending in [".toml", ".py", ".md"] {
        texts.extend(files(".", ending));
    }
    for path in ["tests/run", ".ci/run"] {
        texts.push(File { path: path.to_owned(), text: read(path) });
    }
    let mut breaches = Vec::new();
    for file in texts {
        // Documents of others are data.
        if file.path.contains("corpus/documents/") || file.path.contains("tests/documents/") {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            // Nobody's home.
            let line = line.replace("/home/ada", "");
            if places.iter().any(|place| starts_a_path(&line, place)) {
                breaches.push(format!("{}:{}: {line}", file.path, index + 1));
            }
        }
    }
    assert_none("an absolute path", &breaches);
}

/// Returns whether a line holds the place at the start of a path: `a/home/b` is none.
fn starts_a_path(line: &str, place: &str) -> bool {
    line.match_indices(place)
        .any(|(at, _)| !line[..at].ends_with(|c: char| is_word(c) || "./-*}".contains(c)))
}
