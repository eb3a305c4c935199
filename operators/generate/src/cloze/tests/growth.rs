//! A page of four times the length costs about four times the work, whatever it is made of.

use super::super::meter::{self, Cost};
use super::*;

/// Returns a made-up word, another one for each number.
fn word(number: usize) -> String {
    let mut left = number * 7919 + 13;
    let mut word = String::new();
    for _ in 0..4 {
        word.push(char::from(b"bcdfghjklmnprstv"[left % 16]));
        word.push(char::from(b"aeiou"[left / 16 % 5]));
        left = left / 80 * 31 + 7;
    }
    word
}

fn capital(number: usize) -> String {
    let word = word(number);
    word[..1].to_uppercase() + &word[1..]
}

/// Returns the work that the questions of a page are, and how many the page has in all.
fn cost(text: &str) -> (Cost, usize) {
    let document = document("a.md", &format!("{TITLE}{text}"));
    let cloze = Cloze { per_document: usize::MAX, ..Cloze::about("Jobber") };
    let mut made = 0;
    let cost = meter::cost(|| made = drafts(&cloze, &document).len());
    (cost, made)
}

/// Checks that work grows as a page does that says `part` of each number from 0 on, after `head`.
fn check(head: &str, part: impl Fn(usize) -> String) {
    let page = |parts| format!("{head}{}\n", (0..parts).map(&part).collect::<String>());
    let ((small, _), (large, made)) = (cost(&page(25)), cost(&page(100)));
    let linear = |small: usize, large: usize| large <= small * 5 + 500;
    assert!(
        linear(small.looked_at, large.looked_at) && linear(small.read, large.read),
        "{small:?} and, four times as long, {large:?} for {made} questions of {:?}",
        part(0)
    );
}

#[test]
fn lists() {
    let said = |n| {
        format!(
            "the {} of a {} in the cluster with {} and {}",
            word(n),
            word(n * 3),
            word(n * 5),
            word(n * 7)
        )
    };
    check("", |n| format!("- **{} {}** enables {}.\n", capital(n), capital(n + 1), said(n)));
    check("", |n| format!("- **{}**: enables the fast intake of tasks that are in the queue.\n", capital(n)));
    check("", |n| {
        format!("- `{}_{}`: The {} that is used for {}.\n", word(n), word(n + 9), word(n * 3), said(n))
    });
    check("", |n| format!("- [{}](x): enables {}.\n", word(n), said(n)));
    check("", |n| {
        format!("It supports the following three:\n\n- a {}\n- b {}\n- c\n\n", word(n), word(n + 1))
    });
    check("", |n| format!("{}- **{}**: enables {}.\n", "  ".repeat(n % 25), capital(n), said(n)));
}

#[test]
fn tables_and_code() {
    let head = "| Flag | Default | Description |\n|--|--|--|\n";
    let said = |n| format!("the {} of a {} in the cluster with {}", word(n), word(n * 3), word(n * 5));
    check(head, |n| format!("| `--{}-x` | {}s | Sets {} |\n", word(n), n + 2, said(n)));
    check(head, |n| format!("| `--{}-x` | {}s | Sets the age of a task in the queue |\n", word(n), n + 2));
    check("", |n| format!("{}\n: A {} that is used for {}.\n\n", capital(n), word(n * 3), said(n)));
    check("```yaml\n", |n| {
        format!("# How long {} is kept.\n[ {}_x: <duration> | default = {n}m ]\n", said(n), word(n))
    });
    check("## runner get\n\n```\n", |n| {
        format!("  --{}-x string   Set {} (default \"x{n}\")\n", word(n), said(n))
    });
    let wide = |n: usize| format!("|{}\n|{}\n|{0}\n", " default |".repeat(n), "--|".repeat(n));
    check("", |n| if n == 0 { wide(25) } else { format!("| {n} |\n") });
}

#[test]
fn prose() {
    let said = |n| format!("the {} of a {} in the cluster with {}", word(n), word(n * 3), word(n * 5));
    let defined = |n| format!("is a process that takes {} from {} by their age.", word(n * 3), word(n * 7));
    check("", |n| format!("## {} {}\n\nA {1} {} {}\n\n", capital(n), word(n), word(n + 1), defined(n)));
    check("", |n| format!("## {} {}\n\n{0} {1} {}\n\n", capital(n), word(n), defined(n)));
    check("# Glossary\n\n", |n| format!("## {}\n\nA process that takes {}.\n\n", capital(n), said(n)));
    check("", |n| format!("## How does the {} stop the tasks?\n\nThe {0} stops {}.\n\n", word(n), said(n)));
    check("", |n| format!("The `{}_x` option enables {}.\n\n", word(n), said(n)));
    check("", |n| {
        format!("The `{}` function enables {}.\n\n```\nfn {}() {{}}\n```\n\n", word(n), said(n), word(n + 1))
    });
    check("", |n| format!("The *{}* describes {}. Some {0}, {0}.\n\n", word(n), said(n)));
    check("## Worker pool\n\n", |n| {
        format!("The worker pool watches {} for the {}.\n\n", said(n), word(n * 7))
    });
    check("", |_| "A worker is a process that takes tasks from the queue by their age.\n\n".to_owned());
}

#[test]
fn one_long_line() {
    let said = |n| format!("the {} of a {} in the cluster with {}", word(n), word(n * 3), word(n * 5));
    check("", |n| {
        format!(
            "A **{}** is a process that takes {} by age. The `--{}-x` flag sets {}. ",
            word(n),
            word(n),
            word(n),
            said(n)
        )
    });
    check("", |n| format!("The *{}* describes {}. It is `a`. ", word(n), said(n)));
    check("## `max_age`\n\n", |n| format!("Defaults to `{n}s`. "));
    check("", |n| format!("The {} {} {} (ABC) is it. (ABC) (((", word(n), word(n + 1), word(n + 2)));
    check("## ", |n| format!("{}.b ", word(n)));
    check("> > > > ", |n| format!("a.b {}?! `x` **y** ", word(n)));
}
