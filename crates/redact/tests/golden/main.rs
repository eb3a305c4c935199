//! What the rules make of texts, as it was: code that drifts without a new version fails here.
//!
//! The first line of the golden file holds the version and what else a source's fingerprint has of the redaction. After a
//! wanted change, raise `VERSION` in `redactor.rs` and run the test once with `RIFFLEBOX_BLESS=1`.

#[path = "../planted/identifiers.rs"]
mod identifiers;

use std::path::Path;

use rifflebox_redact::{RedactSettings, Redactor, Rule, RuleName};

use identifiers::{Draw, NAMES, identifier};

/// Identifiers of each sort.
const PER_RULE: usize = 8;

/// Texts that say where a rule ends.
const EDGES: [&str; 12] = [
    "ada@analytical.org, ada@example.org, git@github.com:a/b.git, @ada, a@b, ada@analytical.org.",
    "+49 30 901820; 415-555-0123; 415-867-5309; 030 901820; Tel 030 901820; 2024-01-02; 9090 9093 9100",
    "127.0.0.1 0.0.0.0:4317 192.0.2.1 10.1.2.3 93.184.216.34 93.184.216.0/24 v12.24.33.4 1.2.3.4 Chrome/104.0.5112.79",
    "::1 2001:db8::1 fe80::1:2:3:4 2a00:1450:4001:81b::200e fd12:3456:789a:1::1 a::b std::dec::add 12:30:45",
    "DE89 3704 0044 0532 0130 00, DE89 3704 0044 0532 0130 01, 4111 1111 1111 1111, 4111 1111 1111 1112",
    "123-45-6789 000-12-3456 078-05-1120; SSN 536904399; 536904399; BSN 111222333; 111222333",
    "password=Tr0ub4dor&3x password=${SECRET1} password: changeme1 token = get_token2() http://a:h7Gk2pXq9w@x.org/",
    "AKIAIOSFODNN7EXAMPLE AKIAQ3EGRIZJ5TFNHB7K ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Ada Lovelace's, ADA\u{a0}LOVELACE, Adamant, ada_lovelace; Siobhán O\u{2019}Neill",
    "<EMAIL> <EMAIL_3f9a2c7b04de> <CARD_411111111111> <EMAILS>",
    "ada@analytical.org93.184.216.34 4111 1111 1111 1111@x.org +49 30 901820ada",
    "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1a\n",
];

#[test]
fn redacted_texts_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "a key of more than sixteen bytes").unwrap();
    let settings = RedactSettings {
        rules: Some(Rule::ALL.map(RuleName::One).to_vec()),
        names: NAMES.map(str::to_owned).to_vec(),
        key_file: Some("key".to_owned()),
        ..RedactSettings::default()
    };
    let redactor = Redactor::new(settings, folder.path()).unwrap();
    let mut told = format!("{}\n", redactor.meaning());
    let mut tell = |text: &str| {
        let redacted = redactor.text(text.to_owned(), "", &mut Default::default()).unwrap();
        told.push_str(&format!("\n{text:?}\n{redacted:?}\n"));
    };
    EDGES.into_iter().for_each(&mut tell);
    let mut draw = Draw::new(1);
    for rule in Rule::ALL {
        for _ in 0..PER_RULE {
            let (before, value) = identifier(rule, &mut draw);
            tell(&format!("It is {before}{value}."));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/redact.golden");
    if std::env::var_os("RIFFLEBOX_BLESS").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let head = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let first = told.lines().zip(kept.lines()).find(|(now, then)| now != then);
    assert!(
        told == kept,
        "redacted texts have changed: raise VERSION, then bless\n now  {}\n then {}\n first {first:?}",
        head(&told),
        head(&kept)
    );
}
