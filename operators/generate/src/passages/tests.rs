use proptest::prelude::*;
use rifflebox_core::{Fields, Origin, Tier};

use super::*;

fn document(id: &str, text: &str) -> Document {
    let (source, id, text) = ("docs".to_owned(), id.to_owned(), text.to_owned());
    Document {
        source,
        id,
        text,
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: Fields::new(),
        redactions: Default::default(),
    }
}

fn texts(passages: &Passages, id: &str, text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let document = document(id, text);
    let mut say = |draft: Draft| {
        let Content::Text { text } = draft.content else { panic!("a passage is text") };
        if let Some(span) = draft.span {
            assert_eq!(document.text[span.start as usize..span.end as usize], text);
        }
        texts.push(text);
    };
    passages.generate(&document, &mut say).expect("any text can be cut");
    texts
}

fn at_most(max_chars: usize) -> Passages {
    Passages { max_chars, ..Passages::default() }
}

#[test]
fn whole_is_unchanged() {
    let text = "---\ntitle: x\n---\n\n# A\n\nb  \n";
    assert_eq!(texts(&Passages::whole(), "a.md", text), [text]);
    assert!(texts(&Passages::whole(), "a.md", " \n").is_empty());
}

#[test]
fn headings_first() {
    let text = "---\nt: 1\n---\n# A\n\nIntro.\n\n## B\n\nbbbb bbbb bbbb.\n\n## C\n\ncccc cccc cccc.\n";
    assert_eq!(texts(&at_most(1000), "a.md", text), [text[13..].trim()]);
    assert_eq!(
        texts(&at_most(24), "a.md", text),
        ["# A\n\nIntro.", "## B\n\nbbbb bbbb bbbb.", "## C\n\ncccc cccc cccc."]
    );
}

#[test]
fn solid_blocks_stay_whole() {
    let fence = "```rust\nfn main() {\n\n    println!(\"# no heading\");\n}\n```";
    let text = format!("Some words before.\n\n{fence}\n\nSome words after.\n");
    assert_eq!(texts(&at_most(20), "a.md", &text), ["Some words before.", fence, "Some words after."]);
}

#[test]
fn a_heading_never_stands_alone() {
    let text =
        "# A\n\n## B\n\nA paragraph that is longer than the limit, with one. And two. And three of them.\n";
    let cut = texts(&at_most(40), "a.md", text);
    assert!(cut[0].starts_with("# A\n\n## B\n\nA paragraph"), "{cut:?}");
}

#[test]
fn plain_text_is_no_markdown() {
    assert_eq!(texts(&at_most(12), "a.txt", "# one\n# two\n\nthree"), ["# one\n# two", "three"]);
    assert_eq!(texts(&at_most(5), "a.txt", "abcdefghijk lm"), ["abcde", "fghij", "k lm"]);
    assert!(texts(&at_most(5), "a.txt", "---").is_empty());
    assert_eq!(texts(&at_most(12), "a.py", "    x = 1\n\n\n    y = 2\n"), ["    x = 1", "    y = 2"]);
}

#[test]
fn an_edit_moves_few_passages() {
    let paragraph =
        |n: usize| format!("Paragraph {n} says {}.\n\n", format!("word{n} ").repeat(n * 7 % 23 + 3));
    let text: String = (0..200).map(paragraph).collect();
    let before = texts(&at_most(400), "a.txt", &text);
    let mut moved = Vec::new();
    for edit in 0..200 {
        let edited = text.replacen(&format!("Paragraph {edit} says"), "An inserted sentence. It says", 1);
        let after = texts(&at_most(400), "a.txt", &edited);
        moved.push(after.iter().filter(|passage| !before.contains(passage)).count());
    }
    let (most, sum) = (moved.iter().max().copied(), moved.iter().sum::<usize>());
    assert!(before.len() > 60 && most <= Some(12) && sum <= 200 * 4, "{} {most:?} {sum}", before.len());
}

proptest! {
    #[test]
    fn passages_are_the_text(
        parts in proptest::collection::vec(
            prop_oneof![
                "[a-z ]{0,60}\n", "\n", "#{1,4} [a-z]{1,9}\n", "- [a-z]{1,30}\n", "```\n", "\\| [a-z] \\|\n",
                "\\PC{0,30}\n", "---\n", "> [a-z]{0,9}\n", "    [a-z]{1,9}\n", "東京タワー。",
            ],
            0..60,
        ),
        max in 1_usize..200,
    ) {
        let text = parts.concat();
        for id in ["a.md", "a.txt"] {
            let start = if id == "a.md" { body_start(&text) } else { 0 };
            let cut = at_most(max).cut(&document(id, &text));
            let mut at = start;
            for range in &cut {
                prop_assert!(at <= range.start && text[at..range.start].trim().is_empty());
                prop_assert!(text[range.clone()].chars().count() <= max * SOLID_FACTOR + 200);
                at = range.end;
            }
            prop_assert!(text[at..].trim().is_empty());
            let again = at_most(max).cut(&document(id, &text));
            prop_assert_eq!(cut, again);
        }
    }
}
