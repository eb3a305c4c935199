use rifflebox_core::{Content, Sample};
use serde::{Deserialize, Serialize};

use crate::passage::sentences;
use crate::term::Weights;

/// Something that a sample says, to be looked up by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// Its number in the sample, from 0.
    pub(crate) index: u32,
    /// What was asked, of a short answer.
    pub(crate) asked: Option<String>,
    /// Its words.
    pub(crate) text: String,
}

/// How answers are cut into claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// The most words of an answer that is judged with its question.
    pub(crate) short_words: usize,
}

/// The fewest content words of a sentence that is a claim; a shorter one is a part of the claim before it.
pub(crate) const LEAST_TERMS: usize = 3;
/// The longest claim, in bytes: what has no end of a sentence within it is cut.
const MOST_BYTES: usize = 2_000;

impl Cut {
    /// Returns the claims of a sample: its short answers, each with what it answers, and the sentences of longer ones.
    pub(crate) fn claims(self, sample: &Sample, weights: &Weights) -> Vec<Claim> {
        let mut claims = Vec::new();
        for (asked, answer) in said(&sample.content) {
            let answer = without_code(answer);
            let words = answer.split_whitespace().count();
            match asked {
                Some(asked) if (1..=self.short_words).contains(&words) => {
                    let text = answer.split_whitespace().collect::<Vec<_>>().join(" ");
                    claims.push(Claim { index: 0, asked: Some(asked.to_owned()), text });
                }
                _ => claims.extend(statements(&answer, weights)),
            }
        }
        (0..).zip(&mut claims).for_each(|(index, claim)| claim.index = index);
        claims
    }
}

/// Returns the sentences that say something, each with those behind it that say too little by themselves.
fn statements(answer: &str, weights: &Weights) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut pending = String::new();
    for sentence in sentences(answer) {
        let terms = weights.terms(sentence).len();
        match claims.last_mut() {
            Some(last) if terms < LEAST_TERMS && last.text.len() + sentence.len() < MOST_BYTES => {
                last.text.push(' ');
                last.text.push_str(sentence);
            }
            None if terms < LEAST_TERMS && pending.len() < MOST_BYTES => {
                pending.push_str(sentence);
                pending.push(' ');
            }
            _ => {
                let text = std::mem::take(&mut pending) + sentence;
                claims.push(Claim { index: 0, asked: None, text });
            }
        }
    }
    if claims.is_empty() && !weights.terms(&pending).is_empty() {
        claims.push(Claim { index: 0, asked: None, text: pending.trim_end().to_owned() });
    }
    claims
}

/// Returns what a sample says, each with what it was asked.
fn said(content: &Content) -> Vec<(Option<&str>, &str)> {
    match content {
        Content::Text { text } => vec![(None, text)],
        Content::Completion { prompt, completion } => vec![(Some(prompt), completion)],
        Content::Preference { prompt, chosen, .. } => vec![(Some(prompt), chosen)],
        Content::Messages { messages } => {
            let mut asked = None;
            let mut said = Vec::new();
            for turn in messages {
                match turn.role.as_str() {
                    "user" => asked = Some(turn.content.as_str()),
                    "assistant" => said.push((asked, turn.content.as_str())),
                    _ => {}
                }
            }
            said
        }
    }
}

/// Leaves the blocks of code out that stand in fences: they state nothing.
fn without_code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut in_code = false;
    for line in text.split_inclusive('\n') {
        let is_fence = line.trim_start().starts_with("```");
        if !in_code && !is_fence {
            kept.push_str(line);
        }
        in_code ^= is_fence;
    }
    kept
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Message, Tier};

    use super::*;

    fn cut(content: Content) -> Vec<String> {
        let sample = Sample {
            stage: "made".into(),
            content,
            context: None,
            documents: vec![],
            tier: Tier::T3,
            synthetic: true,
            origin: Default::default(),
            fields: Default::default(),
        };
        let claims = Cut { short_words: 4 }.claims(&sample, &Weights::default());
        claims
            .into_iter()
            .map(|claim| {
                format!(
                    "{}{}: {}",
                    claim.index,
                    claim.asked.map_or(String::new(), |_| "?".into()),
                    claim.text
                )
            })
            .collect()
    }

    fn answer(completion: &str) -> Vec<String> {
        cut(Content::Completion { prompt: "When?".into(), completion: completion.into() })
    }

    #[test]
    fn a_short_answer_is_judged_with_its_question() {
        assert_eq!(answer("In\n1843."), ["0?: In 1843."]);
        assert_eq!(
            answer("It was written in 1843 by Ada Lovelace."),
            ["0: It was written in 1843 by Ada Lovelace."]
        );
        assert_eq!(answer(" "), [""; 0]);
        assert_eq!(cut(Content::Text { text: "In 1843.".into() }), ["0: In 1843."]);
    }

    #[test]
    fn short_sentences_are_part_of_their_neighbours() {
        let text = "Sure! Ada Lovelace wrote notes about an engine. She did so in 1843. The engine was never built by Babbage.";
        assert_eq!(
            answer(text),
            [
                "0: Sure! Ada Lovelace wrote notes about an engine. She did so in 1843.",
                "1: The engine was never built by Babbage.",
            ]
        );
    }

    #[test]
    fn code_states_nothing() {
        let text = "Ada wrote this famous program first:\n```\nlet answer = compute(everything);\n```\n";
        assert_eq!(answer(text), ["0: Ada wrote this famous program first:"]);
    }

    #[test]
    fn each_turn_of_the_assistant_answers_the_user_before_it() {
        let turn = |role: &str, text: &str| Message { role: role.into(), content: text.into() };
        let messages = vec![turn("user", "When?"), turn("assistant", "1843"), turn("assistant", "In May")];
        assert_eq!(cut(Content::Messages { messages }), ["0?: 1843", "1?: In May"]);
    }
}
