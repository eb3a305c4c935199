//! Questions of people about 240 paragraphs of Wikipedia: right answers, answers of other paragraphs, and paragraphs that
//! are gone.

use std::io::BufRead as _;

use serde_json::Value as Json;

use super::*;

struct Question {
    paragraph: String,
    title: String,
    question: String,
    answer: String,
    context: String,
}

fn questions() -> Option<Vec<Question>> {
    let path = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?).join("qa/xquad-en.jsonl.zst");
    let lines = std::io::BufReader::new(zstd::Decoder::new(std::fs::File::open(path).ok()?).unwrap()).lines();
    let read = |line: std::io::Result<String>| {
        let row: Json = serde_json::from_str(&line.unwrap()).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        Question {
            paragraph: format!("{} {}", text("title"), row["para"]),
            title: text("title").replace('_', " "),
            question: text("question"),
            answer: row["answers"][0]["text"].as_str().unwrap().to_owned(),
            context: text("context"),
        }
    };
    Some(lines.map(read).collect())
}

/// Returns the share of the documents of a kind that were accepted.
fn accepted(judging: &Judging, kind: &str) -> f64 {
    let judged = judging.judged();
    let of: Vec<&StageRow> =
        judged.iter().filter(|(id, _)| id.starts_with(kind)).map(|(_, row)| row).collect();
    of.iter().filter(|row| row.outcome == Outcome::Kept).count() as f64 / of.len() as f64
}

/// Puts the paragraphs, each a document, and returns their names in order.
fn put_paragraphs<'a>(judging: &mut Judging, questions: &'a [Question]) -> Vec<&'a str> {
    let mut order: Vec<&str> = Vec::new();
    for question in questions {
        if order.last() != Some(&question.paragraph.as_str()) {
            order.push(&question.paragraph);
            let title = [("title".to_owned(), Value::Text(question.title.clone()))];
            let fields = title.into_iter().collect();
            judging.put(Document { fields, ..page(&question.paragraph, &question.context) });
        }
    }
    order
}

/// Puts of each question the right answer, one of any other paragraph, and one of the next paragraph of the same page.
fn put_answers(judging: &mut Judging, questions: &[Question], order: &[&str]) {
    let same = |one: &str, two: &str| crate::term::spelled(one) == crate::term::spelled(two);
    let of = |paragraph: &str| {
        questions.iter().filter(|question| question.paragraph == paragraph).collect::<Vec<_>>()
    };
    let mut random = Random::new(11);
    for (index, asked) in questions.iter().enumerate() {
        let put = |judging: &mut Judging, kind: &str, text: &str| {
            judging.put(answer(&format!("{kind} {index}"), &asked.question, text));
        };
        put(judging, "right", &asked.answer);
        let other = loop {
            let other = random.choose(questions);
            if other.paragraph != asked.paragraph && !same(&other.answer, &asked.answer) {
                break other;
            }
        };
        put(judging, "moved", &other.answer);
        // The next paragraph speaks of the same things.
        let at = order.iter().position(|paragraph| *paragraph == asked.paragraph).unwrap();
        let next = order
            .get(at + 1)
            .filter(|next| of(next)[0].title == asked.title)
            .unwrap_or_else(|| &order[at - 1]);
        let there = of(next);
        let near = there[index % there.len()];
        if !same(&near.answer, &asked.answer) {
            put(judging, "near", &near.answer);
        }
    }
}

#[test]
fn right_answers_are_accepted_and_moved_ones_are_not() {
    let Some(questions) = questions() else {
        println!("xquad was not read: RIFFLEBOX_DATA names no folder that holds it");
        return;
    };
    let mut judging = Judging::new(facts(|_| {})).unwrap();
    let order = put_paragraphs(&mut judging, &questions);
    put_answers(&mut judging, &questions, &order);
    judging.run(pace(2)).unwrap();
    let [right, moved, near] = ["right", "moved", "near"].map(|kind| accepted(&judging, kind));
    println!(
        "facts, xquad: {:.1} % of right answers accepted, of moved ones {:.1} % rejected, of those of the next paragraph {:.1} %",
        right * 100.0,
        (1.0 - moved) * 100.0,
        (1.0 - near) * 100.0
    );
    assert!(right >= 0.95, "{right}");
    assert!(moved <= 0.05, "{moved}");
    assert!(near <= 0.10, "{near}");

    // Every other paragraph goes: what its answers rested on is gone, and nothing else moves.
    let gone: Vec<&str> = order.iter().copied().step_by(2).collect();
    gone.iter().for_each(|paragraph| judging.remove(paragraph));
    judging.run(pace(2)).unwrap();
    let judged = judging.judged();
    let (mut lost, mut orphans, mut kept, mut others) = (0, 0, 0, 0);
    for (index, question) in questions.iter().enumerate() {
        let accepted = usize::from(judged[&format!("right {index}")].outcome == Outcome::Kept);
        match gone.contains(&question.paragraph.as_str()) {
            true => (lost, orphans) = (lost + 1 - accepted, orphans + 1),
            false => (kept, others) = (kept + accepted, others + 1),
        }
    }
    println!("facts, xquad: {lost} of {orphans} answers lost with their paragraph, {kept} of {others} kept");
    assert!(lost * 100 >= orphans * 95 && kept * 100 >= others * 95, "{lost} {orphans} {kept} {others}");
}
