use std::fs;

use rifflebox_core::{Origin, Tier};

use rifflebox_core::{Content, Message};

use super::*;

fn document(text: &str) -> Document {
    Document {
        source: "docs".into(),
        id: "a.md".into(),
        text: text.into(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: [("level".to_owned(), Value::Int(3))].into(),
        redactions: Default::default(),
    }
}

async fn generate(expression: &str, texts: &[&str]) -> Vec<Result<Vec<Draft>, Failure>> {
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "import json, sys\nfor line in sys.stdin:\n    item = json.loads(line)\n    \
         print(json.dumps({{'id': item['id'], **{expression}}}))\n"
    );
    fs::write(dir.path().join("make.py"), script).unwrap();
    let settings = serde_json::from_value(json!({ "command": ["python3", "-S", "make.py"] })).unwrap();
    let generator = CommandGenerator::new(settings, dir.path()).unwrap();
    generator.generate(texts.iter().map(|text| document(text)).collect()).await
}

async fn content(sample: &str) -> Result<Content, Failure> {
    let mut drafts = generate(&format!("{{'samples': [{sample}]}}"), &["x"]).await;
    drafts.remove(0).map(|mut drafts| drafts.remove(0).content)
}

#[tokio::test]
async fn each_layout_is_read() {
    assert_eq!(content("{'text': 'a'}").await, Ok(Content::Text { text: "a".into() }));
    assert_eq!(
        content("{'prompt': 'p', 'completion': 'c'}").await,
        Ok(Content::Completion { prompt: "p".into(), completion: "c".into() })
    );
    assert_eq!(
        content("{'prompt': 'p', 'chosen': 'c', 'rejected': 'r'}").await,
        Ok(Content::Preference { prompt: "p".into(), chosen: "c".into(), rejected: "r".into() })
    );
    assert_eq!(
        content("{'messages': [{'role': 'user', 'content': 'hi'}]}").await,
        Ok(Content::Messages { messages: vec![Message { role: "user".into(), content: "hi".into() }] })
    );
}

#[tokio::test]
async fn what_is_no_sample_fails_its_document_for_good() {
    let reason = async |sample: &str| match content(sample).await {
        Err(Failure::Final(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert!(
        reason("{'text': 'a', 'prompt': 'p'}").await.starts_with("a sample of the program: it has text, or")
    );
    assert!(reason("{'prompt': 'p'}").await.contains("prompt and completion"));
    assert!(reason("{'messages': []}").await.ends_with("its messages are empty"));
    assert!(reason("{'messages': [{'role': 'boss', 'content': ''}]}").await.contains("no role \"boss\""));
    assert!(reason("{'txt': 'a'}").await.contains("unknown field `txt`"));
}

#[tokio::test]
async fn a_document_makes_samples_nothing_or_an_error() {
    let said = "(lambda n: {'samples': [{'text': item['text']}] * n} if n < 3 else {'error': 'busy', 'retry': n > 3})\
                (len(item['text']))";
    let made = generate(said, &["", "a", "bb", "ccc", "dddd"]).await;
    let counts: Vec<_> = made.into_iter().map(|drafts| drafts.map(|drafts| drafts.len())).collect();
    assert_eq!(
        counts,
        [Ok(0), Ok(1), Ok(2), Err(Failure::Final("busy".into())), Err(Failure::Owed("busy".into()))]
    );
}

#[tokio::test]
async fn a_program_sees_text_and_fields_and_says_context_and_fields() {
    let said =
        "{'samples': [{'text': ','.join(sorted(item)), 'context': item['text'], 'fields': item['fields']}]}";
    let made = generate(said, &["the page"]).await.remove(0).unwrap().remove(0);
    assert_eq!(made.content, Content::Text { text: "fields,id,text".into() });
    assert_eq!(made.context.as_deref(), Some("the page"));
    assert_eq!(made.fields, [("level".to_owned(), Value::Int(3))].into());
}

#[tokio::test]
async fn a_confined_program_makes_samples_and_reaches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let script = "import json, os, sys\nfor line in sys.stdin:\n    item = json.loads(line)\n    \
                  text = '%s %s' % (item['text'], os.path.exists('/etc'))\n    \
                  print(json.dumps({'id': item['id'], 'samples': [{'text': text}]}))\n";
    fs::write(dir.path().join("make.py"), script).unwrap();
    let settings = json!({ "command": ["python3", "-S", "make.py"], "sandbox": true });
    let generator = CommandGenerator::new(serde_json::from_value(settings).unwrap(), dir.path()).unwrap();
    let drafts = generator.generate(vec![document("x")]).await.remove(0).unwrap();
    assert_eq!(drafts[0].content, Content::Text { text: "x False".into() });
}
