/// Says which of the known words is meant: the nearest by edits, or all of them where none is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.dedup();
    let lowered = word.to_lowercase();
    let distance = |other: &str| match other.starts_with(&lowered) && lowered.chars().count() > 2 {
        // Half a word is as good as a slip.
        true => 1,
        false => edits(&lowered, other),
    };
    let near = known.iter().map(|other| (distance(&other.to_lowercase()), *other)).min();
    match near {
        None => None,
        Some((distance, other)) if distance <= word.chars().count().div_ceil(2).min(4) => {
            Some(format!("did you mean `{other}`?"))
        }
        Some(_) => Some(format!("known are {}", listed(known))),
    }
}

/// Writes words as a list: `a`, `b`.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the insertions, deletions, substitutions and swaps of neighbours between two words (optimal
/// string alignment).
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            if i == 0 || j == 0 {
                rows[i][j] = i + j;
                continue;
            }
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            rows[i][j] = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                rows[i][j] = rows[i][j].min(rows[i - 2][j - 2] + 1);
            }
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_words() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("form", "from"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn the_nearest_word_or_all_of_them() {
        let known = ["source", "generate", "verify"];
        assert_eq!(nearest("sorce", known).as_deref(), Some("did you mean `source`?"));
        assert_eq!(nearest("Verify", known).as_deref(), Some("did you mean `verify`?"));
        let all = "known are `source`, `generate`, `verify`";
        assert_eq!(nearest("zzzzzzzzzzz", known).as_deref(), Some(all));
        assert_eq!(nearest("gen", known).as_deref(), Some("did you mean `generate`?"));
        assert_eq!(nearest("x", []), None);
    }
}
