//! `(splits, route) -> split`: which rows are held back, by document.

use std::collections::BTreeMap;

use rifflebox_core::{Error, ErrorKind, Key, Result};
use serde::{Deserialize, Serialize};

/// The split of all rows that no other split holds.
pub const TRAIN: &str = "train";

/// Shares of documents that are held back from `train`: `splits = { validation = 0.01 }`.
///
/// A document's own key decides, so that all of its rows are in one split, and stay there whatever
/// becomes of other documents.
///
/// ```
/// use rifflebox_core::Document;
/// use rifflebox_publish::Splits;
///
/// let splits = Splits::new([("validation", 0.5)])?;
/// let held = (0..1_000).filter(|page| splits.of(Document::key_of("docs", &page.to_string())).is_some());
/// assert!((450..550).contains(&held.count()));
/// # Ok::<(), rifflebox_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, f64>", into = "BTreeMap<String, f64>")]
pub struct Splits {
    shares: BTreeMap<String, f64>,
    /// Each split with the first draw beyond it, rising.
    ends: Vec<(String, u64)>,
}

impl Splits {
    /// Makes splits of shares between 0 and 1; `train` is what is left.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] if nothing is left for `train`, or a name is not one that readers take.
    pub fn new<N: Into<String>>(shares: impl IntoIterator<Item = (N, f64)>) -> Result<Self> {
        Splits::try_from(
            shares.into_iter().map(|(name, share)| (name.into(), share)).collect::<BTreeMap<_, _>>(),
        )
    }

    /// Returns the split of the rows of a document, by its key; none is `train`.
    pub fn of(&self, route: Key) -> Option<&str> {
        let key = Key::builder("split").key(route).finish();
        let draw = (u128::from(key.head64()) * u128::from(MILLION)) >> 64;
        let end = self.ends.iter().find(|(_, end)| draw < u128::from(*end));
        end.map(|(name, _)| name.as_str())
    }

    /// Returns the names of all splits but `train`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shares.keys().map(String::as_str)
    }
}

const MILLION: u64 = 1_000_000;

impl TryFrom<BTreeMap<String, f64>> for Splits {
    type Error = Error;

    fn try_from(shares: BTreeMap<String, f64>) -> Result<Self> {
        let mut ends = Vec::new();
        let mut end = 0;
        for (name, share) in &shares {
            let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(letter) {
                return usage(format!("the split {name:?} needs a name of a-z, 0-9 and _"));
            }
            if name == TRAIN || name == "all" {
                return usage(format!("the split {name} takes no share: train is what the others leave"));
            }
            if !(0.0..=1.0).contains(share) {
                return usage(format!("the share of split {name} lies between 0 and 1"));
            }
            end += (share * MILLION as f64).round() as u64;
            ends.push((name.clone(), end));
        }
        match end < MILLION {
            true => Ok(Splits { shares, ends }),
            false => usage("the splits leave nothing for train".to_owned()),
        }
    }
}

impl From<Splits> for BTreeMap<String, f64> {
    fn from(splits: Splits) -> Self {
        splits.shares
    }
}

fn usage<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(splits: &Splits) -> Vec<Option<&str>> {
        (0..2_000).map(|route| splits.of(Key::from_u128(route))).collect()
    }

    #[test]
    fn shares_are_met_and_routes_alone_decide() {
        let splits = Splits::new([("test", 0.1), ("validation", 0.2)]).unwrap();
        let drawn = of(&splits);
        let count = |name| drawn.iter().filter(|split| **split == name).count();
        assert!((160..240).contains(&count(Some("test"))), "{}", count(Some("test")));
        assert!((340..460).contains(&count(Some("validation"))), "{}", count(Some("validation")));
        assert_eq!(drawn, of(&splits.clone()));
    }

    #[test]
    fn no_splits_are_all_train() {
        assert!(of(&Splits::default()).iter().all(Option::is_none));
        assert!(of(&Splits::new([("none", 0.0)]).unwrap()).iter().all(Option::is_none));
    }

    #[test]
    fn a_greater_share_lets_no_document_back() {
        let (less, more) = (Splits::new([("v", 0.1)]).unwrap(), Splits::new([("v", 0.2)]).unwrap());
        assert!(of(&less).iter().zip(of(&more)).all(|(less, more)| less.is_none() || more.is_some()));
    }

    #[test]
    fn wrong_splits_are_refused() {
        let message = |name: &str, share| Splits::new([(name, share)]).unwrap_err().to_string();
        assert!(message("validation", 1.0).contains("nothing for train"));
        assert!(message("validation", -0.1).contains("between 0 and 1"));
        assert!(message("validation", f64::NAN).contains("between 0 and 1"));
        assert!(message("a b", 0.1).contains("a-z"));
        assert!(message("train", 0.1).contains("what the others leave"));
    }

    #[test]
    fn the_form_of_flow_files() {
        let splits: Splits = serde_json::from_str(r#"{"validation": 0.01}"#).unwrap();
        assert_eq!(splits, Splits::new([("validation", 0.01)]).unwrap());
        assert_eq!(serde_json::to_string(&splits).unwrap(), r#"{"validation":0.01}"#);
        let wrong = serde_json::from_str::<Splits>(r#"{"validation": 2}"#).unwrap_err();
        assert!(wrong.to_string().contains("between 0 and 1"), "{wrong}");
    }
}
