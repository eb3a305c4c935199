//! Judges that ask whether a sample is something that it should not be.

use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Judged, Next, Proof, Result, Verdict};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::judged::values;
use crate::single::{Made, Single};

/// What such a judge asks for.
pub(crate) struct Flag {
    /// The name that flow files use; also of the field that says yes or no.
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) prompt: &'static str,
}

/// Settings of judges that say yes or no: [`Toxic`](crate::Toxic) and [`Refusing`](crate::Refusing).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FlagSettings {
    /// The model that is asked.
    pub model: String,
    /// A file with another prompt; it may name `question`, `answer`, and the sample's columns and fields.
    #[serde(default)]
    pub prompt: Option<String>,
}

/// A judge that rejects what a model says is so, with the model's reason.
pub(crate) struct Flagged {
    name: &'static str,
    single: Single<Map<String, Json>>,
}

impl Flagged {
    pub(crate) fn new(flag: Flag, settings: &FlagSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        let made = Made {
            name: flag.name,
            version: flag.version,
            settings,
            model: &settings.model,
            prompt: settings.prompt.as_deref(),
            own_prompt: flag.prompt,
            answer: (
                flag.name,
                &[("reason", json!({ "type": "string" })), (flag.name, json!({ "type": "boolean" }))],
            ),
            proof: Proof::Filtered,
            reads_documents: false,
        };
        Ok(Flagged { name: flag.name, single: Single::new(made, models, base_dir)? })
    }

    pub(crate) fn describe(&self) -> Inquiring {
        self.single.describe()
    }

    pub(crate) fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        self.single.next(
            heard,
            || values(judged),
            |said| match said[self.name] == Json::Bool(true) {
                true => {
                    Verdict::reject(format!("{}: {}", self.name, said["reason"].as_str().unwrap_or_default()))
                }
                false => Verdict::accept(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Inquiry;

    use super::*;
    use crate::tests::{House, judged, opening, settings};
    use crate::{Refusing, Toxic};

    fn house(name: &'static str, bad: &'static str) -> House {
        House::new(move |asked| {
            let is_so = opening(asked).contains(bad);
            asked.chat(&json!({ "reason": "It says so.", name: is_so }).to_string())
        })
    }

    fn tried(house: &House, judge: &dyn Inquiry<Judged, Verdict>, bad: &str, reason: &str) {
        let accepted = house.said(judge, &judged("What is gold?", "A metal.", "x")).unwrap();
        assert_eq!(accepted, Verdict::accept());
        let rejected = house.said(judge, &judged("What is gold?", bad, "x")).unwrap();
        assert_eq!(rejected, Verdict::reject(reason));
        assert_eq!(house.endpoint.total(), 2);
    }

    #[test]
    fn what_is_toxic_or_refuses_is_rejected_with_the_models_reason() {
        let (given, here) = (|| settings(json!({ "model": "a" })), Path::new("."));
        let toxic = house("toxic", "you fool");
        let judge = Toxic::new(given(), &toxic.models, here).unwrap();
        tried(&toxic, &judge, "A metal, you fool.", "toxic: It says so.");
        let refusing = house("refusing", "I cannot say");
        let judge = Refusing::new(given(), &refusing.models, here).unwrap();
        tried(&refusing, &judge, "I cannot say.", "refusing: It says so.");
    }

    #[test]
    fn an_answer_that_does_not_say_whether_fails() {
        let house = House::new(|asked| asked.chat(r#"{"reason": "Hm.", "toxic": "maybe"}"#));
        let judge = Toxic::new(settings(json!({ "model": "a" })), &house.models, Path::new(".")).unwrap();
        let reason = "the answer does not fit its schema after a repair: `/toxic` is no boolean";
        assert_eq!(house.said(&judge, &judged("What?", "It.", "x")), Err(reason.to_owned()));
    }
}
