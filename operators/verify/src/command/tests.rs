use std::fs;

use rifflebox_core::{Document, Origin, Sample, Tier};
use tempfile::TempDir;

use super::*;

fn sample(content: Content) -> Sample {
    Sample {
        stage: "qa".into(),
        content,
        context: Some("the page".into()),
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Origin::default(),
        fields: [("answer".to_owned(), Value::from("4"))].into(),
    }
}

fn question(prompt: &str, completion: &str) -> Judged {
    let content = Content::Completion { prompt: prompt.into(), completion: completion.into() };
    let document = Document {
        source: "docs".into(),
        id: "a.md".into(),
        text: "Two and two are 4.".into(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: [].into(),
    };
    (sample(content), vec![document])
}

fn settings(script: &str) -> CommandVerifierSettings {
    let settings = json!({ "command": ["python3", "-S", "judge.py"], "version": script.len().to_string() });
    serde_json::from_value(settings).unwrap()
}

fn verifier(script: &str, change: impl Fn(&mut CommandVerifierSettings)) -> (TempDir, CommandVerifier) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("judge.py"), script).unwrap();
    let mut settings = settings(script);
    change(&mut settings);
    let verifier = CommandVerifier::new(settings, dir.path()).unwrap();
    (dir, verifier)
}

/// Answers each item with one object, an expression over `item`.
fn answering(expression: &str) -> String {
    format!(
        "import json, sys\nfor line in sys.stdin:\n    item = json.loads(line)\n    \
         print(json.dumps({{'id': item['id'], **{expression}}}))\n"
    )
}

async fn judge(expression: &str) -> Result<Verdict, Failure> {
    let (_dir, verifier) = verifier(&answering(expression), |_| {});
    verifier.verify(vec![question("2+2?", "4")]).await.remove(0)
}

#[tokio::test]
async fn a_verdict_is_read_with_all_its_parts() {
    let verdict = judge("{'accept': True}").await;
    assert_eq!(verdict, Ok(Verdict::accept()));
    let said = "{'accept': False, 'score': 0.25, 'reason': 'wrong', \
                'votes': [{'voter': 'a', 'accept': False, 'reason': 'no'}, {'voter': 'b', 'accept': True}]}";
    let votes = vec![
        Vote { voter: "a".into(), accept: false, reason: Some("no".into()) },
        Vote { voter: "b".into(), accept: true, reason: None },
    ];
    assert_eq!(judge(said).await, Ok(Verdict { votes, ..Verdict::reject("wrong").scored(0.25) }));
    assert_eq!(judge("{'accept': False}").await, Ok(Verdict::reject("rejected without a reason")));
}

#[tokio::test]
async fn an_answer_that_is_no_verdict_fails_for_good_and_an_error_as_it_says() {
    let failed = |reason: &str| Err(Failure::Final(reason.to_owned()));
    assert_eq!(judge("{}").await, failed("the program's answer has neither accept nor error"));
    let wrong = judge("{'accept': 'yes'}").await;
    assert_eq!(
        wrong,
        failed("the program's answer is none: invalid type: string \"yes\", expected a boolean")
    );
    let beyond = judge("{'accept': True, 'score': 7}").await;
    assert_eq!(beyond, failed("the program's score 7 does not lie in 0 to 1"));
    assert_eq!(judge("{'error': 'too long'}").await, failed("too long"));
    let busy = judge("{'error': 'busy', 'retry': True}").await;
    assert_eq!(busy, Err(Failure::Owed("busy".to_owned())));
}

#[tokio::test]
async fn a_program_sees_the_sample_and_its_documents_only_if_it_asks() {
    let shown =
        answering("{'accept': False, 'reason': json.dumps({k: v for k, v in item.items() if k != 'id'})}");
    let (_dir, blind) = verifier(&shown, |_| {});
    let seen = |verdict: &Result<Verdict, Failure>| -> serde_json::Value {
        serde_json::from_str(verdict.as_ref().unwrap().reason.as_ref().unwrap()).unwrap()
    };
    let sample_shown =
        json!({ "prompt": "2+2?", "completion": "4", "context": "the page", "fields": { "answer": "4" } });
    let verdicts = blind.verify(vec![question("2+2?", "4")]).await;
    assert_eq!(seen(&verdicts[0]), json!({ "sample": sample_shown }));
    assert!(!blind.reads_documents());

    let (_dir, reader) = verifier(&shown, |settings| settings.documents = true);
    let verdicts = reader.verify(vec![question("2+2?", "4")]).await;
    let documents = json!([{ "text": "Two and two are 4." }]);
    assert_eq!(seen(&verdicts[0]), json!({ "sample": sample_shown, "documents": documents }));
    assert!(reader.reads_documents());

    let turns = vec![rifflebox_core::Message { role: "user".into(), content: "hi".into() }];
    let verdicts = blind.verify(vec![(sample(Content::Messages { messages: turns }), vec![])]).await;
    assert_eq!(seen(&verdicts[0])["sample"]["messages"], json!([{ "role": "user", "content": "hi" }]));
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order() {
    let script =
        answering("{'accept': item['sample']['prompt'].startswith('a'), 'reason': item['sample']['prompt']}");
    let (_dir, verifier) = verifier(&script, |_| {});
    let prompts = ["a1", "b2", "a3", "a1"];
    let verdicts = verifier.verify(prompts.map(|prompt| question(prompt, "x")).into()).await;
    let said: Vec<_> =
        verdicts.into_iter().map(|verdict| verdict.map(|v| (v.accept, v.reason.unwrap()))).collect();
    assert_eq!(said, prompts.map(|prompt| Ok((prompt.starts_with('a'), prompt.to_owned()))));
}

#[test]
fn the_fingerprint_holds_what_can_change_an_answer() {
    let print =
        |change: fn(&mut CommandVerifierSettings)| verifier("pass", change).1.identity().fingerprint();
    let plain = print(|_| {});
    assert_eq!(plain, print(|settings| settings.batch = Some(7)));
    assert_eq!(plain, print(|settings| settings.timeout_s = Some(7)));
    assert_ne!(plain, print(|settings| settings.version = Some("other".into())));
    assert_ne!(plain, print(|settings| settings.documents = true));
    assert_ne!(plain, print(|settings| settings.confirms = true));
    assert_ne!(plain, print(|settings| settings.family = Some("qwen".into())));
    assert_ne!(plain, print(|settings| settings.command.push("-v".into())));
    assert_eq!(verifier("pass", |settings| settings.confirms = true).1.proof(), Proof::Confirmed);
    assert_eq!(verifier("pass", |_| {}).1.proof(), Proof::Filtered);
}
