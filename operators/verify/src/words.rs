//! Words and sentences of English text, as the published heuristics count them.
//!
//! The thresholds of the filters were tuned on words that spaCy's English rules split, so these are those
//! rules (spaCy 3.8, `tokenizer.pyx` and `lang/en`): white space parts pieces; a piece that is special
//! splits as its entry says; else punctuation leaves it at both ends, and a web address stays whole, and
//! any other rest splits inside at dashes, stops and the like. At last neighbours that together spell a
//! special word are made one. The work is linear in the length of the text.

mod chars;
mod specials;
mod tables;
mod url;

#[cfg(test)]
mod tests;

pub(crate) use chars::{ends_line, is_space, is_symbol, strip};

use chars::{
    ends_sentence, frees_stop, is_affix, is_currency, is_icon, is_letter, is_lower, is_quote, is_upper,
};
use specials::{Special, Specials};

type Span = (usize, usize);

/// Splits a text into its words, none of them empty or white space.
pub(crate) fn split_words(text: &str) -> Vec<&str> {
    spans(text).into_iter().map(|(start, end)| &text[start..end]).collect()
}

/// Counts the sentences of a text, as spaCy's `sentencizer` parts them; one at least.
///
/// A sentence starts at the first word that is no punctuation after a word that is one mark of its end.
/// White space is such a word too, unless it is one space.
pub(crate) fn count_sentences(text: &str) -> usize {
    let mut sentences = 1;
    let mut ended = false;
    let mut start_unless = |stays: bool, ended: &mut bool| {
        if *ended && !stays {
            sentences += 1;
            *ended = false;
        }
    };
    let mut last = 0;
    for (start, end) in spans(text) {
        start_unless(is_plain_gap(&text[last..start]), &mut ended);
        let word = &text[start..end];
        if is_sentence_end(word) {
            ended = true;
        } else {
            start_unless(is_punctuation(word), &mut ended);
        }
        last = end;
    }
    start_unless(is_plain_gap(&text[last..]), &mut ended);
    sentences
}

fn is_plain_gap(gap: &str) -> bool {
    matches!(gap, "" | " ")
}

fn is_sentence_end(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(ends_sentence) && chars.next().is_none()
}

/// Returns whether all characters are of Unicode's punctuation.
fn is_punctuation(word: &str) -> bool {
    let signs = |b: u8| matches!(b, b'$' | b'+' | b'<' | b'=' | b'>' | b'^' | b'`' | b'|' | b'~');
    match word.is_ascii() {
        true => word.bytes().all(|b| b.is_ascii_punctuation() && !signs(b)),
        false => crate::unicode::all_punctuation(word),
    }
}

fn spans(text: &str) -> Vec<Span> {
    let specials = Specials::english();
    let mut spans = Vec::with_capacity(text.len() / 5 + 1);
    let mut rest = text;
    while let Some(start) = rest.find(|c| !is_space(c)) {
        let piece = &rest[start..];
        let length = piece.find(is_space).unwrap_or(piece.len());
        let offset = text.len() - piece.len();
        split_piece(&piece[..length], offset, Some(specials), &mut spans);
        rest = &piece[length..];
    }
    join_specials(text, spans, specials)
}

/// Splits one piece without white space, which lies at `offset` of its text.
fn split_piece(piece: &str, offset: usize, specials: Option<&Specials>, spans: &mut Vec<Span>) {
    let special = |text: &str| specials.and_then(|specials| specials.get(text));
    if let Some(special) = special(piece) {
        return push_cuts(special, offset, spans);
    }
    if piece.bytes().all(|b| b.is_ascii_alphabetic()) {
        return spans.push((offset, offset + piece.len()));
    }
    let (mut start, mut end) = (0, piece.len());
    let mut suffixes: Vec<Span> = Vec::new();
    while start < end {
        let rest = &piece[start..end];
        let prefix = prefix_length(rest);
        if special(rest).is_some() {
            break;
        }
        if prefix > 0 && special(&rest[prefix..]).is_some() {
            spans.push((offset + start, offset + start + prefix));
            start += prefix;
            break;
        }
        let suffix = suffix_length(&rest[prefix..]);
        let without_suffix = suffix > 0 && special(&rest[..rest.len() - suffix]).is_some();
        if suffix > 0 {
            suffixes.push((offset + end - suffix, offset + end));
            end -= suffix;
        }
        if without_suffix || prefix + suffix == 0 {
            break;
        }
        if prefix > 0 {
            spans.push((offset + start, offset + start + prefix));
            start += prefix;
        }
    }
    let core = &piece[start..end];
    match special(core) {
        Some(special) => push_cuts(special, offset + start, spans),
        None if core.is_empty() => {}
        None if url::is_url(core) => spans.push((offset + start, offset + end)),
        None => split_inside(core, offset + start, spans),
    }
    spans.extend(suffixes.iter().rev());
}

fn push_cuts(special: &Special, offset: usize, spans: &mut Vec<Span>) {
    let mut start = offset;
    for length in &special.cuts {
        spans.push((start, start + length));
        start += length;
    }
}

/// Returns how many bytes leave the front of a piece: a mark, stops in a row, or a sign of money.
fn prefix_length(piece: &str) -> usize {
    let mut chars = piece.chars();
    let Some(first) = chars.next() else { return 0 };
    match first {
        '+' => usize::from(!chars.next().is_some_and(|c| c.is_ascii_digit())),
        '.' => Some(dots(piece)).filter(|&dots| dots > 1).unwrap_or(0),
        'U' => 3 * usize::from(piece.starts_with("US$")),
        'A' | 'C' => 2 * usize::from(chars.next() == Some('$')),
        '%' | '=' | '§' => first.len_utf8(),
        _ if first.is_ascii_alphanumeric() => 0,
        _ if is_affix(first) || is_currency(first) || is_icon(first) => first.len_utf8(),
        _ => 0,
    }
}

/// Returns how many bytes leave the back of a piece: a mark, a possessive, a unit after a number …
fn suffix_length(piece: &str) -> usize {
    let mut chars = piece.chars().rev();
    let Some(last) = chars.next() else { return 0 };
    let before = chars.next();
    match last {
        '.' => stop_length(piece),
        '…' => last.len_utf8() * (1 + usize::from(before == Some('…'))),
        's' | 'S' if matches!(before, Some('\'' | '’')) => 1 + before.map_or(0, char::len_utf8),
        '+' => usize::from(before.is_some_and(|c| c.is_ascii_digit())),
        _ if last.is_ascii_digit() => 0,
        _ if is_affix(last) || is_icon(last) => last.len_utf8(),
        _ => unit_length(piece),
    }
}

fn stop_length(piece: &str) -> usize {
    let dots = piece.bytes().rev().take_while(|&b| b == b'.').count();
    let mut before = piece[..piece.len() - dots].chars().rev();
    let (last, second) = (before.next(), before.next());
    let freed = last.is_some_and(frees_stop)
        || (last.is_some_and(is_upper) && second.is_some_and(is_upper))
        || (last.is_some_and(|c| "FCK".contains(c)) && second == Some('°'));
    match dots {
        1 => usize::from(freed),
        _ => dots,
    }
}

/// Units of measure and signs of money that leave a number. Source: spaCy 3.8, `lang/char_classes.py`.
const UNITS: &[&str] = &[
    "%",
    "$",
    "US$",
    "C$",
    "A$",
    "km",
    "km²",
    "km³",
    "m",
    "m²",
    "m³",
    "dm",
    "dm²",
    "dm³",
    "cm",
    "cm²",
    "cm³",
    "mm",
    "mm²",
    "mm³",
    "ha",
    "µm",
    "nm",
    "yd",
    "in",
    "ft",
    "kg",
    "g",
    "mg",
    "µg",
    "t",
    "lb",
    "oz",
    "m/s",
    "km/h",
    "kmh",
    "mph",
    "hPa",
    "Pa",
    "mbar",
    "mb",
    "MB",
    "kb",
    "KB",
    "gb",
    "GB",
    "tb",
    "TB",
    "T",
    "G",
    "M",
    "K",
    "км",
    "км²",
    "км³",
    "м",
    "м²",
    "м³",
    "дм",
    "дм²",
    "дм³",
    "см",
    "см²",
    "см³",
    "мм",
    "мм²",
    "мм³",
    "нм",
    "кг",
    "г",
    "мг",
    "м/с",
    "км/ч",
    "кПа",
    "Па",
    "мбар",
    "Кб",
    "КБ",
    "кб",
    "Мб",
    "МБ",
    "мб",
    "Гб",
    "ГБ",
    "гб",
    "Тб",
    "ТБ",
    "тбكم",
    "كم²",
    "كم³",
    "م",
    "م²",
    "م³",
    "سم",
    "سم²",
    "سم³",
    "مم",
    "مم²",
    "مم³",
    "كم",
    "غرام",
    "جرام",
    "جم",
    "كغ",
    "ملغ",
    "كوب",
    "اكواب",
];

fn unit_length(piece: &str) -> usize {
    // The longest unit has ten bytes.
    let number_end = piece.bytes().rev().take(11).position(|b| b.is_ascii_digit());
    let Some(length) = number_end else { return 0 };
    let unit = &piece[piece.len() - length..];
    let mut chars = unit.chars();
    let money = chars.next().is_some_and(is_currency) && chars.next().is_none();
    if money || UNITS.contains(&unit) { length } else { 0 }
}

fn dots(text: &str) -> usize {
    text.bytes().take_while(|&b| b == b'.').count()
}

/// Splits what is left between prefixes and suffixes.
fn split_inside(core: &str, offset: usize, spans: &mut Vec<Span>) {
    let mut start = 0;
    let mut at = 0;
    let mut before = None;
    while let Some(c) = core[at..].chars().next() {
        let length = infix_length(before, c, &core[at..]);
        let next = at + length.max(c.len_utf8());
        // A mark at the very front stays with what follows it.
        if length > 0 && at > 0 {
            if at > start {
                spans.push((offset + start, offset + at));
            }
            spans.push((offset + at, offset + next));
            start = next;
        }
        before = core[..next].chars().next_back();
        at = next;
    }
    if start < core.len() {
        spans.push((offset + start, offset + core.len()));
    }
}

/// Returns how many bytes at the front of `rest` part what lies before them from what follows.
fn infix_length(before: Option<char>, c: char, rest: &str) -> usize {
    if c.is_ascii_alphanumeric() || c == '_' {
        return 0;
    }
    let follows = |length: usize, holds: fn(char) -> bool| rest[length..].chars().next().is_some_and(holds);
    let after = |holds: fn(char) -> bool| before.is_some_and(holds);
    let after_word = after(|c| is_letter(c) || c.is_ascii_digit());
    let between_numbers = || after(|c| c.is_ascii_digit()) && follows(1, |c| c.is_ascii_digit() || c == '-');
    let dash = |longest: usize| {
        let run = rest.chars().take(longest).take_while(|&d| d == c).count();
        let mut ends = (1..=run).map(|count| count * c.len_utf8());
        ends.find(|&end| after_word && follows(end, is_letter)).unwrap_or(0)
    };
    match c {
        '.' if dots(rest) > 1 => dots(rest),
        '.' => {
            usize::from(after(|c| is_lower(c) || is_quote(c)) && follows(1, |c| is_upper(c) || is_quote(c)))
        }
        '…' => c.len_utf8(),
        '+' | '*' | '^' => usize::from(between_numbers()),
        '-' if between_numbers() => 1,
        ',' => usize::from(after(is_letter) && follows(1, is_letter)),
        '-' => dash(3),
        '—' => dash(2),
        '–' | '~' => dash(1),
        ':' | '<' | '>' | '=' | '/' => usize::from(after_word && follows(1, is_letter)),
        _ if is_icon(c) => c.len_utf8(),
        _ => 0,
    }
}

/// Makes neighbours that together spell a special word one again: longest first, then from the left.
fn join_specials(text: &str, spans: Vec<Span>, specials: &Specials) -> Vec<Span> {
    let mut found: Vec<(usize, &Special)> = Vec::new();
    for at in 0..spans.len() {
        let near = &spans[at..];
        found.extend(specials.pieced(text, near).filter(|s| is_near(text, near, s)).map(|s| (at, s)));
    }
    if found.is_empty() {
        return spans;
    }
    found.sort_by_key(|&(at, special)| (std::cmp::Reverse(special.ruled.len()), at));
    let mut taken = vec![false; spans.len()];
    let mut joined: Vec<(usize, &Special)> = Vec::new();
    for (at, special) in found {
        let end = at + special.ruled.len();
        // One that a space runs through is taken, and stays as it is.
        if !taken[at] && !taken[end - 1] && is_whole(&spans[at..end]) {
            joined.push((at, special));
        }
        taken[at..end].fill(true);
    }
    joined.sort_by_key(|&(at, _)| at);
    let mut result = Vec::with_capacity(spans.len());
    let mut next = 0;
    for (at, special) in joined {
        result.extend(&spans[next..at]);
        push_cuts(special, spans[at].0, &mut result);
        next = at + special.ruled.len();
    }
    result.extend(&spans[next..]);
    result
}

/// Returns whether nothing, or one space, lies between the words of a special one.
fn is_near(text: &str, spans: &[Span], special: &Special) -> bool {
    let words = &spans[..special.ruled.len()];
    words.windows(2).all(|pair| is_plain_gap(&text[pair[0].1..pair[1].0]))
}

fn is_whole(spans: &[Span]) -> bool {
    spans.windows(2).all(|pair| pair[0].1 == pair[1].0)
}
