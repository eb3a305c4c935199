//! What the purges said of some texts when their versions were made: other words need another version, or other settings.
//!
//! `UPDATE_GOLDEN=1` writes the files anew, except where a purge kept version and settings and says something else.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use rifflebox_core::{Document, Tier, Value};
use rifflebox_dataflow::Purge;
use rifflebox_testkit::{Purging, Random};
use serde_json::json;

use super::NearDuplicates;
use super::tests::{document, edited, pace, prose};
use crate::Exact;

/// Texts whose words are the same but for case, signs and white space, and some that only look so.
const WRITTEN: [(&str, &str); 8] = [
    ("plain", "the box parts a stream of ore into two fair halves and keeps the gold of each"),
    ("capitals", "THE BOX PARTS A STREAM OF ORE INTO TWO FAIR HALVES AND KEEPS THE GOLD OF EACH"),
    ("signs", "The box -- parts a stream, of \"ore\"; into two fair halves (and) keeps the gold of each!"),
    ("joined", "the_box parts_a stream_of ore_into two_fair halves_and keeps_the gold_of each"),
    ("Greek", "Ο ΣΊΣΥΦΟΣ ΣΠΡΏΧΝΕΙ ΤΗΝ ΠΈΤΡΑ ΤΟΥ ΣΤΗΝ ΚΟΡΥΦΉ ΤΟΥ ΛΌΦΟΥ ΚΑΙ ΕΚΕΊΝΗ ΠΈΦΤΕΙ ΠΆΛΙ ΠΊΣΩ"),
    ("Greek, small", "ο σίσυφος σπρώχνει την πέτρα του στην κορυφή του λόφου και εκείνη πέφτει πάλι πίσω"),
    ("Turkish", "İSTANBUL'UN ESKİ ÇARŞISINDA HER SABAH TAZE EKMEK VE SICAK ÇAY SATILIR, BİLİRSİNİZ"),
    ("German", "Größe und Maß der Straße: über Öl, Äpfel und Übung spricht man in Österreich häufig"),
];

fn texts() -> Vec<Document> {
    let mut random = Random::new(1);
    let mut all: Vec<Document> =
        WRITTEN.iter().map(|(id, text)| document(id, (*text).to_owned(), Tier::T0)).collect();
    for group in 0..24 {
        let length = 12 + random.below(160) as usize;
        let text = prose(&mut random, length);
        for copy in 0..5 {
            let edits = copy * length / 60;
            let copied = edited(&text, &mut random, edits).join(" ");
            all.push(document(&format!("{group:02}-{copy}"), copied, Tier::ALL[(group + copy) % 4]));
        }
    }
    // More than meet one another all: a crowd.
    let template = prose(&mut random, 40);
    all.extend((0..60).map(|row| {
        document(&format!("crowd-{row:02}"), edited(&template, &mut random, row % 3).join(" "), Tier::T3)
    }));
    let numbers =
        |random: &mut Random| (0..16).map(|_| Value::Float(random.below(2_001) as f64 / 1e3 - 1.0)).collect();
    for document in &mut all {
        document.fields.insert("vector".to_owned(), Value::List(numbers(&mut random)));
    }
    all
}

fn output(purge: Arc<dyn Purge>) -> String {
    let identity = purge.identity();
    let mut purging = Purging::new(purge).expect("a purge alone makes a flow");
    texts().into_iter().for_each(|document| purging.put(document));
    purging.run(pace(1)).expect("in memory nothing fails");
    let head = json!({ "name": identity.name, "version": identity.version, "settings": identity.settings });
    let mut output = format!("{head}\n{}\n", json!(purging.notes()));
    for (id, (by, similarity)) in purging.displaced() {
        let line = json!({ "id": id, "by": by, "similarity": similarity.value() });
        writeln!(output, "{line}").expect("a string takes any line");
    }
    output
}

#[test]
fn output_changes_with_the_identity_only() {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "golden"].iter().collect();
    let purges: [(&str, Arc<dyn Purge>); 3] = [
        ("exact", Arc::new(Exact)),
        ("near", Arc::new(NearDuplicates::above(0.8))),
        ("near-vectors", Arc::new(NearDuplicates::embedded("vector", 0.6))),
    ];
    let mut stale = Vec::new();
    for (name, purge) in purges {
        let file = folder.join(format!("{name}.jsonl"));
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        let now = output(purge);
        assert!(now.lines().count() > 6, "`{name}` finds something");
        if now == golden {
            continue;
        }
        let line = now.lines().zip(golden.lines()).find(|(now, then)| now != then);
        assert!(
            golden.lines().next() != now.lines().next(),
            "`{name}` says something else, and has its old version and settings: give it a new version\n{line:#?}"
        );
        match std::env::var_os("UPDATE_GOLDEN") {
            Some(_) => std::fs::write(&file, now).unwrap(),
            None => stale.push(name),
        }
    }
    assert!(stale.is_empty(), "run with UPDATE_GOLDEN=1 to keep what the new identities say: {stale:?}");
}
