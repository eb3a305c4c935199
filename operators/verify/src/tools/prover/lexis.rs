//! Which part of a text is code: comments and strings neither hide a cheat nor are taken for one.

use std::ops::Range;

/// How a language writes comments and strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lexis {
    /// What begins a comment that ends with its line.
    pub(super) lines: Vec<String>,
    /// What begins and ends any other.
    pub(super) blocks: Vec<(String, String)>,
    /// Whether those nest.
    pub(super) nested: bool,
    /// How strings are written.
    pub(super) strings: Strings,
    /// Whether a string within a comment hides the comment's end.
    pub(super) strings_in_comments: bool,
    /// Whether `'"'` is a character, `r#"…"#` a raw string, and `{…}` within a string is code.
    pub(super) lean: bool,
}

/// How strings are written, between quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Strings {
    /// There are none.
    #[default]
    None,
    /// `""` within one is a quote.
    Doubled,
    /// `\"` within one is a quote.
    Escaped,
}

impl Lexis {
    /// Returns a text of the same length, in which comments and what strings hold are blanks.
    pub(super) fn code(&self, text: &str) -> String {
        let mut code: Vec<u8> = text.bytes().collect();
        for hidden in self.hidden(text) {
            for byte in &mut code[hidden] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        String::from_utf8(code).expect("whole characters are hidden")
    }

    /// Returns whether the values of a text leave what stands around them as it is: code is code, a comment a comment,
    /// whatever stands in their places.
    pub(super) fn is_kept(&self, text: &str, values: &[Range<usize>]) -> bool {
        let mut plain = text.as_bytes().to_vec();
        values.iter().for_each(|value| plain[value.clone()].fill(b'x'));
        let plain = String::from_utf8(plain).expect("values are whole characters");
        let hidden = |of: &str| {
            let mut hidden = vec![false; of.len()];
            self.hidden(of).into_iter().for_each(|range| hidden[range].fill(true));
            hidden
        };
        let (mut found, mut wanted) = (hidden(text), hidden(&plain));
        // Where code belongs, comments may stand as well; within a comment nothing but that.
        for value in values {
            if !wanted[value.clone()].iter().all(|hidden| *hidden) {
                found[value.clone()].fill(false);
                wanted[value.clone()].fill(false);
            }
        }
        found == wanted
    }

    /// Returns where comments stand, and what strings hold.
    fn hidden(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let begun = at;
            if let Some(length) = self.comment(rest) {
                at += length;
                found.push(begun..at);
            } else if let Some((length, held)) = self.string(&text[..at], rest) {
                at += length;
                if !self.lean || !text[begun..at].contains('{') {
                    found.push(begun + held.start..begun + held.end);
                }
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        found
    }

    /// Returns the bytes of a comment that begins here, if one does; one that nothing ends goes on to the end.
    fn comment(&self, rest: &str) -> Option<usize> {
        if self.lines.iter().any(|mark| rest.starts_with(mark)) {
            return Some(rest.find('\n').unwrap_or(rest.len()));
        }
        let (open, close) = self.blocks.iter().find(|(open, _)| rest.starts_with(open.as_str()))?;
        let (mut depth, mut at) = (1, open.len());
        while depth > 0 && at < rest.len() {
            let here = &rest[at..];
            at += if here.starts_with(close.as_str()) {
                depth -= 1;
                close.len()
            } else if self.nested && here.starts_with(open.as_str()) {
                depth += 1;
                open.len()
            } else if self.strings_in_comments && here.starts_with('"') {
                self.quoted(here)
            } else {
                here.chars().next().map_or(1, char::len_utf8)
            };
        }
        Some(at)
    }

    /// Returns the bytes of a string or character that begins here, if one does, and where within it is what it holds.
    fn string(&self, before: &str, rest: &str) -> Option<(usize, Range<usize>)> {
        if self.lean {
            let joins =
                before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '\''));
            if !joins && let Some(length) = character(rest) {
                return Some((length, 1..length - 1));
            }
            if !joins && let Some((length, held)) = raw(rest) {
                return Some((length, held));
            }
        }
        if self.strings == Strings::None || !rest.starts_with('"') {
            return None;
        }
        let length = self.quoted(rest);
        Some((length, 1..(length - 1).max(1)))
    }

    /// Returns the bytes of a string between quotes; one that nothing ends goes on to the end.
    fn quoted(&self, rest: &str) -> usize {
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match (c, self.strings) {
                ('\\', Strings::Escaped) => drop(chars.next()),
                ('"', Strings::Doubled) if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                }
                ('"', _) => return at + 1,
                _ => {}
            }
        }
        rest.len()
    }
}

/// Returns the bytes of a character between single quotes.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let mut chars = inner.char_indices();
    let (_, first) = chars.next()?;
    let end = match first {
        '\\' => inner[2.min(inner.len())..].find('\'').map(|at| at + 2).filter(|end| *end <= 10)?,
        _ => chars.next().filter(|(_, c)| *c == '\'')?.0,
    };
    Some(1 + end + 1)
}

/// Returns the bytes of a raw string, and where within it is what it holds.
fn raw(rest: &str) -> Option<(usize, Range<usize>)> {
    let inner = rest.strip_prefix('r')?;
    let signs = inner.len() - inner.trim_start_matches('#').len();
    inner[signs..].strip_prefix('"')?;
    let begun = 2 + signs;
    let close = format!("\"{}", "#".repeat(signs));
    let end = rest[begun..].find(&close).map_or(rest.len(), |at| begun + at);
    Some(((end + close.len()).min(rest.len()), begun..end))
}

#[cfg(test)]
mod tests {
    use super::super::Kit;

    fn code(kit: Kit, text: &str) -> String {
        kit.lexis().code(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        for (kit, text, left) in [
            (Kit::Coq, "a (* b (* c *) d *) e", "a e"),
            (Kit::Coq, "a (* \" *) b \" *) c \"d\"\"e (*\" f", "a c \" \" f"),
            (Kit::Coq, "a (* b", "a"),
            (Kit::Lean, "a -- b\nc /- d /- e -/ f -/ g", "a c g"),
            (Kit::Lean, "a '\"' b '\\'' c h' d \"e \\\" f\" g", "a ' ' b ' ' c h' d \" \" g"),
            (Kit::Lean, "a r#\"b\" c\"# d s!\"{e} f\" g", "a r#\" \"# d s!\"{e} f\" g"),
            (Kit::Isabelle, "a (* b *) \"c \\\" d\" e", "a \" \" e"),
            (Kit::Metamath, "a $( b $( c $) d", "a d"),
            (Kit::Plain, "a -- \"b\" (* c *)", "a -- \"b\" (* c *)"),
        ] {
            assert_eq!(code(kit, text), left, "{kit:?} {text}");
        }
    }

    #[test]
    fn a_value_leaves_what_stands_around_it_as_it_is() {
        for (kit, before, value, after, kept) in [
            (Kit::Coq, "Proof. ", "auto (* so *).", " Qed.", true),
            (Kit::Coq, "Proof. ", "auto. (*", " Qed. *)", false),
            (Kit::Coq, "(* by ", "me", " *) Qed.", true),
            (Kit::Coq, "(* by ", "*) Admitted. (*", " *) Qed.", false),
            (Kit::Coq, "Definition s := \"", "\"", "\". Qed.", false),
            (Kit::Coq, "Proof. ", "auto (", "* x *) Qed.", false),
            (Kit::Lean, "by ", "simp -- so", "\n#print axioms t", true),
            (Kit::Lean, "by ", "simp -- so", " #print axioms t", false),
            (Kit::Lean, "\"", "\\", "\" ++ x \"\"", false),
            (Kit::Metamath, "$= ", "wph $(", " $. $)", false),
        ] {
            let text = format!("{before}{value}{after}");
            let place = before.len()..before.len() + value.len();
            assert_eq!(kit.lexis().is_kept(&text, &[place]), kept, "{text}");
        }
    }
}
