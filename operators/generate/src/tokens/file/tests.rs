use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::tokenizer;

/// Writes a file of the Hugging Face format, and reads it as a flow file does.
fn read(parts: &Value) -> Result<Arc<dyn Tokenizer>> {
    let mut file = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
    });
    for (key, value) in parts.as_object().expect("the parts are a table") {
        file[key] = value.clone();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    std::fs::write(folder.path().join("models/small.json"), file.to_string()).unwrap();
    tokenizer("file:models/small.json", folder.path())
}

#[track_caller]
fn check(parts: Value, counts: &[(&str, u64)]) {
    let tokenizer = read(&parts).unwrap();
    for (text, expected) in counts {
        assert_eq!(tokenizer.count(text), *expected, "{text:?}");
    }
}

#[track_caller]
fn check_refused(parts: Value, expected: &str) {
    let error = read(&parts).err().expect("the file is refused");
    assert_eq!((error.kind(), error.chain().as_str()), (ErrorKind::Usage, expected));
}

fn pairs() -> Value {
    let vocab = json!({"a": 0, "b": 1, "ab": 2, "<": 3, "s": 4, ">": 5, "<s>": 6});
    json!({
        "model": {"type": "BPE", "vocab": vocab, "merges": ["a b"]},
        "added_tokens": [{"id": 6, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
    })
}

fn words(unknown: &str) -> Value {
    let vocab = json!({"[UNK]": 0, "the": 1, "cat": 2});
    json!({
        "normalizer": {"type": "Lowercase"},
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": unknown},
    })
}

#[test]
fn each_kind_of_model_counts_as_by_hand() {
    // ab ab | b a; a special token is the three signs that it is written with.
    check(pairs(), &[("", 0), ("abab ba", 4), ("<s>", 3)]);
    // the | cat | [UNK] | [UNK]
    check(words("[UNK]"), &[("The cat sat.", 4), (" \n", 0)]);
    let pieces = json!({"[UNK]": 0, "un": 1, "##aff": 2, "##able": 3});
    let pieces = json!({"type": "WordPiece", "vocab": pieces, "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100});
    // un ##aff ##able | [UNK]
    check(json!({ "model": pieces }), &[("unaffable able", 4)]);
    let scored = json!({"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -2.0], ["b", -2.0], ["ab", -3.0]]});
    // ab a | <unk>
    check(json!({ "model": scored }), &[("aba z", 3)]);
}

#[test]
fn what_a_file_says_of_inputs_to_a_model_is_left_out() {
    let mut parts = pairs();
    parts["truncation"] =
        json!({"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0});
    parts["padding"] = json!({"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 6, "pad_type_id": 0, "pad_token": "<s>"});
    parts["post_processor"] = json!({
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [6], "tokens": ["<s>"]}},
    });
    check(parts, &[("abab ba", 4), ("a", 1)]);
}

#[test]
fn what_cannot_be_counted_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let missing = tokenizer("file:missing.json", folder.path()).err().expect("there is none");
    assert_eq!(
        missing.to_string(),
        "the tokenizer file missing.json cannot be read (give the path of a tokenizer.json, relative to the flow file)"
    );
    std::fs::write(folder.path().join("broken.json"), "{").unwrap();
    let broken = tokenizer("file:broken.json", folder.path()).err().expect("it is broken");
    assert!(broken.to_string().starts_with("the file broken.json is no tokenizer (give"), "{broken}");
    assert!(broken.chain().contains("line 1"), "{}", broken.chain());

    let mut lots = pairs();
    lots["model"]["dropout"] = json!(0.1);
    check_refused(
        lots,
        "the tokenizer file models/small.json counts at random: set `dropout` of its `model` to null",
    );
    let cure = "the tokenizer file models/small.json cannot count every text: name a token of its vocabulary as the unknown token of its `model`";
    check_refused(words("[unknown]"), cure);
    let mut unknown = pairs();
    unknown["model"]["unk_token"] = json!("[UNK]");
    check_refused(unknown, cure);
    check_refused(json!({"model": {"type": "Unigram", "unk_id": null, "vocab": [["a", -1.0]]}}), cure);
}

#[test]
fn the_fingerprint_is_that_of_the_file_wherever_it_lies() {
    let print = |parts| read(&parts).unwrap().fingerprint();
    assert_eq!(read(&pairs()).unwrap().name(), "file:small.json");
    assert_eq!(print(pairs()), print(pairs()), "in another folder");
    assert_ne!(print(pairs()), print(words("[UNK]")));
}

/// A token for each byte, and no merges: a text has as many tokens as bytes.
static BYTES: LazyLock<Arc<dyn Tokenizer>> = LazyLock::new(|| {
    let alphabet = tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet();
    let vocab: serde_json::Map<String, Value> =
        alphabet.into_iter().enumerate().map(|(id, letter)| (letter.to_string(), json!(id))).collect();
    let split =
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let model = json!({"type": "BPE", "vocab": vocab, "merges": []});
    read(&json!({ "pre_tokenizer": split, "model": model })).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_counts(text in "(\\PC{0,8}[ \n\t]{0,3}){0,40}|(.|\n){0,40}") {
        prop_assert_eq!(BYTES.count(&text), text.len() as u64);
        prop_assert_eq!(BYTES.count(&text), BYTES.count(&text));
    }
}
