use std::collections::BTreeMap;

use super::*;

fn set(names: &[&'static str]) -> BTreeSet<&'static str> {
    names.iter().copied().collect()
}

#[test]
fn what_is_older_than_the_fence_and_unnamed_goes() {
    let (state, action) = Collect::start(4, false);
    assert_eq!(action, Do::Fence);
    let (state, action) = state.step(Told::Fenced);
    assert_eq!(action, Do::Retained);
    let (state, action) = state.step(Told::Retained(set(&["named"])));
    assert_eq!(action, Do::List);
    let listed = vec![(1, "named"), (1, "old"), (4, "opened here"), (5, "after the fence"), (9, "far ahead")];
    let (state, action) = state.step(Told::Listed(listed));
    assert_eq!(action, Do::Delete(set(&["old", "opened here"])));
    assert_eq!(state.step(Told::Deleted).1, Do::Done(Ended::Swept));
}

#[test]
fn a_dry_run_commits_nothing_and_deletes_nothing() {
    let (state, action) = Collect::start(4, true);
    assert_eq!(action, Do::Retained);
    let (state, _) = state.step(Told::Retained(set(&[])));
    let (_, action) = state.step(Told::Listed(vec![(4, "a"), (5, "b")]));
    assert_eq!(action, Do::Done(Ended::Would(set(&["a"]))));
}

#[test]
fn any_failure_ends_it_before_more_is_touched() {
    let path: [Told<&str>; 4] =
        [Told::Fenced, Told::Retained(set(&[])), Told::Listed(vec![(1, "a")]), Told::Deleted];
    for failing in 0..path.len() {
        let (mut state, mut action) = Collect::start(4, false);
        for told in path.iter().take(failing).cloned() {
            (state, action) = state.step(told);
        }
        assert!(!matches!(action, Do::Done(_)));
        assert_eq!(state.step(Told::Failed).1, Do::Done(Ended::Aborted));
    }
    let (state, _) = Collect::<&str>::start(4, false);
    assert_eq!(state.clone().step(Told::FenceLost).1, Do::Done(Ended::FenceLost));
    assert_eq!(state.step(Told::Listed(vec![(1, "a")])).1, Do::Done(Ended::Aborted), "an answer out of turn");
}

#[test]
fn a_segment_goes_once_every_retained_manifest_covers_it() {
    let journals = |entries: &[(&str, u64)]| -> BTreeMap<String, u64> {
        entries.iter().map(|(run, last)| ((*run).to_owned(), *last)).collect()
    };
    let (new, old) = (journals(&[("a", 3), ("b", 2)]), journals(&[("a", 1)]));
    let segments = || [("a", 1), ("a", 2), ("b", 1), ("c", 1)].into_iter();
    assert_eq!(covered(segments(), &[&new]), [("a", 1), ("a", 2), ("b", 1)]);
    assert_eq!(covered(segments(), &[&new, &old]), [("a", 1)]);
    assert_eq!(covered(segments(), &[]), [], "nothing retained proves nothing covered");
}
