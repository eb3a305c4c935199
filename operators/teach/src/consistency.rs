use std::collections::BTreeMap;
use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Proof, Result, Value, Verdict, Vote};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, question, step, text};
use crate::form::Form;
use crate::judged::{is_share, question as asked, question_and_answer, sees_what_it_names, values};
use crate::prompt::Prompt;
use crate::usage;

/// A judge that answers a sample's question itself, several times, and accepts where it comes to the sample's answer
/// (Self-Consistency, arXiv:2203.11171).
///
/// Each attempt has a seed of its own, reasons, and gives its answer apart. Answers are compared as they are meant: numbers
/// by their value, words without case, punctuation and articles. A sample is accepted if the answer that most attempts give
/// is its own, and at least the share `threshold` of all attempts gives it; a failed attempt gives none. The score is the
/// share of attempts that give the sample's answer. All attempts stand in the verdict as votes, each with its answer.
///
/// The sample's answer is its field `answer`, as [`Chains`](crate::Chains) writes it, or all that it answers. The judge
/// never sees it, nor what the sample says to it.
pub struct Consistency {
    settings: ConsistencySettings,
    cast: Cast,
    about: Inquiring,
    form: Form<Attempt>,
}

/// Settings of [`Consistency`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencySettings {
    /// The model that is asked; its temperature lets attempts differ.
    pub model: String,
    /// A file with another prompt; it may name `question`, `context`, `document`, and the sample's columns and fields,
    /// but then its attempts may know the answer.
    #[serde(default)]
    pub prompt: Option<String>,
    /// How often it answers; more attempts ask nothing again.
    #[serde(default = "default_attempts")]
    pub attempts: usize,
    /// The share of attempts that have to agree, between 0 and 1.
    #[serde(default = "default_threshold")]
    pub threshold: f64,
    /// Whether it sees the sample's document; then a changed document asks again for all samples of it.
    #[serde(default)]
    pub documents: bool,
}

fn default_attempts() -> usize {
    5
}

fn default_threshold() -> f64 {
    0.6
}

#[derive(Deserialize)]
struct Attempt {
    answer: String,
}

impl Consistency {
    /// The name that flow files use.
    pub const NAME: &'static str = "consistency";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ConsistencySettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=100).contains(&settings.attempts) {
            return usage("`attempts` lies between 1 and 100");
        }
        is_share("threshold", settings.threshold)?;
        let own = include_str!("../prompts/consistency.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        sees_what_it_names(&prompt, settings.prompt.as_deref(), settings.documents)?;
        let form =
            Form::new("attempt", prompt, &[("reasoning", json!({ "type": "string" })), ("answer", text())]);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[form.prompt()]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 1 };
        let about = part.judging(Proof::Confirmed, settings.documents);
        Ok(Consistency { settings, cast, about, form })
    }

    fn verdict(&self, expected: &str, heard: &[Heard]) -> Verdict {
        let wanted = meaning(expected);
        let mut votes = Vec::new();
        // Of each answer how many give it, and the first that does, in its own words.
        let mut given: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for (attempt, heard) in heard.iter().enumerate() {
            let voter = format!("{}#{}", self.cast.name(0), attempt + 1);
            let (accept, reason) = match self.form.read(heard) {
                Ok(Attempt { answer }) => {
                    let means = meaning(&answer);
                    let accept = means == wanted;
                    given.entry(means).or_insert((0, answer.clone())).0 += 1;
                    (accept, answer)
                }
                Err(reason) => (false, reason),
            };
            votes.push(Vote { voter, accept, reason: Some(reason) });
        }
        let for_it = votes.iter().filter(|vote| vote.accept).count();
        let most = given.values().map(|(count, _)| *count).max().unwrap_or(0);
        let leaders: Vec<&str> =
            given.values().filter(|(count, _)| *count == most).map(|(_, answer)| answer.as_str()).collect();
        let (all, share) = (heard.len(), |count: usize| count as f64 / heard.len() as f64);
        let verdict = match leaders[..] {
            [] => Verdict::reject(format!("none of {all} attempts has an answer")),
            [_, _, ..] => Verdict::reject(format!(
                "no answer leads: {} have {most} of {all} attempts each",
                leaders.join(", ")
            )),
            [leader] if meaning(leader) != wanted => {
                Verdict::reject(format!("{most} of {all} attempts answer {leader}, and not {expected}"))
            }
            [leader] if share(most) < self.settings.threshold => Verdict::reject(format!(
                "{most} of {all} attempts answer {leader}: a share of {:.2} agrees, and {:.2} has to",
                share(most),
                self.settings.threshold
            )),
            [_] => Verdict::accept(),
        };
        Verdict { votes, ..verdict.scored(share(for_it)) }
    }
}

/// Returns what an answer means, whatever its looks: a number's value, or words without case, punctuation and articles.
fn meaning(answer: &str) -> String {
    let bare = |c: char| c.is_whitespace() || matches!(c, ',' | '$' | '€' | '£' | '\u{a0}' | '\u{202f}');
    let number: String = answer.trim().trim_end_matches('.').chars().filter(|c| !bare(*c)).collect();
    if number.bytes().any(|byte| byte.is_ascii_digit())
        && let Ok(value) = number.parse::<f64>()
        && value.is_finite()
    {
        // Zero has one sign here.
        return (value + 0.0).to_string();
    }
    let keep = |c: char| {
        c.is_alphanumeric() || matches!(c, '+' | '-' | '*' | '/' | '^' | '=' | '<' | '>' | '.' | '%')
    };
    let words: String = answer.to_lowercase().chars().map(|c| if keep(c) { c } else { ' ' }).collect();
    let words = words.split_whitespace().map(|word| word.trim_end_matches('.'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_article = |word: &&str| ["a", "an", "the"].contains(word);
    match words.iter().all(is_article) {
        // A choice of several may be called "a".
        true if !words.is_empty() => words.concat(),
        true => answer.trim().to_owned(),
        // Whether spaces stand around a sign or before a unit means nothing.
        false => words.into_iter().filter(|word| !is_article(word)).collect(),
    }
}

/// Returns the answer that a sample claims to be right.
fn expected((sample, _): &Judged) -> String {
    match sample.fields.get("answer") {
        Some(Value::Text(answer)) => answer.clone(),
        Some(Value::Null) | None => question_and_answer(&sample.content).1,
        Some(other) => other.to_json().to_string(),
    }
}

impl Inquiry<Judged, Verdict> for Consistency {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        if let [first, ..] = heard {
            return Next::Say(self.verdict(expected(judged).trim(), first));
        }
        let ask = |_| {
            let request = self.form.fill(&values(judged))?;
            let seeded = |attempt| {
                let mut request = request.clone();
                request.sampling.seed = self.cast.seed(0, attempt);
                question(0, request)
            };
            Ok(Next::Ask((0..self.settings.attempts).map(seeded).collect()))
        };
        step(asked(judged).and_then(ask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, judged, opening, settings};

    /// Each attempt gives one of these answers, by its seed; an empty one is a refusal.
    fn verdict(answers: &'static [&'static str], expected: &str) -> Result<Verdict, String> {
        let house = House::new(move |asked| {
            assert!(!opening(asked).contains("the sample says"), "the answer is not shown");
            match answers[asked.body["seed"].as_u64().unwrap_or(0) as usize] {
                "" => asked.refuse("no"),
                answer => asked.chat(&json!({ "reasoning": "So.", "answer": answer }).to_string()),
            }
        });
        let given = settings(json!({ "model": "a", "attempts": answers.len() }));
        let judge = Consistency::new(given, &house.models, Path::new(".")).unwrap();
        let (mut sample, documents) = judged("What is 6 * 7?", "the sample says", "x");
        sample.fields.insert("answer".to_owned(), expected.into());
        let verdict = house.said(&judge, &(sample, documents));
        assert_eq!(house.endpoint.total(), answers.len());
        verdict
    }

    #[test]
    fn attempts_that_agree_with_the_sample_accept_it() {
        let accepted = verdict(&["42", "42.0", "$42", "41", "42."], "42").unwrap();
        assert_eq!((accepted.accept, accepted.score.value(), &accepted.reason), (true, 0.8, &None));
        let votes: Vec<_> = accepted
            .votes
            .iter()
            .map(|vote| (vote.voter.as_str(), vote.accept, vote.reason.as_deref().unwrap()))
            .collect();
        assert_eq!(votes[3..], [("a#4", false, "41"), ("a#5", true, "42.")]);
    }

    #[test]
    fn attempts_that_agree_on_something_else_or_not_at_all_reject_it() {
        let reason = |answers, expected| {
            let verdict = verdict(answers, expected).unwrap();
            (verdict.reason.unwrap(), verdict.score.value())
        };
        let other = reason(&["41", "41", "42"], "42");
        assert_eq!(
            (other.0.as_str(), (other.1 * 3.0).round()),
            ("2 of 3 attempts answer 41, and not 42", 1.0)
        );
        let split = reason(&["42", "41"], "42");
        assert_eq!(split, ("no answer leads: 41, 42 have 1 of 2 attempts each".to_owned(), 0.5));
        let few = reason(&["42", "42", "41", "40", "39"], "42");
        let expected = "2 of 5 attempts answer 42: a share of 0.40 agrees, and 0.60 has to";
        assert_eq!(few, (expected.to_owned(), 0.4));
        assert_eq!(reason(&["", ""], "42"), ("none of 2 attempts has an answer".to_owned(), 0.0));
        // A failed attempt is one that does not agree.
        let failed = verdict(&["42", "", ""], "42").unwrap();
        assert_eq!(
            failed.reason.unwrap(),
            "1 of 3 attempts answer 42: a share of 0.33 agrees, and 0.60 has to"
        );
        assert_eq!(failed.votes[1].reason.as_deref(), Some("the model refuses: no"));
    }

    #[test]
    fn a_sample_that_asks_nothing_fails_before_anybody_is_asked() {
        let house = House::new(|asked| asked.chat(""));
        let judge =
            Consistency::new(settings(json!({ "model": "a" })), &house.models, Path::new(".")).unwrap();
        assert_eq!(house.said(&judge, &judged(" ", "42", "x")), Err("the sample asks nothing".to_owned()));
        assert_eq!(house.endpoint.total(), 0);
        let wrong = |given| Consistency::new(settings(given), &house.models, Path::new(".")).err().unwrap();
        let threshold = wrong(json!({ "model": "a", "threshold": 1.5 })).to_string();
        assert_eq!(threshold, "`threshold` lies between 0 and 1");
        let attempts = wrong(json!({ "model": "a", "attempts": 0 })).to_string();
        assert_eq!(attempts, "`attempts` lies between 1 and 100");
    }

    #[test]
    fn answers_are_compared_as_they_are_meant() {
        for (one, other) in [
            ("1,000", "1000.0"),
            ("-0", "0"),
            (" The Seine. ", "seine"),
            ("Yes", "yes!"),
            ("x = 2", "X = 2"),
            ("1e3", "1000"),
            ("62 g", "62g."),
            ("1,000 km", "1000 km"),
            ("x+1", "x + 1"),
            ("(A)", "a"),
            ("π/2", "π / 2"),
        ] {
            assert_eq!(meaning(one), meaning(other), "{one} {other}");
        }
        for (one, other) in
            [("10", "1"), ("-2", "2"), ("x + 1", "x - 1"), ("A", "B"), ("50%", "50"), ("inf", "infinity")]
        {
            assert_ne!(meaning(one), meaning(other), "{one} {other}");
        }
    }
}
