//! What the tests of all operators share: documents, and models that say what a test wants.

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{
    Content, Document, Heard, Inquiring, Inquiry, Judge, Judged, Next, Origin, Sample, Teacher, Tier, Verdict,
};
use rifflebox_model::{ModelSettings, Models};
use rifflebox_testkit::{Asked, Effort, Endpoint, Said, judge_laws, teacher_laws};
use serde_json::{Value as Json, json};

use crate::{
    AnswerRelevance, Ask, Backtranslate, Chains, Code, Consensus, Consistency, ContextPrecision, Critique,
    Debate, Evolve, Expand, Faithfulness, Preference, Qa, Refusing, Rephrase, Rubric, Support, Toxic,
};

pub(crate) fn document(text: &str) -> Document {
    Document {
        source: "docs".to_owned(),
        id: "a.md".to_owned(),
        text: text.to_owned(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: Default::default(),
        redactions: Default::default(),
    }
}

/// A question with its answer, and the document that they are of.
pub(crate) fn judged(question: &str, answer: &str, text: &str) -> Judged {
    let sample = Sample {
        stage: "made".to_owned(),
        content: Content::Completion { prompt: question.to_owned(), completion: answer.to_owned() },
        context: None,
        documents: Vec::new(),
        tier: Tier::T3,
        synthetic: true,
        origin: Origin::default(),
        fields: Default::default(),
    };
    (sample, vec![document(text)])
}

/// An endpoint, and the models `a`, `b` and `c` there, each of a family of its own.
pub(crate) struct House {
    pub(crate) endpoint: Endpoint,
    pub(crate) models: Models,
    runtime: tokio::runtime::Runtime,
}

impl House {
    /// Opens a house whose models say what a script does.
    pub(crate) fn new(script: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        let endpoint = Endpoint::start(script).unwrap();
        let model = |name: &str| {
            let settings =
                ModelSettings::new(&endpoint.url(), &format!("model-{name}"), &format!("family-{name}"));
            (name.to_owned(), ModelSettings { repairs: 1, retries: 1, ..settings })
        };
        let models = Models::new(["a", "b", "c"].map(model).into(), |_| None).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        House { endpoint, models, runtime }
    }

    /// Asks all that an inquiry asks about an item, and returns what it says in the end, or why it says nothing.
    pub(crate) fn said<Item, Said>(
        &self,
        inquiry: &dyn Inquiry<Item, Said>,
        item: &Item,
    ) -> Result<Said, String> {
        let respondents = inquiry.describe().respondents;
        let mut heard: Vec<Vec<Heard>> = Vec::new();
        loop {
            let questions = match inquiry.next(item, &heard) {
                Next::Say(said) | Next::SayRest(said, _) => return Ok(said),
                Next::Fail(reason) => return Err(reason),
                Next::Ask(questions) => questions,
            };
            let ask = |question: rifflebox_core::Question| {
                let respondent = &respondents[question.to];
                match self.runtime.block_on(respondent.answer(question.request)).answer {
                    Ok(answer) => Ok(respondent.read(&answer)),
                    Err(rifflebox_core::Failure::Final(reason)) => Err(reason),
                    Err(rifflebox_core::Failure::Owed(reason)) => panic!("owed: {reason}"),
                }
            };
            heard.push(questions.into_iter().map(ask).collect());
        }
    }
}

/// Makes settings of JSON, as a flow file would.
pub(crate) fn settings<T: serde::de::DeserializeOwned>(json: Json) -> T {
    serde_json::from_value(json).unwrap()
}

/// Returns the name of the schema that an answer has to fit.
pub(crate) fn schema_of(asked: &Asked) -> &str {
    asked.body["response_format"]["json_schema"]["name"].as_str().unwrap_or_default()
}

/// Returns what the user said first: what was asked, also where an answer is to be repaired.
pub(crate) fn opening(asked: &Asked) -> &str {
    let turns = asked.body["messages"].as_array().unwrap();
    turns.iter().find(|turn| turn["role"] == "user").unwrap()["content"].as_str().unwrap()
}

/// Answers anything with something that fits its schema, and that depends on the request alone.
pub(crate) fn anything(asked: &Asked) -> Said {
    let schema = &asked.body["response_format"]["json_schema"]["schema"];
    if asked.path == "embeddings" {
        return asked.vectors(4);
    }
    let mut bits = asked.digest.head64();
    match schema_of(asked) {
        "" => asked.chat(&format!("It says {}.", bits % 3)),
        "exercise" => {
            let tests: Vec<String> = (0..2 + bits % 3).map(|n| format!("assert f({n}) == {n}")).collect();
            let solution = "def f(x):\n    return x";
            let exercise =
                json!({ "task": "Echo.", "entry_point": "f", "solution": solution, "tests": tests });
            asked.chat(&exercise.to_string())
        }
        "attempt" => {
            let answer = format!("Gold is found in {} rivers.", bits % 4);
            asked.chat(&json!({ "reasoning": "So.", "answer": answer }).to_string())
        }
        "verdicts" => {
            let count = asked.prompt().lines().filter(|line| line.contains(". word ")).count();
            let one = |n: usize| json!({ "statement": n, "reason": "So.", "supported": bits >> n & 1 == 1 });
            asked.chat(&json!({ "verdicts": (1..=count).map(one).collect::<Vec<_>>() }).to_string())
        }
        "claims" => {
            let passage = ["Gold is found", "Iron is found"][usize::from(bits.is_multiple_of(3))];
            let claim = json!({ "claim": "It is found.", "supported": true, "passage": passage });
            asked.chat(&json!({ "claims": [claim] }).to_string())
        }
        "ranking" => {
            let shown = asked.prompt().matches("<answer number=").count();
            let ranked = |n: usize| json!({ "candidate": n, "rank": 1 + (bits as usize + n) % shown });
            let ranking: Vec<Json> = (1..=shown).map(ranked).collect();
            asked.chat(&json!({ "reason": "So.", "ranking": ranking }).to_string())
        }
        _ => asked.chat(&instance(schema, &mut bits).to_string()),
    }
}

fn instance(schema: &Json, bits: &mut u64) -> Json {
    *bits = bits.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    if let Some(choices) = schema["enum"].as_array() {
        return choices[(*bits as usize) % choices.len()].clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().unwrap();
            properties
                .iter()
                .map(|(name, of)| (name.clone(), instance(of, bits)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            let most = schema["maxItems"].as_u64().unwrap_or(least + 2);
            let items = least + *bits % (most - least + 1);
            (0..items).map(|_| instance(&schema["items"], bits)).collect()
        }
        Some("integer") => {
            let least = schema["minimum"].as_u64().unwrap_or(0);
            json!(least + *bits % (schema["maximum"].as_u64().unwrap_or(least + 3) - least + 1))
        }
        Some("number") => json!((*bits % 100) as f64 / 100.0),
        Some("boolean") => json!(!bits.is_multiple_of(3)),
        _ => json!(format!("word {}", *bits % 5)),
    }
}

#[test]
fn all_operators_keep_the_laws() {
    let house = House::new(anything);
    let documents: Vec<_> = (0..6).map(|n| document(&format!("Gold is found in {n} rivers."))).collect();
    for teacher in teachers(&house.models) {
        let makes = |document| house.said(&*teacher, document).is_ok_and(|drafts| !drafts.is_empty());
        assert!(documents.iter().any(makes), "{} says nothing", teacher.describe().identity.name);
        teacher_laws(teacher, &documents, EFFORT).unwrap();
    }
    for judge in judges(&house.models) {
        let judge = Arc::new(OfQuestions(judge));
        let accepts = |document: &Document| {
            let judged = judged("", &document.text, &document.text);
            house.said(&*judge, &judged).is_ok_and(|verdict| verdict.accept)
        };
        assert!(documents.iter().any(accepts), "{} accepts nothing", judge.describe().identity.name);
        judge_laws(judge, &documents, EFFORT).unwrap();
    }
}

const EFFORT: Effort = Effort { histories: 2, runs: 4 };

fn teachers(models: &Models) -> Vec<Arc<Teacher>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.j2"), "What of {{ text }}?").unwrap();
    let here = folder.path();
    let one = || json!({ "model": "a" });
    let ask = json!({ "model": "a", "prompt": "own.j2", "attempts": 2 });
    let critique = json!({ "model": "a", "critic": "b", "rules": ["Be right.", "Be brief."] });
    let preference = json!({ "models": ["a", "b"], "judge": "c", "attempts": 2, "pairs": "all" });
    vec![
        Arc::new(Ask::new(settings(ask), models, here).unwrap()),
        Arc::new(Backtranslate::new(settings(one()), models, here).unwrap()),
        Arc::new(Chains::new(settings(json!({ "model": "a", "steps": 1 })), models, here).unwrap()),
        Arc::new(Code::new(settings(json!({ "model": "a", "tests": 1 })), models, here).unwrap()),
        Arc::new(Critique::new(settings(critique), models, here).unwrap()),
        Arc::new(Debate::new(settings(json!({ "models": ["a", "b"], "judge": "c" })), models, here).unwrap()),
        Arc::new(Evolve::new(settings(json!({ "model": "a", "all": true })), models, here).unwrap()),
        Arc::new(Expand::new(settings(json!({ "model": "a", "count": 2 })), models, here).unwrap()),
        Arc::new(Preference::new(settings(preference), models, here).unwrap()),
        Arc::new(Qa::new(settings(one()), models, here).unwrap()),
        Arc::new(Rephrase::new(settings(one()), models, here).unwrap()),
    ]
}

fn judges(models: &Models) -> Vec<Arc<Judge>> {
    let here = Path::new(".");
    let one = || json!({ "model": "a" });
    let consistency = json!({ "model": "a", "attempts": 3, "threshold": 0.3 });
    let relevance = json!({ "model": "a", "embedder": "b", "threshold": 0.0 });
    let rubric = json!({ "model": "c", "rubric": "Is it true?" });
    vec![
        Arc::new(Consensus::new(settings(json!({ "models": ["a", "b", "c"] })), models, here).unwrap()),
        Arc::new(Consistency::new(settings(consistency), models, here).unwrap()),
        Arc::new(ContextPrecision::new(settings(one()), models, here).unwrap()),
        Arc::new(
            Faithfulness::new(settings(json!({ "model": "a", "threshold": 0.5 })), models, here).unwrap(),
        ),
        Arc::new(AnswerRelevance::new(settings(relevance), models, here).unwrap()),
        Arc::new(Refusing::new(settings(one()), models, here).unwrap()),
        Arc::new(Rubric::new(settings(rubric), models, here).unwrap()),
        Arc::new(Support::new(settings(json!({ "model": "b" })), models, here).unwrap()),
        Arc::new(Toxic::new(settings(one()), models, here).unwrap()),
    ]
}

/// A judge of answers to one question, who is shown texts.
struct OfQuestions(Arc<Judge>);

impl Inquiry<Judged, Verdict> for OfQuestions {
    fn describe(&self) -> Inquiring {
        self.0.describe()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        let (mut sample, documents) = judged.clone();
        sample.content =
            Content::Completion { prompt: "Where is gold found?".to_owned(), completion: sample.text() };
        self.0.next(&(sample, documents), heard)
    }
}
