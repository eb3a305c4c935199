use std::ops::Range;

use rifflebox_core::{Result, Sample};

use crate::template::{Template as Plain, Values};

/// Marks that stand around each value while a template is filled in: Unicode gives them no meaning, and never will.
const MARKS: [char; 2] = ['\u{fdd0}', '\u{fdd1}'];
/// The name of what no sample's author can know.
const NONCE: &str = "nonce";

/// A template that knows afterwards which part of its text a sample wrote.
///
/// What `{{ … }}` puts in is the sample's; what goes through the filter `safe` is vouched for by the flow's author.
pub(super) struct Template(Plain);

/// A template that was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// All of it.
    pub(super) text: String,
    /// Where the sample's words stand, in order, none within another.
    pub(super) values: Vec<Range<usize>>,
}

impl Template {
    /// Reads the template that is the value of a key.
    pub(super) fn new(key: &'static str, text: &str) -> Result<Self> {
        Ok(Template(Plain::new(key, text)?.marking(MARKS)))
    }

    /// Fills it in.
    ///
    /// # Errors
    /// What the template wants and the sample has not.
    pub(super) fn fill(&self, sample: &Sample) -> Result<Filled, String> {
        let values = Values::of(sample);
        if values.contains(MARKS) {
            return Err("the sample holds U+FDD0 or U+FDD1, which are no characters".to_owned());
        }
        let nonce = values.digest().to_string();
        self.0.fill(&values.with_word(NONCE, nonce)).map(|marked| Filled::of(&marked))
    }
}

/// Returns a word that is the same whenever the same sample is asked about, and that its author cannot have written into
/// it: a digest of all of it.
pub(super) fn nonce(sample: &Sample) -> String {
    Values::of(sample).digest().to_string()
}

impl Filled {
    /// Takes the marks out of a text, and remembers where they stood.
    fn of(marked: &str) -> Self {
        let mut filled = Filled::default();
        let (mut depth, mut begun) = (0_usize, 0);
        for c in marked.chars() {
            if c == MARKS[0] {
                if depth == 0 {
                    begun = filled.text.len();
                }
                depth += 1;
            } else if c == MARKS[1] {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    filled.values.push(begun..filled.text.len());
                }
            } else {
                filled.text.push(c);
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Content, Tier, Value};

    use super::*;

    fn sample(completion: &str) -> Sample {
        Sample {
            stage: "proofs".into(),
            content: Content::Completion { prompt: "A".into(), completion: completion.into() },
            context: None,
            documents: vec![],
            tier: Tier::T1,
            synthetic: false,
            origin: Default::default(),
            fields: Default::default(),
        }
    }

    fn parts(template: &str, completion: &str) -> (String, Vec<String>) {
        let filled = Template::new("problem", template).unwrap().fill(&sample(completion)).unwrap();
        let values = filled.values.iter().map(|range| filled.text[range.clone()].to_owned()).collect();
        (filled.text, values)
    }

    #[test]
    fn what_the_sample_wrote_is_known_afterwards() {
        let template =
            "goal {{ prompt | safe }} by {{ completion }}{% if completion %}, {{ prompt }}{% endif %}.\n";
        assert_eq!(
            parts(template, "it's {{ x }}"),
            ("goal A by it's {{ x }}, A.\n".to_owned(), vec!["it's {{ x }}".to_owned(), "A".to_owned()])
        );
        let captured = "{% set both %}{{ prompt }}+{{ completion }}{% endset %}({{ both }})";
        assert_eq!(parts(captured, "b"), ("(A+b)".to_owned(), vec!["A+b".to_owned()]));
        for mark in ["\u{fdd0}", "\u{fdd1}"] {
            let mut within = sample("x");
            let list = Value::List(vec![Value::from("x"), Value::from(mark)]);
            within.fields = [("list".to_owned(), list)].into();
            for marked in [sample(mark), within] {
                let refused = Template::new("problem", "{{ completion }}").unwrap().fill(&marked);
                assert!(refused.is_err_and(|why| why.contains("U+FDD0")));
            }
        }
    }

    #[test]
    fn the_nonce_is_of_the_whole_sample_and_counts_as_the_authors() {
        let (one, values) = parts("{{ nonce }}", "x");
        assert_eq!((one.len(), values), (32, vec![]));
        assert_eq!(one, parts("{{ nonce }}", "x").0);
        assert_ne!(one, parts("{{ nonce }}", "y").0);
        assert!(one.chars().all(|c| c.is_ascii_alphanumeric()));
    }

    #[test]
    fn what_a_sample_lacks_is_named() {
        let lacking = Template::new("problem", "{{ proof }}").unwrap().fill(&sample("x"));
        assert_eq!(
            lacking,
            Err("`problem` wants `proof`; the sample has completion, nonce, prompt".to_owned())
        );
        assert!(
            Template::new("problem", "{{")
                .is_err_and(|e| e.to_string().starts_with("`problem` is no template"))
        );
    }
}
