use std::collections::BTreeMap;
use std::path::Path;

use rifflebox_core::{Content, Document, Draft, Fields, Heard, Inquiring, Inquiry, Next, Result, Value};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, ask, impartial, reply, step, text};
use crate::draft::{completion, count, last_turn, told};
use crate::form::Form;
use crate::prompt::Prompt;
use crate::rivals::Rival;
use crate::usage;

/// Two models answer, argue, and a third of another family decides: each document is a question (AI safety via debate,
/// arXiv:1805.00899).
///
/// The sample is the winning answer; with `preference`, the pair of both. The debate ends early where one concedes, and the
/// third decides all the same: a model gives way to confidence, too. Where both answers are the same from the beginning,
/// there is nothing to debate: the answer stands, and `winner` is `both`; as a preference the row has failed. So has one
/// in which neither wins.
///
/// Fields: `winner` (the model's name in the flow), `judge`, `reason`, `rounds` (those that were spoken), and `dialogue`, a
/// list of what was said, each with `by` and `said`.
pub struct Debate {
    settings: DebateSettings,
    cast: Cast,
    about: Inquiring,
    answer: Prompt,
    rebut: Form<Rebuttal>,
    decide: Form<Decision>,
}

/// Settings of [`Debate`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DebateSettings {
    /// The two models that debate.
    pub models: Vec<String>,
    /// The model that decides, of another family than both.
    pub judge: String,
    /// How often each speaks after its answer, at most.
    #[serde(default = "default_rounds")]
    pub rounds: usize,
    /// Whether samples are pairs of the winning and the other answer.
    #[serde(default)]
    pub preference: bool,
    /// Files with other prompts: `answer`, which may name `instruction`, and whose last turn is the sample's prompt;
    /// `rebut`, which may name `question`, `own`, `other`, `dialogue` and `side`; and `decide`, which may name `question`,
    /// `first`, `second` and `dialogue`; all also `text` and the document's fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

fn default_rounds() -> usize {
    2
}

#[derive(Deserialize)]
struct Rebuttal {
    argument: String,
    concede: bool,
}

#[derive(Deserialize)]
struct Decision {
    reason: String,
    winner: String,
}

/// One who debates: their answer, and the number under which they speak before the judge.
struct Side<'a> {
    rival: Rival<'a>,
    number: usize,
}

/// What one of them said.
struct Turn {
    side: usize,
    by: String,
    said: String,
}

impl Debate {
    /// The name that flow files use.
    pub const NAME: &'static str = "debate";
    const VERSION: &'static str = "1";
    const JUDGE: usize = 2;

    /// Makes the generator; prompts are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: DebateSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        match &settings.models[..] {
            [one, two] if one != two => {}
            _ => return usage("`models` names the two that debate"),
        }
        if !(1..=10).contains(&settings.rounds) {
            return usage("`rounds` lies between 1 and 10");
        }
        impartial(models, ("judge", &settings.judge), ("models", &settings.models))?;
        let own = [
            ("prompts.answer", include_str!("../prompts/answer.j2")),
            ("prompts.rebut", include_str!("../prompts/rebut.j2")),
            ("prompts.decide", include_str!("../prompts/decide.j2")),
        ];
        let [answer, rebut, decide] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let concede = json!({ "type": "boolean" });
        let rebut = Form::new("rebuttal", rebut, &[("argument", text()), ("concede", concede)]);
        let winner = json!({ "type": "string", "enum": ["1", "2", "neither"] });
        let fields = [("reason", json!({ "type": "string" })), ("winner", winner)];
        let decide = Form::new("decision", decide, &fields);
        let cast = Cast::new(models, settings.models.iter().chain([&settings.judge]).map(String::as_str))?;
        let (name, version) = (Self::NAME, Self::VERSION);
        let prompts = &[&answer, rebut.prompt(), decide.prompt()];
        let rounds = settings.rounds + 2;
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds };
        Ok(Debate { about: part.teaching(), settings, cast, answer, rebut, decide })
    }

    /// Reads both answers, in the order of `models`.
    fn sides<'a>(&self, document: &Document, heard: &'a [Heard]) -> Result<[Side<'a>; 2], String> {
        let one = Rival::new(self.cast.name(0), &heard[0])?;
        let two = Rival::new(self.cast.name(1), &heard[1])?;
        let first = usize::from(one.place(document) > two.place(document));
        Ok([Side { rival: one, number: 1 + first }, Side { rival: two, number: 2 - first }])
    }

    /// Reads what was said after the answers, and whether that is the end.
    fn dialogue(&self, sides: &[Side<'_>; 2], heard: &[Vec<Heard>]) -> Result<(Vec<Turn>, bool), String> {
        let mut dialogue = Vec::new();
        let rounds: Vec<_> = heard.iter().skip(1).take(self.settings.rounds).collect();
        for round in &rounds {
            let mut conceded = false;
            for (Side { rival, number }, heard) in sides.iter().zip(*round) {
                let Rebuttal { argument, concede } = self.rebut.read(heard)?;
                let said = if concede { format!("(concedes) {argument}") } else { argument };
                dialogue.push(Turn { side: *number, by: rival.name.clone(), said });
                conceded |= concede;
            }
            if conceded {
                return Ok((dialogue, true));
            }
        }
        Ok((dialogue, rounds.len() == self.settings.rounds))
    }

    fn advance(&self, document: &Document, heard: &[Vec<Heard>]) -> Result<Next<Vec<Draft>>, String> {
        let values = Values::of_document(document).with("instruction", document.text.trim());
        let Some(answers) = heard.first() else {
            let questions = (0..2).map(|to| ask(to, &self.answer, &values));
            return questions.collect::<Result<_, _>>().map(Next::Ask);
        };
        let sides = self.sides(document, answers)?;
        let asked = last_turn(&self.answer.fill(&values)?);
        let [one, two] = &sides;
        if one.rival.agrees(&two.rival) {
            return match self.settings.preference {
                true => Err("both answers are the same: there is no worse one".to_owned()),
                false => {
                    let content = completion(asked, one.rival.text);
                    Ok(Next::Say(vec![told(one.rival.reply, content, [("winner", "both".into())])]))
                }
            };
        }
        let (dialogue, ended) = self.dialogue(&sides, heard)?;
        let turn = |turn: &Turn| json!({ "side": turn.side, "said": turn.said });
        let values = values.with("question", asked.as_str());
        let values = values.with("dialogue", dialogue.iter().map(turn).collect::<Vec<_>>());
        if !ended {
            let rebut = |to: usize| {
                let (own, other) = (&sides[to], &sides[1 - to]);
                let values = values.clone().with("own", own.rival.text).with("other", other.rival.text);
                self.rebut.ask(to, &values.with("side", own.number))
            };
            return (0..2).map(rebut).collect::<Result<_, _>>().map(Next::Ask);
        }
        // Each round holds a turn of both.
        match heard.get(1 + dialogue.len() / 2) {
            Some(decision) => {
                self.decided(asked, &sides, &dialogue, &decision[0]).map(|draft| Next::Say(vec![draft]))
            }
            None => {
                let (first, second) = if one.number == 1 { (one, two) } else { (two, one) };
                let values = values.with("first", first.rival.text).with("second", second.rival.text);
                Ok(Next::Ask(vec![self.decide.ask(Self::JUDGE, &values)?]))
            }
        }
    }

    fn decided(
        &self,
        asked: String,
        sides: &[Side<'_>; 2],
        dialogue: &[Turn],
        heard: &Heard,
    ) -> Result<Draft, String> {
        let Decision { reason, winner } = self.decide.read(heard)?;
        let [one, two] = sides;
        let (winner, loser) = match winner {
            winner if winner == one.number.to_string() => (&one.rival, &two.rival),
            winner if winner == two.number.to_string() => (&two.rival, &one.rival),
            _ => return Err(format!("neither answer wins: {reason}")),
        };
        let (chosen, rejected) = (winner.text.to_owned(), loser.text.to_owned());
        let content = match self.settings.preference {
            true => Content::Preference { prompt: asked, chosen, rejected },
            false => completion(asked, chosen),
        };
        let turn = |turn: &Turn| {
            let parts = [("by", &turn.by), ("said", &turn.said)];
            Value::Map(Fields::from(parts.map(|(name, text)| (name.to_owned(), text.as_str().into()))))
        };
        let fields = [
            ("winner", winner.name.as_str().into()),
            ("judge", reply(heard)?.by.as_str().into()),
            ("reason", reason.as_str().into()),
            ("rounds", count(dialogue.len() / 2)),
            ("dialogue", Value::List(dialogue.iter().map(turn).collect())),
        ];
        Ok(told(winner.reply, content, fields))
    }
}

impl Inquiry<Document, Vec<Draft>> for Debate {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        step(self.advance(document, heard))
    }
}

#[cfg(test)]
mod tests;
