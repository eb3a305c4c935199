//! What a change asks: exactly what it needs, and nothing twice.

use rifflebox_testkit::Asked;
use serde_json::json;

use super::house::{House, honest, schema_of};

const DOCUMENTS: usize = 12;

fn house() -> House {
    House::new(DOCUMENTS, |asked: &Asked| asked.chat(&honest(asked)))
}

#[test]
fn each_call_is_made_once_and_its_cost_is_told() {
    let house = house();
    let (report, calls) = house.build();
    // Facts, questions, and two votes.
    assert_eq!(calls, 4 * DOCUMENTS);
    assert_eq!(report["calls"]["made"], calls);
    assert_eq!(report["calls"]["standing"], calls);
    assert_eq!(report["samples"]["total"], DOCUMENTS);
    let taught = &report["asked"]["qa"]["teacher"];
    assert_eq!((taught["calls"].as_u64(), taught["failed"].as_u64()), (Some(24), Some(0)), "{report}");
    let (input, output) =
        (taught["input_tokens"].as_f64().unwrap(), taught["output_tokens"].as_f64().unwrap());
    let usd = taught["usd"].as_f64().unwrap();
    // Each call is rounded up to a millionth.
    assert!((0.0..24e-6).contains(&(usd - (input + 4.0 * output) / 1e6)), "{report}");
    assert_eq!(report["spent"]["usd"].as_f64(), Some(usd));
    let (again, calls) = house.build();
    assert_eq!((calls, &again["snapshot"]), (0, &report["snapshot"]));
    // A fresh build of what is kept is the same, and asks nothing.
    let rebuilt = house.run(&["build", "--json", "--quiet", "--rebuild"]).ok().json();
    assert_eq!((&rebuilt["calls"]["made"], &rebuilt["snapshot"]), (&json!(0), &report["snapshot"]));
}

#[test]
fn a_document_that_changes_asks_for_itself() {
    let house = house();
    house.build();
    let mut texts: Vec<String> =
        (0..DOCUMENTS).map(|number| format!("River {number} carries gold.")).collect();
    texts[3] = "River 3 carries nothing.".to_owned();
    house.write_documents(&texts);
    let (report, calls) = house.build();
    assert_eq!(calls, 4);
    assert_eq!((&report["samples"]["added"], &report["samples"]["removed"]), (&json!(1), &json!(1)));
    // And back: all of it is known.
    texts[3] = "River 3 carries gold.".to_owned();
    house.write_documents(&texts);
    assert_eq!(house.build().1, 0);
}

#[test]
fn a_prompt_that_changes_asks_what_it_asks_anew() {
    let house = house();
    let (first, _) = house.build();
    // The file holds another prompt for questions: the facts stand, and so do the votes on questions that stay the same.
    house.folder.write(
        "qa.j2",
        "One question each:\n{% for fact in facts %}{{ loop.index }}. {{ fact }}\n{% endfor %}",
    );
    house.edit("facts = 1", "facts = 1\nprompt = \"qa.j2\"");
    let (second, calls) = house.build();
    assert_eq!(calls, DOCUMENTS);
    assert_eq!(second["data"], first["data"]);
    assert_ne!(second["snapshot"], first["snapshot"], "its provenance names another prompt");
    // The same prompt under another name is the same.
    house.folder.write("questions.j2", &house.folder.read("qa.j2"));
    house.edit("qa.j2", "questions.j2");
    let (third, calls) = house.build();
    assert_eq!((calls, &third["snapshot"]), (0, &second["snapshot"]));
}

#[test]
fn a_juror_more_is_asked_alone_and_one_less_asks_nobody() {
    let house = house();
    house.edit("models = [\"first\", \"second\"]", "models = [\"first\"]");
    house.edit("quorum = 2\n", "");
    house.edit("[model.second]\nurl = \"${MODELS}\"\nmodel = \"second\"\nfamily = \"mistral\"\n", "");
    assert_eq!(house.build().1, 3 * DOCUMENTS);
    let juror =
        "[model.second]\nurl = \"${MODELS}\"\nmodel = \"second\"\nfamily = \"mistral\"\n\n[source.docs]";
    house.edit("[source.docs]", juror);
    house.edit("models = [\"first\"]", "models = [\"first\", \"second\"]");
    let (report, calls) = house.build();
    assert_eq!(calls, DOCUMENTS);
    assert_eq!(report["calls"]["standing"], 4 * DOCUMENTS);
    let explained = house
        .run(&["explain", "flow.toml", "What is said of it: River 7 carries gold.", "--json"])
        .ok()
        .json();
    let step = explained["steps"].as_array().unwrap().iter().find(|step| step["stage"] == "agree").unwrap();
    let voters: Vec<_> =
        step["votes"].as_array().unwrap().iter().map(|vote| vote["voter"].as_str().unwrap()).collect();
    assert_eq!(voters, ["first", "second"]);
    house.edit("models = [\"first\", \"second\"]", "models = [\"second\"]");
    house.edit("[model.first]\nurl = \"${MODELS}\"\nmodel = \"first\"\nfamily = \"qwen\"\n", "");
    assert_eq!(house.build().1, 0);
}

#[test]
fn a_stage_under_another_name_asks_nothing() {
    let house = house();
    house.build();
    house.edit("[verify.agree]", "[verify.jury]");
    house.edit("from = [\"agree\"]", "from = [\"jury\"]");
    assert_eq!(house.build().1, 0);
    // A generator's name is part of its samples' ids, and of no call.
    house.edit("[generate.qa]", "[generate.questions]\nuse = \"qa\"");
    house.edit("from = [\"qa\"]", "from = [\"questions\"]");
    let (report, calls) = house.build();
    assert_eq!((calls, &report["samples"]["total"]), (0, &json!(DOCUMENTS)));
}

#[test]
fn another_version_of_a_judge_asks_that_judge_alone() {
    let house = house();
    house.build();
    house.edit("model = \"second\"", "model = \"second-2\"");
    let (report, calls) = house.build();
    assert_eq!((calls, &report["calls"]["made"]), (DOCUMENTS, &json!(DOCUMENTS)));
    assert_eq!(report["shards"]["written"], 0, "the verdicts agree");
}

#[test]
fn two_stages_that_ask_the_same_pay_once_in_the_next_build() {
    let house = house();
    let (first, _) = house.build();
    // The same jury a second time, on the same samples: whatever it would say is known.
    let twice = "[verify.again]\nuse = \"consensus\"\nfrom = [\"agree\"]\nmodels = [\"first\", \"second\"]\nquorum = 2\n\n[mix]";
    house.edit("[mix]", twice);
    house.edit("[mix]\nfrom = [\"agree\"]", "[mix]\nfrom = [\"again\"]");
    let (report, calls) = house.build();
    assert_eq!((calls, &report["data"]), (0, &first["data"]));
}

#[test]
fn stories_and_previews_show_what_was_asked_and_said() {
    let house = house();
    house.build();
    let story = house.run(&["explain", "flow.toml", "docs:5", "--json"]).ok().stdout();
    assert!(story.contains("List up to 1 facts of this document"), "{story}");
    let preview = house.run(&["preview", "flow.toml", "--stage", "agree", "-n", "1", "--json"]).ok().json();
    let asked = preview["rows"][0]["asked"].as_array().unwrap();
    assert_eq!(asked.len(), 2, "{preview}");
    assert_eq!((asked[0]["to"].as_str(), asked[0]["outcome"].as_str()), (Some("first"), Some("answered")));
    assert!(asked[0]["said"]["answer"].as_str().unwrap().contains("It is right."), "{preview}");
    let preview = house.run(&["preview", "flow.toml", "--stage", "qa", "-n", "1", "--json"]).ok().json();
    let rounds: Vec<_> =
        preview["rows"][0]["asked"].as_array().unwrap().iter().map(|call| &call["round"]).collect();
    assert_eq!(rounds, [&json!(1), &json!(2)]);
}

#[test]
fn what_a_model_says_wrongly_is_a_row_with_its_reason() {
    let house = House::new(6, |asked: &Asked| match (schema_of(asked), asked.body.to_string()) {
        // One document whose facts never fit, and one on whose question the jury is split.
        ("facts", prompt) if prompt.contains("River 1 ") => asked.chat("{\"facts\": \"gold\"}"),
        ("vote", prompt) if prompt.contains("River 2 ") && asked.body["model"] == "second" => {
            asked.chat("{\"reason\": \"It is no river.\", \"accept\": false}")
        }
        ("facts", prompt) if prompt.contains("River 3 ") => asked.refuse("I will not."),
        _ => asked.chat(&honest(asked)),
    });
    let (report, _) = house.build();
    assert_eq!(
        (&report["samples"]["total"], &report["samples"]["failed"]),
        (&json!(3), &json!(2)),
        "{report}"
    );
    let rows = |status: &str| {
        let said = house.run(&["rows", "flow.toml", "--status", status, "--json"]).ok().stdout();
        said.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let mut failed: Vec<String> =
        rows("failed").iter().map(|row| row["reason"].as_str().unwrap().to_owned()).collect();
    failed.sort();
    assert_eq!(
        failed,
        [
            "the answer does not fit its schema after 2 repairs: `/facts` is no array",
            "the model refuses: I will not."
        ]
    );
    let [rejected] = &rows("rejected")[..] else { panic!("one sample is rejected") };
    assert_eq!(
        (rejected["stage"].as_str(), rejected["reason"].as_str()),
        (Some("agree"), Some("1 of 2 accept it, and 2 have to; second: It is no river."))
    );
    // What failed for good is asked again where that is wanted.
    let again = house.run(&["build", "--json", "--quiet", "--retry-failed"]).ok().json();
    assert_eq!(again["calls"]["made"], 2);
}

#[test]
fn what_comes_to_nothing_is_a_row_beside_what_came() {
    let house = House::new(2, |asked: &Asked| match schema_of(asked) {
        "questions" => {
            let one =
                |fact: u32| json!({ "fact": fact, "question": format!("What of {fact}?"), "answer": "gold" });
            asked.chat(&json!({ "questions": [one(1), one(7)] }).to_string())
        }
        _ => asked.chat(&honest(asked)),
    });
    let (report, _) = house.build();
    assert_eq!(
        (&report["samples"]["total"], &report["samples"]["failed"]),
        (&json!(2), &json!(2)),
        "{report}"
    );
    let rows = house.run(&["rows", "flow.toml", "--status", "failed", "--json"]).ok().stdout();
    assert_eq!(rows.matches("a question is of fact 7, and there are 1: What of 7?").count(), 2, "{rows}");
}
