//! A question about a scene: which quantity of which body, and when.

use serde::Deserialize;

use crate::scene::Scene;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) body: String,
    pub(crate) quantity: Quantity,
    #[serde(default)]
    pub(crate) when: When,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Quantity {
    /// Where its centre is: three numbers.
    Position,
    /// Along x.
    X,
    /// Along y.
    Y,
    /// Along z.
    Z,
    /// How far it is from where it began.
    Distance,
    /// Three numbers.
    Velocity,
    /// Along x.
    Vx,
    /// Along y.
    Vy,
    /// Along z.
    Vz,
    /// How fast it is.
    Speed,
    /// Energy of its motion.
    Kinetic,
    /// Of its height, above the origin.
    Potential,
    /// Of both.
    Energy,
    /// Seconds since the beginning.
    Time,
}

/// When it is measured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub(crate) enum When {
    /// When the simulation ends.
    #[default]
    End,
    /// So many seconds after the beginning.
    At(f64),
    /// When something happens.
    Event(Event),
}

/// Something that happens to the body.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    /// It turns back along an axis; along that of gravity, at its highest and lowest.
    pub(crate) turn: Option<Axis>,
    /// It passes a value of an axis.
    pub(crate) cross: Option<Axis>,
    /// That value.
    #[serde(default)]
    pub(crate) value: f64,
    /// It touches another thing.
    pub(crate) touch: Option<String>,
    /// The how manieth time.
    #[serde(default = "first")]
    pub(crate) nth: u32,
}

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Axis {
    /// The first.
    X,
    /// The second, upward if nothing else is said.
    Y,
    /// The third.
    Z,
}

const fn first() -> u32 {
    1
}

impl TryFrom<serde_json::Value> for When {
    type Error = String;

    fn try_from(value: serde_json::Value) -> Result<Self, String> {
        match value {
            serde_json::Value::String(word) if word == "end" => Ok(When::End),
            serde_json::Value::Number(seconds) => Ok(When::At(seconds.as_f64().unwrap_or(f64::NAN))),
            event @ serde_json::Value::Object(_) => {
                serde_json::from_value(event).map(When::Event).map_err(|error| format!("`when`: {error}"))
            }
            _ => Err("`when` is \"end\", a number of seconds, or an event".to_owned()),
        }
    }
}

impl Question {
    /// Reads a question about a scene.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(json: &str, scene: &Scene) -> Result<Self, String> {
        let question: Question =
            serde_json::from_str(json).map_err(|error| format!("the question is none: {error}"))?;
        question.check(scene).map_err(|why| format!("the question is none: {why}"))?;
        Ok(question)
    }

    fn check(&self, scene: &Scene) -> Result<(), String> {
        let known =
            |name: &str| scene.body(name).is_some() || scene.planes.iter().any(|plane| plane.name == name);
        if scene.body(&self.body).is_none() {
            return Err(format!("`{}` is no body of the scene", self.body));
        }
        match &self.when {
            When::End => Ok(()),
            When::At(seconds) if (0.0..=scene.duration).contains(seconds) => Ok(()),
            When::At(seconds) => Err(format!("{seconds} s lie outside of the scene's {} s", scene.duration)),
            When::Event(event) => {
                let kinds = [event.turn.is_some(), event.cross.is_some(), event.touch.is_some()];
                if kinds.into_iter().filter(|kind| *kind).count() != 1 {
                    return Err("an event is one of `turn`, `cross` and `touch`".to_owned());
                }
                match &event.touch {
                    Some(name) if !known(name) => Err(format!("`{name}` is nothing of the scene")),
                    Some(name) if *name == self.body => Err(format!("`{name}` touches itself")),
                    _ if event.nth == 0 => Err("`nth` is at least 1".to_owned()),
                    _ => Ok(()),
                }
            }
        }
    }
}
