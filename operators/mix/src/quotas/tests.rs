use proptest::collection::vec;
use proptest::prelude::*;
use rifflebox_core::Tier;
use rifflebox_core::Tier::{T0, T1, T2, T3};

use super::*;
use crate::recipe::Share;

fn supply<const N: usize>(tokens: [(Tier, u64); N]) -> BTreeMap<Label, u64> {
    tokens.into_iter().map(|(tier, tokens)| (tier.into(), tokens)).collect()
}

fn of(quotas: &Quotas, tier: Tier) -> u64 {
    quotas.tokens[&tier.into()]
}

fn mix<const N: usize>(tokens: [(Tier, u64); N], recipe: Recipe) -> Quotas {
    quotas(&supply(tokens), &recipe).unwrap()
}

#[test]
fn a_label_in_short_supply_bounds_the_others() {
    let quotas = mix([(T0, 300), (T2, 10_000)], Recipe::shares([(T0, 0.3), (T2, 0.7)]));
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (300, 700));
    assert_eq!(quotas.bound, Bound::Supply(T0.into()));
    let quotas = mix([(T0, 5_000), (T2, 700)], Recipe::shares([(T0, 0.3), (T2, 0.7)]));
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (300, 700));
    assert_eq!(quotas.bound, Bound::Supply(T2.into()));
}

#[test]
fn the_budget_bounds() {
    let quotas = mix([(T0, 5_000), (T2, 5_000)], Recipe::shares([(T0, 0.3), (T2, 0.7)]).tokens(1_000));
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (300, 700));
    assert_eq!(quotas.bound, Bound::Budget);
}

#[test]
fn labels_that_are_not_named_get_nothing() {
    let quotas = mix([(T0, 50), (T2, 50), (T3, 50)], Recipe::shares([(T0, 0.5), (T2, 0.5)]));
    assert_eq!((of(&quotas, T0), of(&quotas, T2), of(&quotas, T3)), (50, 50, 0));
    assert_eq!(quotas.bound, Bound::Nothing);
}

#[test]
fn rounding_favours_the_anchor() {
    let quotas = mix([(T0, 50), (T2, 50)], Recipe::shares([(T0, 0.3), (T2, 0.7)]).tokens(9));
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (3, 6));
}

#[test]
fn ranges_take_what_the_data_have_and_the_better_tier_first() {
    let recipe = || Recipe::shares([(T0, [0.3, 0.5]), (T2, [0.5, 0.7])]);
    let quotas = mix([(T0, 300), (T2, 10_000)], recipe());
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (300, 700));
    let quotas = mix([(T0, 10_000), (T2, 500)], recipe());
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (500, 500));
    let quotas = mix([(T0, 10_000), (T2, 10_000)], recipe().tokens(1_000));
    assert_eq!((of(&quotas, T0), of(&quotas, T2)), (500, 500));
}

#[test]
fn without_shares_all_is_taken_above_the_floor() {
    let quotas = mix([(T0, 400), (T2, 600)], Recipe::default());
    assert_eq!((quotas.total(), &quotas.bound), (1_000, &Bound::Nothing));
    let quotas = mix([(T0, 200), (T1, 100), (T2, 10_000)], Recipe::default());
    assert_eq!((of(&quotas, T0), of(&quotas, T1), of(&quotas, T2)), (200, 100, 700));
    assert_eq!(quotas.bound, Bound::Floor);
    let quotas = mix([(T0, 400), (T2, 600)], Recipe::default().tokens(500));
    assert_eq!((of(&quotas, T0), of(&quotas, T2), &quotas.bound), (400, 100, &Bound::Budget));
}

#[test]
fn what_cannot_be_mixed_is_refused_with_the_numbers() {
    let refused = |supply: BTreeMap<Label, u64>, recipe: Recipe, words: &str| {
        let error = quotas(&supply, &recipe).unwrap_err();
        let message = error.to_string();
        assert!(error.kind() == ErrorKind::Refused && message.contains(words), "{error:?}");
    };
    refused(supply([(T2, 900)]), Recipe::default(), "T0 and T1 hold 0 tokens, too few for min_anchor = 0.3");
    refused(supply([(T2, 900)]), Recipe::shares([(T0, 0.3), (T2, 0.7)]), "needs T0");
    refused(supply([(T2, 900)]), Recipe::shares([(T0, 0.3), (T2, 0.7)]), "tokens at hand: T0 0, T2 900");
    refused(supply([]), Recipe::default(), "nothing to mix (tokens at hand: none)");
    refused(supply([(T3, 9)]), Recipe::shares([(T0, 1.0)]), "nothing to mix (tokens at hand: T0 0)");
}

#[test]
fn no_supply_overflows() {
    let recipe = Recipe::shares([(T0, [0.0, 1.0]), (T2, [0.0, 1.0])]).min_anchor(0.0);
    let quotas = mix([(T0, u64::MAX / 2), (T2, u64::MAX / 2)], recipe);
    assert_eq!(quotas.total(), u64::MAX - 1);
    assert_eq!(quotas.settle(u64::MAX / 2).total(), u64::MAX - 1);
}

/// Tenths of shares and few tokens, so that all mixes in tenths of tokens can be tried.
fn small() -> impl Strategy<Value = (Vec<u64>, Vec<(u32, u32)>, u32, u64)> {
    let share = (0..=10u32, 0..=10u32).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let exact = vec(0..=10u32, 2).prop_map(|mut cuts| {
        cuts.sort_unstable();
        vec![(cuts[0], cuts[0]), (cuts[1] - cuts[0], cuts[1] - cuts[0]), (10 - cuts[1], 10 - cuts[1])]
    });
    let shares = prop_oneof![vec(share, 3), exact];
    (vec(0..=7u64, 3), shares, 0..=6u32, 1..=20u64)
}

/// Finds the greatest total by trying every amount in tenths of tokens; bounds that are tenths have such vertices.
fn try_all(supply: &[u64], shares: &[(u32, u32)], floor: u32, budget: u64) -> u64 {
    let fits = |total: u64| {
        let within = |at: usize, amount: u64| {
            let (least, most) = shares[at];
            (u64::from(least) * total..=u64::from(most) * total).contains(&amount)
                && amount <= supply[at] * 10
        };
        (0..=supply[0] * 10).filter(|a| within(0, *a)).any(|a| {
            (0..=supply[1] * 10).filter(|b| within(1, *b)).any(|b| {
                let anchor = a + b;
                let rest = (total * 10).checked_sub(anchor);
                anchor >= u64::from(floor) * total && rest.is_some_and(|c| within(2, c))
            })
        })
    };
    (0..=budget.min(supply.iter().sum())).rev().find(|total| fits(*total)).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_mix_is_larger((tokens, shares, floor, budget) in small()) {
        let tiers = [T0, T1, T2];
        let named = tiers.into_iter().zip(&shares).map(|(tier, (least, most))| {
            (tier, Share::Range(least * 100_000, most * 100_000))
        });
        let recipe = Recipe { min_anchor: floor * 100_000, ..Recipe::shares(named).tokens(budget) };
        let supply: BTreeMap<Label, u64> = tiers.into_iter().map(Label::from).zip(tokens.clone()).collect();
        let expected = try_all(&tokens, &shares, floor, budget);
        match quotas(&supply, &recipe) {
            Err(error) => {
                prop_assert_eq!(expected, 0, "{}", error);
            }
            Ok(quotas) => {
                let total = quotas.total();
                prop_assert_eq!(total, expected);
                for (tier, (least, most)) in tiers.into_iter().zip(&shares) {
                    let ten = of(&quotas, tier) * 10;
                    prop_assert!(ten + 10 > u64::from(*least) * total && ten < u64::from(*most) * total + 10);
                    prop_assert!(of(&quotas, tier) <= supply[&tier.into()]);
                }
                let anchor = of(&quotas, T0) + of(&quotas, T1);
                prop_assert!(anchor * 10 >= u64::from(floor) * total);
            }
        }
    }

    #[test]
    fn the_floor_holds_of_whole_rows(
        supplies in (1..100_000u64, 0..100_000u64, 0..100_000u64),
        floor in 1..=1_000_000u32,
        lost in 0..500u64,
    ) {
        let supply = supply([(T0, supplies.0), (T2, supplies.1), (T3, supplies.2)]);
        let recipe = Recipe { min_anchor: floor, ..Recipe::default() };
        let quotas = quotas(&supply, &recipe).unwrap();
        let anchor = of(&quotas, T0).saturating_sub(lost);
        let settled = quotas.clone().settle(anchor);
        let others = of(&settled, T2) + of(&settled, T3);
        let total = u128::from(anchor + others);
        prop_assert!(u128::from(anchor) * 1_000_000 >= u128::from(floor) * total);
        prop_assert!(of(&settled, T2) <= of(&quotas, T2) && of(&settled, T3) <= of(&quotas, T3));
        if lost == 0 {
            prop_assert_eq!(settled, quotas);
        }
    }
}
