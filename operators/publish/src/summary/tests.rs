use proptest::prelude::*;
use rifflebox_core::{Content, Fields, Seed, Verdict};

use super::*;

/// A row and its story; `shape` varies all that figures count.
pub(crate) fn pair(number: u64, shape: u64) -> (DataRow, ProvenanceRow) {
    let id = Key::from_u128(u128::from(number));
    let tier = Tier::ALL[shape as usize % 4];
    let row = DataRow {
        id,
        content: Content::Text { text: "word ".repeat(1 + shape as usize % 3) },
        context: None,
        tier,
        source: format!("source-{}", shape % 2),
        license: (!shape.is_multiple_of(3)).then(|| "MIT".to_owned()),
        tokens: 1 + shape % 3,
    };
    let seed = Seed {
        source: row.source.clone(),
        id: format!("page-{}", number / 2),
        digest: Key::of(&(number / 2).to_le_bytes()),
        span: None,
        license: row.license.clone(),
        redactions: Default::default(),
    };
    let verifiers = (0..shape % 3).map(|version| VerifierEntry {
        name: "supported".to_owned(),
        version: version.to_string(),
        fingerprint: Key::from_u128(version.into()),
        family: None,
        model: None,
        verdict: if version == 0 { Verdict::accept() } else { Verdict::reject("unsure") },
    });
    let story = ProvenanceRow {
        id,
        stage: "passages".to_owned(),
        documents: vec![seed],
        generator: Maker { name: "passages".to_owned(), version: "1".to_owned(), ..Maker::default() },
        verifiers: verifiers.collect(),
        tier,
        depth: u32::from(!tier.is_anchor()),
        displaced: Vec::new(),
        displaced_count: 0,
        redactions: Vec::new(),
        fields: Fields::new(),
    };
    (row, story)
}

pub(crate) const PLACE: ShardPlace<'_> = ShardPlace { kind: Kind::Text, split: None, prefix: Prefix::ROOT };

fn figures(pairs: &[(DataRow, ProvenanceRow)]) -> Figures {
    let (rows, stories): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
    Figures::of(&rows, &stories)
}

proptest! {
    #[test]
    fn figures_of_a_union_are_the_sum(shapes in proptest::collection::vec(any::<u64>(), 0..30), cut in 0..30usize) {
        let pairs: Vec<_> = shapes.iter().zip(0..).map(|(shape, number)| pair(number, *shape)).collect();
        let (left, right) = pairs.split_at(cut.min(pairs.len()));
        let (left, right) = (figures(left), figures(right));
        prop_assert_eq!(&Figures::sum([&left, &right]), &figures(&pairs));
        prop_assert_eq!(Figures::sum([&left, &right]), Figures::sum([&right, &left]));
    }
}

#[test]
fn figures_count_what_they_name() {
    let figures = figures(&[pair(1, 0), pair(2, 2), pair(3, 5)]);
    assert_eq!(figures.total, Count { samples: 3, tokens: 1 + 3 + 3 });
    assert_eq!(figures.synthetic, Count { samples: 1, tokens: 3 });
    assert_eq!(figures.tiers[&Tier::T1], Count { samples: 1, tokens: 3 });
    assert_eq!(figures.licenses[""], Count { samples: 1, tokens: 1 });
    assert_eq!(figures.generators[0].count, figures.total);
    let judged: Vec<_> =
        figures.verifiers.iter().map(|v| (&*v.actor.version, v.count.samples, v.rejected)).collect();
    assert_eq!(judged, [("0", 2, 0), ("1", 2, 2)]);
}

#[test]
fn a_shard_is_its_two_files_and_their_figures() {
    let (rows, stories): (Vec<_>, Vec<_>) = (0..6).map(|at| pair(at, at)).unzip();
    let written = write_shard(&PLACE, &rows, &stories, None).unwrap();
    let summary = &written.summary;
    assert_eq!(summary.data.blake3, blake3::hash(written.data.as_ref().unwrap()).to_hex().to_string());
    assert_eq!(summary.provenance.bytes, written.provenance.len() as u64);
    assert!(summary.data.path.starts_with("data/text/all-"), "{}", summary.data.path);
    assert!(summary.provenance.path.starts_with("provenance/text/all-"), "{}", summary.provenance.path);
    assert_eq!((summary.data.rows, summary.seeds.count), (6, 6));
    let json = serde_json::to_string(summary).unwrap();
    assert_eq!(&serde_json::from_str::<ShardSummary>(&json).unwrap(), summary);
    let error = write_shard(&PLACE, &rows, &stories[1..], None).unwrap_err();
    assert!(error.to_string().contains("different samples"), "{error}");
}

#[test]
fn another_verdict_moves_provenance_alone() {
    let (rows, mut stories): (Vec<_>, Vec<_>) = (0..6).map(|at| pair(at, at)).unzip();
    let before = write_shard(&PLACE, &rows, &stories, None).unwrap().summary;
    stories[1].verifiers[0].version = "new".to_owned();
    let after = write_shard(&PLACE, &rows, &stories, None).unwrap();
    assert!(after.data.is_some());
    assert_eq!(after.summary.data, before.data);
    assert_ne!(after.summary.provenance, before.provenance);
    let known = write_shard(&PLACE, &rows, &stories, Some(&before)).unwrap();
    assert_eq!(known, WrittenShard { data: None, ..after }, "the data that is known is not written again");
}

#[test]
fn data_is_known_only_of_equal_rows_in_an_equal_place() {
    let (rows, stories): (Vec<_>, Vec<_>) = (0..6).map(|at| pair(at, at)).unzip();
    let known = write_shard(&PLACE, &rows, &stories, None).unwrap().summary;
    let moves: [fn(&mut DataRow); 5] = [
        |row| row.tier = Tier::T3,
        |row| row.source = "elsewhere".to_owned(),
        |row| row.license = Some("CC-BY-3.0".to_owned()),
        |row| row.tokens += 1,
        |row| row.context = Some(String::new()),
    ];
    for (at, change) in moves.into_iter().enumerate() {
        let mut rows = rows.clone();
        change(&mut rows[2]);
        let written = write_shard(&PLACE, &rows, &stories, Some(&known)).unwrap();
        assert!(written.data.is_some() && written.summary.rows != known.rows, "change {at}");
    }
    let fewer = write_shard(&PLACE, &rows[1..], &stories[1..], Some(&known)).unwrap();
    assert!(fewer.data.is_some());
    let split = ShardPlace { split: Some("validation"), ..PLACE };
    assert!(write_shard(&split, &rows, &stories, Some(&known)).unwrap().data.is_some());
}

#[test]
fn few_seeds_are_listed_and_many_are_digested() {
    let seeds = |count: u64| {
        let stories: Vec<_> = (0..count).map(|at| pair(at, 0).1).collect();
        Seeds::of(&stories)
    };
    let few = seeds(5);
    assert_eq!(few.count, 3);
    assert_eq!(few.documents[0].document, "source-0:page-0");
    let full = seeds(2 * SEEDS_LISTED as u64);
    assert_eq!((full.count, full.documents.len()), (SEEDS_LISTED as u64, SEEDS_LISTED));
    let many = seeds(2 * SEEDS_LISTED as u64 + 1);
    assert_eq!((many.count, many.documents.len()), (SEEDS_LISTED as u64 + 1, 0));
    assert_ne!(many.digest, full.digest);
}
