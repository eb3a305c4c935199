//! Headings that are questions already, as people wrote them, and the paragraph that answers.

use super::page::{Kind, Page};
use super::prose::{is_clean, points_nowhere};
use super::question::{Ask, Question};
use super::words::{bare, is_english, terms};

const POINTERS: &str = "it its this that these those they them here i my we our us";

/// Asks each heading that ends in a question mark and is answered at once.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    let asks = |heading: &str| heading.trim_end().ends_with('?');
    let blocks = page.blocks();
    let headings = blocks.iter().filter(|block| matches!(block.kind, Kind::Heading));
    let many = headings.filter(|block| block.section().is_some_and(asks));
    let lower = page.title.to_lowercase();
    let faq = many.count() >= 3 || lower.contains("faq") || lower.contains("frequently asked");
    for (number, pair) in blocks.windows(2).enumerate() {
        let (Kind::Heading, Kind::Paragraph(line)) = (&pair[0].kind, &pair[1].kind) else { continue };
        let Some(heading) = pair[0].section().filter(|heading| asks(heading)) else { continue };
        let answer = line.text.trim();
        if !is_whole(heading)
            || !is_answer(answer)
            || !(faq && meets(heading, answer) || opens_as_asked(heading, answer))
        {
            continue;
        }
        // What goes on in a list or in code is not all said yet.
        if blocks.get(number + 2).is_some_and(|next| !matches!(next.kind, Kind::Heading | Kind::Paragraph(_)))
        {
            continue;
        }
        questions.push(Question {
            shape: "heading",
            quality: 95,
            ask: Ask::Quoted(heading.trim().to_owned()),
            section: None,
            answer: answer.to_owned(),
            support: answer.to_owned(),
            span: line.source(&line.all()),
            block: number + 1,
        });
    }
}

fn is_whole(heading: &str) -> bool {
    let words: Vec<String> = heading.split_whitespace().map(bare).collect();
    let points = |word: &String| POINTERS.split_ascii_whitespace().any(|pointer| pointer == word);
    let verbs =
        ["is", "are", "do", "does", "can", "should", "has", "have", "will", "was", "were", "did", "happens"];
    let verb = words.iter().any(|word| verbs.contains(&word.as_str()));
    let one = !heading.contains(". ") && !heading.contains(": ");
    let personal = words.iter().any(|word| word == "your" || word == "now") || heading.contains("are you");
    verb && one
        && !personal
        && words.len() >= 4
        && !words.iter().any(points)
        && terms(heading).len() >= 2
        && is_clean(heading)
}

fn is_answer(text: &str) -> bool {
    let first = bare(text.split_whitespace().next().unwrap_or_default());
    let opener = ["it", "this", "that", "these", "they", "because", "but", "and", "so", "see", "if", "when"];
    (8..=110).contains(&text.split_whitespace().count())
        && text.ends_with('.')
        && !opener.contains(&first.as_str())
        && !["more information", "more details", "for details"].iter().any(|leads| text.contains(leads))
        && is_clean(text)
        && is_english(text)
        && points_nowhere(&text.replace("you'll", "you").replace("also", ""))
}

/// Returns whether an answer takes up a matter of the question.
fn meets(heading: &str, answer: &str) -> bool {
    let yes = ["Yes", "No"].iter().any(|word| answer.starts_with(word));
    let first = bare(heading.split_whitespace().next().unwrap_or_default());
    if ["can", "is", "are", "does", "do", "will", "should", "has", "have"].contains(&first.as_str()) {
        return yes;
    }
    let second = bare(heading.split_whitespace().nth(1).unwrap_or_default());
    if first == "what" && ["is", "are"].contains(&second.as_str()) {
        return opens_as_asked(heading, answer);
    }
    yes || terms(heading).intersection(&terms(answer)).count() * 3 >= terms(heading).len()
}

/// Returns whether the answer opens as the question wants: with yes or no, or with the thing that is asked about.
fn opens_as_asked(heading: &str, answer: &str) -> bool {
    let mut words = heading.split_whitespace();
    let first = bare(words.next().unwrap_or_default());
    let second = bare(words.next().unwrap_or_default());
    match (first.as_str(), second.as_str()) {
        ("can" | "is" | "are" | "does" | "do" | "will" | "should", _) => {
            answer.starts_with("Yes") || answer.starts_with("No,") || answer.starts_with("No.")
        }
        ("what", "is" | "are") => {
            let thing = terms(heading);
            let opening: String =
                answer.split_whitespace().take(thing.len() + 3).collect::<Vec<_>>().join(" ");
            let verbs = [" is ", " are ", " represent", " makes ", " allow", " lets ", " let "];
            let defines = verbs.iter().any(|verb| answer.contains(verb));
            defines && thing.is_subset(&terms(&opening))
        }
        _ => false,
    }
}
