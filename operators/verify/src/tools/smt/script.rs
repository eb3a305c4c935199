//! What of a problem a solver is shown: assumptions and declarations, and one question, which is ours.

use std::ops::Range;

use super::tokens::{Kind, Token, line, tokens};
use crate::tools::template::Filled;

/// What a problem may be: longer ones are nobody's.
const MOST_BYTES: usize = 1 << 20;
/// How deep brackets may nest.
const MOST_DEPTH: usize = 2_000;

/// Commands that make a problem.
const SHOWN: [&str; 15] = [
    "assert",
    "declare-const",
    "declare-datatype",
    "declare-datatypes",
    "declare-fun",
    "declare-sort",
    "define-const",
    "define-fun",
    "define-fun-rec",
    "define-funs-rec",
    "define-sort",
    "set-info",
    "set-logic",
    "set-option",
    "exit",
];
/// Commands that say nothing about it: they ask, or print, and are left out.
const LEFT_OUT: [&str; 11] = [
    "check-sat",
    "echo",
    "get-assertions",
    "get-assignment",
    "get-info",
    "get-model",
    "get-option",
    "get-proof",
    "get-unsat-assumptions",
    "get-unsat-core",
    "get-value",
];
/// Options that would move or change what is answered.
const OPTIONS_REFUSED: [&str; 4] =
    [":diagnostic-output-channel", ":global-declarations", ":print-success", ":regular-output-channel"];

/// Makes the text that the solver reads, of a problem whose commands are known: the words of each, without comments, and
/// our question behind them.
///
/// # Errors
/// Why the problem is none, or what in it could change the meaning of the rest.
pub(super) fn script(problem: &Filled) -> Result<String, String> {
    let text = problem.text.as_str();
    if text.len() > MOST_BYTES {
        return Err(format!("the problem has more than {} kB", MOST_BYTES >> 10));
    }
    let tokens = tokens(text)?;
    for value in &problem.values {
        stands_for_itself(text, &tokens, value)?;
    }
    let words: Vec<&Token<'_>> = tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    let mut made = String::from("(set-option :print-success false)\n");
    let mut ended = None;
    let mut asserts = false;
    for command in commands(text, &words)? {
        let (name, at) = named(text, command)?;
        let fail = |why: &str| Err(format!("line {} of the problem: `({name} …)` {why}", line(text, at)));
        if ended.is_some() {
            return fail("stands behind `(exit)`");
        }
        if LEFT_OUT.contains(&name) {
            continue;
        }
        if !SHOWN.contains(&name) {
            return fail(
                "is no command that makes a problem; `push`, `pop` and `reset` would take back what stands",
            );
        }
        let by_sample = problem.values.iter().any(|value| value.contains(&at));
        match name {
            "exit" => ended = Some(at),
            // Remarks; some solvers hold their answer against them.
            "set-info" => {}
            "set-option" | "set-logic" if by_sample => {
                return fail("is the template's to say, not the sample's");
            }
            "set-option" if command.get(2).is_some_and(|key| OPTIONS_REFUSED.contains(&key.text)) => {
                return fail("would change what the solver prints, or where");
            }
            _ => {
                asserts |= name == "assert";
                push(&mut made, command);
            }
        }
    }
    if !asserts {
        return Err("the problem asserts nothing".to_owned());
    }
    made.push_str("(check-sat)\n");
    Ok(made)
}

/// Refuses a value of the sample that reaches beyond its place: one that closes a bracket which it has not opened, leaves
/// one open, begins a string or comment that swallows what follows; within a command, one that is not one expression.
fn stands_for_itself(text: &str, tokens: &[Token<'_>], value: &Range<usize>) -> Result<(), String> {
    let fail = |why: &str| {
        Err(format!("line {} of the problem: what the sample puts in {why}", line(text, value.start)))
    };
    let within = |token: &&Token<'_>| token.at.start < value.end && token.at.end > value.start;
    let inside: Vec<&Token<'_>> = tokens.iter().filter(within).collect();
    if let [token] = inside[..]
        && token.at.start <= value.start
        && value.end <= token.at.end
        && token.at != *value
    {
        // A part of one word: of a name, or of the template's own string or comment.
        return Ok(());
    }
    // One that begins in a comment of the template's ends in it.
    let open = |token: &Token<'_>| token.at.start < value.start && token.at.end == value.start;
    if !value.is_empty() && tokens.iter().any(|token| token.kind == Kind::Comment && open(token)) {
        return fail("does not end where its place does");
    }
    let (mut depth, mut expressions) = (0_usize, 0);
    for token in &inside {
        if token.at.start < value.start || token.at.end > value.end {
            return fail("does not end where its place does");
        }
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close if depth == 0 => return fail("closes a bracket that it has not opened"),
            Kind::Close => depth -= 1,
            Kind::Comment => continue,
            _ => {}
        }
        expressions += usize::from(depth == 0);
    }
    if depth > 0 {
        return fail("leaves a bracket open");
    }
    let before = tokens.iter().take_while(|token| token.at.start < value.start);
    let outer = before.fold(0_i64, |depth, token| match token.kind {
        Kind::Open => depth + 1,
        Kind::Close => depth - 1,
        _ => depth,
    });
    match outer > 0 && expressions != 1 {
        true => fail(&format!("is {expressions} expressions where one belongs")),
        false => Ok(()),
    }
}

/// Parts words into commands: what stands between a bracket and its partner.
fn commands<'a, 't>(text: &str, words: &'a [&'t Token<'t>]) -> Result<Vec<&'a [&'t Token<'t>]>, String> {
    let mut found = Vec::new();
    let (mut depth, mut begun) = (0_usize, 0);
    for (index, word) in words.iter().enumerate() {
        let fail = |why: &str| Err(format!("line {} of the problem: {why}", line(text, word.at.start)));
        match word.kind {
            Kind::Open if depth == MOST_DEPTH => return fail("brackets nest too deep"),
            Kind::Open => {
                if depth == 0 {
                    begun = index;
                }
                depth += 1;
            }
            Kind::Close if depth == 0 => return fail("a bracket is closed that was not opened"),
            Kind::Close => {
                depth -= 1;
                if depth == 0 {
                    found.push(&words[begun..=index]);
                }
            }
            _ if depth == 0 => return fail("a word stands outside of commands"),
            _ => {}
        }
    }
    match depth {
        0 => Ok(found),
        _ => {
            Err(format!("line {} of the problem: a bracket is not closed", line(text, words[begun].at.start)))
        }
    }
}

/// Returns the name of a command, and where it begins.
fn named<'a>(text: &str, command: &[&Token<'a>]) -> Result<(&'a str, usize), String> {
    match command {
        [open, name, ..] if name.kind == Kind::Plain => Ok((name.text, open.at.start)),
        [open, ..] => {
            Err(format!("line {} of the problem: a command has no name", line(text, open.at.start)))
        }
        [] => Err("a command has no words".to_owned()),
    }
}

fn push(made: &mut String, command: &[&Token<'_>]) {
    for word in command {
        made.push_str(word.text);
        made.push(' ');
    }
    made.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a problem of a text; what stands between « and » is the sample's.
    fn problem(marked: &str) -> Filled {
        let mut filled = Filled::default();
        for (index, part) in marked.split(['«', '»']).enumerate() {
            let begun = filled.text.len();
            filled.text.push_str(part);
            if index % 2 == 1 {
                filled.values.push(begun..filled.text.len());
            }
        }
        filled
    }

    fn made(marked: &str) -> String {
        let made = script(&problem(marked)).unwrap_or_else(|why| panic!("{marked}: {why}"));
        let made = made.strip_prefix("(set-option :print-success false)\n").unwrap();
        made.strip_suffix("(check-sat)\n").unwrap().trim_end().to_owned()
    }

    fn refused(marked: &str) -> String {
        script(&problem(marked)).expect_err(marked)
    }

    #[test]
    fn assumptions_are_shown_without_comments_and_questions_are_left_out() {
        assert_eq!(
            made(
                "; (exit)\n(declare-const |x (| Int) (assert (= |x (| #xF)) ; )\n(check-sat)(get-model)\n(exit)"
            ),
            "( declare-const |x (| Int ) \n( assert ( = |x (| #xF ) )"
        );
        assert_eq!(made("(assert «(= \"a\"\")\" y)»)«(echo \"unsat\")»"), "( assert ( = \"a\"\")\" y ) )");
    }

    #[test]
    fn what_could_forge_an_answer_is_refused() {
        for (marked, why) in [
            (
                "(assert true)\n(exit)(assert false)",
                "line 2 of the problem: `(assert …)` stands behind `(exit)`",
            ),
            ("(assert a)(pop)", "`(pop …)` is no command that makes a problem"),
            ("(assert a)(reset-assertions)", "is no command that makes a problem"),
            ("(assert a)(include \"/etc/passwd\")", "is no command that makes a problem"),
            ("(set-option :regular-output-channel \"x\")(assert a)", "would change what the solver prints"),
            ("(assert a)«(set-option :timeout 1)»", "is the template's to say"),
            ("(assert a)«(set-logic HORN)»", "is the template's to say"),
            ("(assert #|x|# a)", "`#` begins a binary"),
            ("(assert |a\\|)", "holds `\\`"),
            ("(assert \"a)", "a string has no end"),
            ("(assert a", "a bracket is not closed"),
            ("(assert a))", "a bracket is closed that was not opened"),
            ("unsat (assert a)", "a word stands outside of commands"),
            ("(check-sat)", "the problem asserts nothing"),
            ("(assert é)", "'é' stands outside of strings"),
            ("((assert a))", "a command has no name"),
        ] {
            assert!(refused(marked).contains(why), "{marked}: {}", refused(marked));
        }
        assert!(refused(&"(".repeat(3_000)).contains("nest too deep"));
        assert!(refused(&" ".repeat(2 << 20)).contains("more than 1024 kB"));
    }

    #[test]
    fn a_value_stands_for_itself() {
        for marked in [
            "(assert (= x «5»))",
            "(assert (= x «(+ 1 2) ; three\n»))",
            "(assert (= x x«1»))",
            "(assert (= s \"«say (»\"))",
            "; «(»\n(assert a)",
            "«(assert a)(assert b)»",
            "(assert a)«»",
            "(assert a)\n«; that is all»\n",
        ] {
            made(marked);
        }
        for (marked, why) in [
            ("(assert (= x «5))(assert (= 1 2»)))", "closes a bracket that it has not opened"),
            ("(assert (= x «5 6»))", "is 2 expressions where one belongs"),
            ("(assert (= x «»))", "is 0 expressions where one belongs"),
            ("(assert (= x «(+ 1»)))", "leaves a bracket open"),
            ("(assert (= x «5 ;»))\n))", "does not end where its place does"),
            ("(assert (= s \"«\" \"»\"))", "does not end where its place does"),
            ("; «\n(assert false)»\n(assert a)", "does not end where its place does"),
            ("(assert |«x| |y»|)", "does not end where its place does"),
            ("(assert a)«(assert »(= x 1))", "leaves a bracket open"),
        ] {
            assert!(refused(marked).contains(why), "{marked}: {}", refused(marked));
        }
    }
}
