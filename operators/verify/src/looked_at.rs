use std::borrow::Cow;

use rifflebox_core::{Content, Result, Sample};

use crate::template::{Template, Values};

/// What of a sample is judged where a template does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// What it answers: a text, a completion, the better answer, each turn of the assistant.
    Answer,
    /// What it teaches: all columns but a worse answer.
    Taught,
    /// All that is published: every column, and the context.
    All,
}

/// A part of a sample: the name of its column, and its text.
pub(crate) type Part<'a> = (&'static str, Cow<'a, str>);

/// What of a sample is judged: what a template makes of it, or parts of it.
#[derive(Debug)]
pub(crate) struct LookedAt {
    template: Option<Template>,
    look: Look,
}

impl LookedAt {
    /// Takes the setting `text`, and what is looked at without it.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`] when it is no template.
    pub(crate) fn new(text: Option<&str>, look: Look) -> Result<Self> {
        Ok(LookedAt { template: text.map(|text| Template::new("text", text)).transpose()?, look })
    }

    /// Returns the parts that are judged.
    ///
    /// # Errors
    /// What the template wants and the sample has not.
    pub(crate) fn parts<'a>(&self, sample: &'a Sample) -> Result<Vec<Part<'a>>, String> {
        if let Some(template) = &self.template {
            return Ok(vec![("text", Cow::Owned(template.fill(&Values::of(sample))?))]);
        }
        let columns = sample.content.columns().into_iter();
        let columns = columns.map(|(name, text)| (name, Cow::Borrowed(text)));
        Ok(match self.look {
            Look::Answer => {
                answers(&sample.content).map(|(name, text)| (name, Cow::Borrowed(text))).collect()
            }
            Look::Taught => columns.filter(|(name, _)| *name != "rejected").collect(),
            Look::All => {
                let context = sample.context.as_deref().map(|text| ("context", Cow::Borrowed(text)));
                columns.chain(context).collect()
            }
        })
    }

    /// Returns the parts as one text, parted by blank lines.
    ///
    /// # Errors
    /// As [`LookedAt::parts`].
    pub(crate) fn text<'a>(&self, sample: &'a Sample) -> Result<Cow<'a, str>, String> {
        let mut parts = self.parts(sample)?;
        Ok(match parts.len() {
            1 => parts.remove(0).1,
            _ => Cow::Owned(parts.iter().map(|(_, text)| &**text).collect::<Vec<_>>().join("\n\n")),
        })
    }
}

/// Returns what a sample says, apart from what it was asked.
pub(crate) fn said(content: &Content) -> String {
    answers(content).map(|(_, text)| text).collect::<Vec<_>>().join("\n\n")
}

fn answers(content: &Content) -> impl Iterator<Item = (&'static str, &str)> {
    let turns: Vec<&str> = match content {
        Content::Messages { messages } => {
            let turns = messages.iter().filter(|turn| turn.role == "assistant");
            turns.map(|turn| turn.content.as_str()).collect()
        }
        _ => Vec::new(),
    };
    let column = match content {
        Content::Text { text } => Some(("text", text.as_str())),
        Content::Completion { completion, .. } => Some(("completion", completion.as_str())),
        Content::Preference { chosen, .. } => Some(("chosen", chosen.as_str())),
        Content::Messages { .. } => None,
    };
    column.into_iter().chain(turns.into_iter().map(|turn| ("messages", turn)))
}

#[cfg(test)]
pub(crate) mod tests {
    use rifflebox_core::{Message, Tier};

    use super::*;

    /// A sample of some content, with a context.
    pub(crate) fn sample(content: Content) -> Sample {
        Sample {
            stage: "made".into(),
            content,
            context: Some("The page.".into()),
            documents: vec![],
            tier: Tier::T3,
            synthetic: true,
            origin: Default::default(),
            fields: [("topic".to_owned(), "engines".into())].into(),
        }
    }

    fn check(look: Look, content: Content, expected: &[&str]) {
        let sample = sample(content);
        let parts = LookedAt::new(None, look).unwrap().parts(&sample).unwrap();
        assert_eq!(parts.iter().map(|(_, text)| &**text).collect::<Vec<_>>(), expected, "{look:?}");
    }

    #[test]
    fn an_answer_is_what_is_learnt_to_be_said() {
        let preference =
            || Content::Preference { prompt: "p".into(), chosen: "c".into(), rejected: "r".into() };
        let turn = |role: &str, text: &str| Message { role: role.into(), content: text.into() };
        let dialogue = || Content::Messages {
            messages: vec![turn("user", "u"), turn("assistant", "a"), turn("assistant", "b")],
        };
        check(Look::Answer, preference(), &["c"]);
        check(Look::Taught, preference(), &["p", "c"]);
        check(Look::All, preference(), &["p", "c", "r", "The page."]);
        check(Look::Answer, dialogue(), &["a", "b"]);
        check(Look::Taught, dialogue(), &["u", "a", "b"]);
        assert_eq!(said(&dialogue()), "a\n\nb");
    }

    #[test]
    fn a_template_says_it_instead() {
        let sample = sample(Content::Text { text: "t".into() });
        let text =
            |template| LookedAt::new(Some(template), Look::All).unwrap().text(&sample).map(Cow::into_owned);
        assert_eq!(text("{{ topic }}: {{ text }}").as_deref(), Ok("engines: t"));
        assert!(text("{{ topics }}").unwrap_err().starts_with("`text` wants `topics`"));
        assert!(LookedAt::new(Some("{{"), Look::All).is_err());
    }
}
