//! Questions of a table's cells, by the key of the row and the head of the column.

use std::collections::BTreeSet;

use super::alike::Alike;
use super::define::has_main_verb;
use super::does::is_deed;
use super::help::is_telling;
use super::line::{Line, Look};
use super::list::{first_sentence, is_plain_word};
use super::named::{kind_by_look, section};
use super::page::{Kind, Page};
use super::prose::{is_clean, points_nowhere};
use super::question::{Ask, Question};
use super::words::{bare, is_english, letters, lower_first, terms};

/// Heads of columns that name a plain property of the row.
const PROPERTIES: &str = "default|default value|default port|base unit|language|environment variable|system property|\
    flag|repository|package";

/// Heads of columns that say in words what the row is.
const MEANINGS: &str = "description|meaning|purpose|definition|what it does|explanation|function|effect";

/// A table with more columns is a matrix: a row of it says nothing that can be read as one.
const MOST_COLUMNS: usize = 64;

/// So many bytes the heads of all columns have at most; each question of a cell quotes them.
const LONGEST_HEADER: usize = 4000;

/// Asks for cells of each table whose first column names its rows.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    for (number, block) in page.blocks().iter().enumerate() {
        let Kind::Table { header, rows } = &block.kind else { continue };
        let keys: Vec<&str> =
            rows.iter().filter_map(|row| row.first()).map(|cell| cell.text.trim()).collect();
        let unique = keys.iter().map(|key| letters(key)).collect::<BTreeSet<_>>().len() == keys.len();
        let short = |key: &&str| key.chars().count() <= 60 || codes(key).next().is_some();
        let named = keys.iter().all(|key| key.chars().any(|c| c.is_ascii_alphabetic()) && short(key));
        let heads: usize = header.iter().map(|head| head.text.len()).sum();
        let readable = (2..=MOST_COLUMNS).contains(&header.len()) && heads <= LONGEST_HEADER;
        if !readable || !unique || !named {
            continue;
        }
        let columns: Vec<Column<'_>> = (1..header.len()).map(|at| Column::of(header, rows, at)).collect();
        for row in rows.iter().filter(|row| row.len() == header.len()) {
            for column in &columns {
                cell_questions(page, number, &Cell { header, row, column }, questions);
            }
        }
    }
}

/// One cell of a table, with its row and column.
struct Cell<'a> {
    header: &'a [Line],
    row: &'a [Line],
    column: &'a Column<'a>,
}

/// A column of a table.
struct Column<'a> {
    at: usize,
    /// Its head, in small letters.
    head: String,
    /// What it says of each key, if it says what that means.
    meanings: Option<Alike<'a>>,
}

impl<'a> Column<'a> {
    fn of(header: &[Line], rows: &'a [Vec<Line>], at: usize) -> Self {
        let head = header[at].text.trim().to_lowercase();
        let cells =
            rows.iter().filter_map(|row| Some((row.first()?.text.as_str(), row.get(at)?.text.as_str())));
        let meanings = is_one_of(MEANINGS, &head).then(|| Alike::of(cells));
        Column { at, head, meanings }
    }
}

fn cell_questions(page: &Page, number: usize, cell: &Cell<'_>, questions: &mut Vec<Question>) {
    let Some(asked) = AskedCell::of(cell) else { return };
    let support = cell
        .header
        .iter()
        .zip(cell.row)
        .map(|(head, cell)| format!("{}: {}", head.text.trim(), cell.text.trim()));
    let support = support.collect::<Vec<_>>().join("; ");
    let (first, last) = (&cell.row[0], &cell.row[cell.column.at]);
    let span = first.source(&first.all()).start..last.source(&last.all()).end;
    for (shape, ask, answer) in asked.property().into_iter().chain(asked.meaning(cell)) {
        let section = section(page, number, &answer);
        questions.push(Question {
            shape,
            quality: 62,
            ask: Ask::According(ask),
            section,
            answer: unquoted(&answer).to_owned(),
            support: support.clone(),
            span: span.clone(),
            block: number,
        });
    }
}

/// A question of a cell: its shape, what is asked, and the answer.
type CellQuestion = (&'static str, String, String);

/// A cell that may be asked about: its column's head, the row's key, and the value.
struct AskedCell<'a> {
    head: &'a str,
    key: &'a str,
    value: &'a str,
    /// What the table says its keys are; empty if it says nothing.
    kind: String,
}

impl<'a> AskedCell<'a> {
    fn of(cell: &Cell<'a>) -> Option<Self> {
        let head = cell.column.head.as_str();
        let first = cell.row[0].text.trim().trim_end_matches(':');
        let key = variable(cell).unwrap_or(first);
        let value = cell.row[cell.column.at].text.trim();
        // A phrase that is a link is the title of another page.
        let first_mark =
            |look| cell.row[0].marks.iter().any(|mark| mark.range.start == 0 && mark.look == look);
        let repository =
            key.split_once('/').is_some_and(|(owner, _)| !owner.is_empty() && first_mark(Look::Link));
        let titled = key == first && key.contains(' ') && !key.contains('`') && first_mark(Look::Link);
        let split_code = key.contains('`')
            && (!key.starts_with('`') || !key.ends_with('`') || key.matches('`').count() > 2);
        if !is_clean(key)
            || !is_clean(value)
            || key.contains([',', ':'])
            || split_code
            || titled
            || repository
            || head.is_empty()
        {
            return None;
        }
        let kind = match key == first {
            true => key_kind(cell.header[0].text.trim(), key),
            false => kind_by_look(key.trim_matches('`')).unwrap_or_default().to_owned(),
        };
        // A plain word names nothing that has no namesake elsewhere, and two letters name nothing.
        let bare_key = key.trim_matches('`');
        if is_plain_word(bare_key) || !(3..=60).contains(&bare_key.chars().count()) || key == value {
            return None;
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let aspect = cell.header[0].text.trim().eq_ignore_ascii_case("aspect");
        let nameless = kind.is_empty() && (aspect || key.trim_matches('`').chars().all(plain));
        (!nameless).then_some(AskedCell { head, key, value, kind })
    }

    /// Names the row by its key.
    fn row(&self) -> String {
        let shown = if self.key.contains('`') { self.key.to_owned() } else { format!("\"{}\"", self.key) };
        if self.kind.is_empty() { shown } else { format!("the {} {shown}", self.kind) }
    }

    /// Asks for a short value: a default, a unit, a limit.
    fn property(&self) -> Option<CellQuestion> {
        const EMPTY: [&str; 14] =
            ["", "-", "n/a", "none", "no", "yes", "–", "—", "tbd", "unset", "null", "true", "false", "\"\""];
        let bare_value = self.value.trim_matches('`').to_lowercase();
        let default = self.head.starts_with("default");
        let plain = default && !is_telling(self.value.trim_matches('`').trim_matches('"'));
        let short = self.value.split_whitespace().count() <= 8 && one_value(self.value);
        if !is_one_of(PROPERTIES, self.head) || plain || EMPTY.contains(&bare_value.as_str()) || !short {
            return None;
        }
        let noun = if self.head == "default" { "default value" } else { self.head };
        Some(("cell", format!("what is the {noun} of {}?", self.row()), self.value.to_owned()))
    }

    /// Asks how the key is described, and, where no other row is described alike, which key is.
    fn meaning(&self, cell: &Cell<'_>) -> Vec<CellQuestion> {
        const OPENINGS: [&str; 14] = [
            "for", "to", "required", "only", "refer", "note", "if", "when", "because", "see", "same", "as",
            "like", "optional",
        ];
        let (key, value) = (self.key, self.value);
        let words = value.split_whitespace().count();
        let opening = bare(value.split_whitespace().next().unwrap_or_default());
        let news = terms(value).difference(&terms(key)).count();
        let deed = is_deed(value);
        // A clause is about the key, but does not say what it is.
        let clause = !deed && has_main_verb(first_sentence(value));
        let empty = OPENINGS.contains(&opening.as_str()) || news < 3 || clause;
        let sentence = (5..=40).contains(&words) && points_nowhere(value) && is_english(value);
        let Some(meanings) = cell.column.meanings.as_ref().filter(|_| !empty && sentence) else {
            return Vec::new();
        };
        let ask = match deed {
            true => format!("what does {} do?", self.row()),
            false => format!("how is {} described?", self.row()),
        };
        let mut asked = vec![("cell", ask, value.to_owned())];
        let telling = words >= 6 && !value.contains('"') && terms(value).is_disjoint(&terms(key));
        if telling && !meanings.has(&cell.row[0].text, value) {
            let which = if self.kind.is_empty() { "what".to_owned() } else { format!("which {}", self.kind) };
            let said = lower_first(value.trim_end_matches('.'));
            asked.push(("row", format!("{which} is described as \"{said}\"?"), key.to_owned()));
        }
        asked
    }
}

fn is_one_of(list: &str, head: &str) -> bool {
    list.split('|').any(|known| known.trim() == head)
}

/// Returns code without its backticks and quotes, if it is nothing but code.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    let inner = inner.filter(|inner| !inner.contains('`')).unwrap_or(text);
    let bare_text = inner.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    bare_text.filter(|bare_text| !bare_text.contains('"')).unwrap_or(inner)
}

/// Returns the environment variable that a row is of, where its first cell or a column of their own names one: of all
/// its names that one is nobody else's. A row that has one name, and no plain word for it, keeps that.
fn variable<'a>(cell: &Cell<'a>) -> Option<&'a str> {
    let key = cell.row[0].text.trim();
    if codes(key).count() == 1 && !is_plain_word(key.trim_matches('`')) {
        return None;
    }
    let own =
        cell.header.iter().position(|head| head.text.trim().eq_ignore_ascii_case("environment variable"));
    let mut named = [Some(0), own].into_iter().flatten().flat_map(|at| codes(cell.row[at].text.trim()));
    let first = named.find(|code| kind_by_look(code.trim_matches('`')) == Some("environment variable"))?;
    named.all(|code| code == first || kind_by_look(code.trim_matches('`')).is_none()).then_some(first)
}

/// Returns the spans of code of a text that is nothing else, with their backticks.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    let code = |part: &&str| part.len() > 2 && part.starts_with('`') && part.ends_with('`');
    let whole = text.split(' ').all(|part| code(&part));
    text.split(' ').filter(move |_| whole)
}

/// Returns whether a value is one, and not a list or a choice.
fn one_value(value: &str) -> bool {
    !value.contains([',', ';', '(']) && !value.contains(" or ") && letters(value).chars().count() >= 1
}

/// Returns what the keys of a table are called: by the head of their column, or by their look.
fn key_kind(head: &str, key: &str) -> String {
    let head = head.to_lowercase();
    let words = head.split_whitespace().count();
    let generic = [
        "yaml",
        "json",
        "block",
        "aspect",
        "from",
        "to",
        "name",
        "key",
        "id",
        "item",
        "value",
        "field name",
        "#",
        "title",
        "column",
    ];
    let sound =
        (1..=3).contains(&words) && head.chars().all(|c| c.is_ascii_alphabetic() || c == ' ' || c == '-');
    if !sound || generic.contains(&head.as_str()) || bare(&head).is_empty() {
        return kind_by_look(key.trim_matches('`')).unwrap_or_default().to_owned();
    }
    let head = head.strip_suffix(" name").unwrap_or(&head).to_owned();
    match head.strip_suffix('s').filter(|one| !one.ends_with('s')) {
        Some(one) => one.to_owned(),
        None => head,
    }
}
