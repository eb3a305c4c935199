//! Documents, models of three families, and a flow that asks them.

use std::fmt::Write;

use rifflebox_testkit::{Asked, Endpoint, Script};
use serde_json::{Value, json};

use crate::support::{Folder, Ran};

/// A folder with a flow, and the endpoint that its models are at.
pub(crate) struct House {
    pub(crate) folder: Folder,
    pub(crate) endpoint: Endpoint,
}

/// Three families; a question of each document, and two jurors for each.
const FLOW: &str = r#"
name = "rivers"

[model.teacher]
url = "${MODELS}"
model = "large"
family = "llama"
terms = "Llama 4 Community License"
price = { input = 1.0, output = 4.0 }

[model.first]
url = "${MODELS}"
model = "first"
family = "qwen"

[model.second]
url = "${MODELS}"
model = "second"
family = "mistral"

[source.docs]
files = "docs.jsonl"
redact = "none"

[generate.qa]
from = ["docs"]
model = "teacher"
facts = 1

[verify.agree]
use = "consensus"
from = ["qa"]
models = ["first", "second"]
quorum = 2

[mix]
from = ["agree"]
shares = { T2 = 1.0 }
min_anchor = 0.0

[publish]
"#;

impl House {
    /// Furnishes a house with so many documents.
    pub(crate) fn new(documents: usize, script: impl Script + 'static) -> Self {
        let house = House { folder: Folder::new(), endpoint: Endpoint::start(script).unwrap() };
        house.write_documents(
            &(0..documents).map(|number| format!("River {number} carries gold.")).collect::<Vec<_>>(),
        );
        house.folder.write("flow.toml", FLOW);
        house
    }

    /// Writes a document a line.
    pub(crate) fn write_documents(&self, texts: &[String]) {
        let mut lines = String::new();
        for (number, text) in texts.iter().enumerate() {
            let _ = writeln!(lines, "{}", json!({ "id": number.to_string(), "text": text }));
        }
        self.folder.write("docs.jsonl", &lines);
    }

    /// Changes the flow at one place.
    #[track_caller]
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let flow = self.folder.read("flow.toml");
        assert_eq!(flow.matches(old).count(), 1, "{old:?} is not one place of the flow");
        self.folder.write("flow.toml", &flow.replace(old, new));
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.folder.command(arguments);
        command.env("MODELS", self.endpoint.url());
        Ran::of(arguments, command)
    }

    /// Builds, and returns the report and the calls that came to the endpoint.
    #[track_caller]
    pub(crate) fn build(&self) -> (Value, usize) {
        let before = self.endpoint.total();
        let report = self.run(&["build", "--json", "--quiet"]).ok().json();
        (report, self.endpoint.total() - before)
    }
}

/// Answers honestly: the one fact of a document is its text, and every question is a good one.
pub(crate) fn honest(asked: &Asked) -> String {
    let prompt = asked.prompt();
    match schema_of(asked) {
        "facts" => {
            let text = prompt.split("<document>\n").nth(1).unwrap_or_default();
            json!({ "facts": [text.split("\n</document>").next().unwrap_or_default()] })
        }
        "questions" => {
            let fact = prompt.lines().find_map(|line| line.strip_prefix("1. ")).unwrap_or_default();
            json!({ "questions": [{ "fact": 1, "question": format!("What is said of it: {fact}"), "answer": fact }] })
        }
        "vote" => json!({ "reason": "It is right.", "accept": true }),
        other => panic!("nobody asks for {other:?}"),
    }
    .to_string()
}

pub(crate) fn schema_of(asked: &Asked) -> &str {
    asked.body["response_format"]["json_schema"]["name"].as_str().unwrap_or_default()
}
