use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::btree_map;
use proptest::prelude::*;
use rifflebox_core::{Kind, Score, Tier};
use rifflebox_dataflow::{Graph, decode, encode};
use rifflebox_testkit::evaluate;

use super::*;

/// Numbers that meet often in their first two bytes, by which the mixer descends.
fn numbers() -> impl Strategy<Value = Key> {
    let near = (0..3u128, 0..3u128, 0..5u128);
    let near = near.prop_map(|(a, b, c)| Key::from_u128((a << 120) | (b << 112) | (c << 104)));
    prop_oneof![near, any::<u128>().prop_map(Key::from_u128)]
}

fn tiers() -> impl Strategy<Value = Tier> {
    prop_oneof![Just(Tier::T0), Just(Tier::T1), Just(Tier::T2), Just(Tier::T3)]
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let halves = Recipe::shares([(Tier::T0, 0.5), (Tier::T2, 0.5)]);
    let ranges = Recipe::shares([(Tier::T0, [0.2, 0.6]), (Tier::T1, [0.1, 0.5]), (Tier::T3, [0.0, 0.5])]);
    let recipe = prop_oneof![
        Just(Recipe::default()),
        Just(Recipe::default().min_anchor(0.0)),
        Just(halves),
        Just(ranges),
    ];
    (recipe, proptest::option::of(1..400u64)).prop_map(|(recipe, tokens)| Recipe { tokens, ..recipe })
}

fn row(id: Key, tier: Tier, tokens: u64) -> Row {
    let (route, content, kind, score) = (id, id, Kind::Text, Score::ONE);
    Row { id, route, content, kind, tier, score, synthetic: false, tokens, bytes: 1 }
}

/// Mixes as the graph says, evaluated from scratch.
fn mixed(recipe: &Recipe, rows: &[Row]) -> BTreeSet<Key> {
    let mut graph = Graph::new();
    let mut scope = Scope::stage(&mut graph, "mix", Key::MIN);
    let candidates = scope.input::<Key, Row>("candidates");
    let mixed = recipe.mix(&mut scope, candidates);
    scope.arrange("mixed", mixed.rows, Keep::Internal);
    let rows = rows.iter().map(|row| (encode(&row.id, row), 1)).collect();
    let inputs = BTreeMap::from([("mix/candidates".to_owned(), rows)]);
    let kept = evaluate(&graph, &inputs, None).remove("mix/mixed").expect("it is arranged");
    assert!(kept.values().all(|count| *count == 1), "no row is taken twice");
    kept.keys().map(|(name, bytes)| decode::<Key, Row>(*name, bytes).1.id).collect()
}

/// Mixes by a walk over all rows of each label, in order of their numbers.
fn walked(recipe: &Recipe, rows: &[Row]) -> BTreeSet<Key> {
    let mut labels: BTreeMap<Label, Vec<(Key, u64)>> = BTreeMap::new();
    for row in rows {
        labels.entry(row.tier.into()).or_default().push((row.id, row.tokens.max(1)));
    }
    let sum = |rows: &Vec<(Key, u64)>| rows.iter().map(|(_, tokens)| tokens).sum();
    let available = labels.iter().map(|(label, rows)| (label.clone(), sum(rows))).collect();
    let Ok(divided) = quotas(&available, recipe) else { return BTreeSet::new() };
    let cut = |divided: &Quotas, anchor: bool| {
        let held = labels.iter().filter(move |(label, _)| label.is_anchor() == anchor);
        let cuts = held.map(|(label, rows)| (rows, cut_rows(rows, divided.tokens[label])));
        cuts.collect::<Vec<_>>()
    };
    let anchor = cut(&divided, true);
    let held = anchor.iter().map(|(_, cut)| cut.tokens).sum();
    let others = cut(&divided.settle(held), false);
    let taken = anchor.iter().chain(&others).flat_map(|(rows, cut)| {
        rows.iter().map(|(number, _)| *number).filter(move |number| cut.takes(*number))
    });
    taken.collect()
}

proptest! {
    #[test]
    fn sums_lead_to_the_cuts_of_the_rows(
        rows in btree_map(numbers(), (tiers(), 0..20u64), 0..60), recipe in recipes(),
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(id, (tier, tokens))| row(id, tier, tokens)).collect();
        prop_assert_eq!(mixed(&recipe, &rows), walked(&recipe, &rows));
    }
}
