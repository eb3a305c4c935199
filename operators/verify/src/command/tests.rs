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
        redactions: Default::default(),
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

/// Confines a verifier.
fn confined(settings: &mut CommandVerifierSettings, how: serde_json::Value) {
    settings.sandbox = serde_json::from_value(how).unwrap();
    settings.timeout_s = Some(3);
}

#[tokio::test]
async fn a_confined_program_answers_as_any_and_sees_its_files_alone() {
    let looking = "import json, os, socket, sys
from helper import word
seen = [path for path in ('/etc/passwd', '/proc/self', '/usr/share') if os.path.exists(path) and os.listdir('/')]
try:
    socket.create_connection(('127.0.0.1', 9))
    seen.append('network')
except OSError:
    pass
for line in sys.stdin:
    item = json.loads(line)
    with open('table/words.txt') as words:
        print(json.dumps({'id': item['id'], 'accept': False, 'reason': ' '.join([word, words.read(), *seen, *os.environ])}))
";
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("table")).unwrap();
    for (name, text) in [("judge.py", looking), ("helper.py", "word = 'well'"), ("table/words.txt", "known")]
    {
        fs::write(dir.path().join(name), text).unwrap();
    }
    fs::write(dir.path().join("secret.txt"), "nobody's").unwrap();
    let mut settings = settings(looking);
    settings.files = Some(["judge.py", "helper.py", "table/words.txt"].map(str::to_owned).into());
    confined(&mut settings, json!(true));
    let verifier = CommandVerifier::new(settings, dir.path()).unwrap();
    let verdicts = verifier.verify(vec![question("2+2?", "4"), question("2+3?", "5")]).await;
    assert_eq!(verdicts.len(), 2);
    for verdict in verdicts {
        let verdict = verdict.unwrap();
        assert_eq!(verdict.reason.as_deref(), Some("well known PATH LANG HOME TMPDIR"));
        let vote = Vote { voter: "sandbox".into(), accept: false, reason: Some("all layers".into()) };
        assert_eq!(verdict.votes, [vote]);
    }
}

#[tokio::test]
async fn what_goes_wrong_in_a_sandbox_goes_wrong_as_elsewhere() {
    let judge = |what: &str| {
        let script = format!(
            "import json, os, sys, time\nfor line in sys.stdin:\n    item = json.loads(line)\n    \
             if item['sample']['completion'] == 'bad': {what}\n    print(json.dumps({{'id': item['id'], 'accept': True}}), flush=True)\n"
        );
        async move {
            let (_dir, verifier) =
                verifier(&script, |settings| confined(settings, json!({ "memory_mb": 256 })));
            let verdicts = verifier.verify(vec![question("a", "good"), question("a", "bad")]).await;
            assert!(verdicts[0].as_ref().is_ok_and(|verdict| verdict.accept), "{verdicts:?}");
            verdicts[1].clone().map(|verdict| verdict.accept)
        }
    };
    for (what, why) in [
        ("sys.exit('no')", "the program ended with status 1: no"),
        ("time.sleep(60)", "the program took longer than 3 s"),
        ("print('x' * (8 << 20))", "the program printed more than 4194304 bytes"),
        ("os.abort()", "the program crashed with signal 6"),
        ("x = bytearray(1 << 30)", "the program ended with status 1: MemoryError"),
    ] {
        assert_eq!(judge(what).await, Err(Failure::Final(why.to_owned())), "{what}");
    }
}

#[tokio::test]
async fn only_what_can_change_an_answer_is_in_a_confined_fingerprint() {
    let print = |how: serde_json::Value| {
        let (_dir, verifier) =
            verifier(&answering("{'accept': True}"), |settings| confined(settings, how.clone()));
        verifier.identity().fingerprint()
    };
    let open = verifier(&answering("{'accept': True}"), |_| {}).1.identity().fingerprint();
    assert_eq!(print(json!(false)), open);
    assert_ne!(print(json!(true)), open);
    assert_eq!(print(json!({})), print(json!(true)));
    assert_eq!(print(json!({ "read": ["/usr/share/doc"], "without": ["landlock"] })), print(json!(true)));
    assert_ne!(print(json!({ "memory_mb": 99 })), print(json!(true)));
}

#[test]
fn wrong_settings_of_a_sandbox_are_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("judge.py"), "").unwrap();
    let refused = |how: serde_json::Value, files: Option<&str>| {
        let mut settings = settings("");
        confined(&mut settings, how);
        settings.files = files.map(|file| vec![file.to_owned()]);
        CommandVerifier::new(settings, dir.path()).map(|_| "a verifier").unwrap_err().to_string()
    };
    assert!(refused(json!({ "memory_mb": 1 }), None).contains("`memory_mb` of `sandbox` is at least 64"));
    assert!(refused(json!({ "read": ["/"] }), None).contains("`read` names `/`"));
    assert!(refused(json!({ "without": ["net"] }), None).contains("`without` may name"));
    assert!(refused(json!(true), Some("/usr/bin/env")).contains("which lies outside of the flow's folder"));
    let wrong = serde_json::from_value::<CommandVerifierSettings>(json!({ "command": ["x"], "sandbox": 7 }));
    assert!(wrong.unwrap_err().to_string().contains("true, or a table of `read`, `memory_mb` and `without`"));
}
