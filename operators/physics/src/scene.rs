//! A scene: what there is, and how it moves at first. All in metres, kilograms and seconds.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Three numbers along x, y and z.
pub(crate) type Triple = [f64; 3];

/// The most bodies and planes of a scene.
const MOST_THINGS: usize = 32;
/// The most steps, times bodies and pairs of things that could touch: what a verdict may cost.
const MOST_STEPS: f64 = 500_000.0;
/// Characters of a name.
const MOST_NAME: usize = 64;
/// No measure of a scene is more, in its unit.
const MOST: f64 = 1e6;
/// No size, mass or step is less.
const LEAST: f64 = 1e-5;

/// What is simulated.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scene {
    #[serde(default = "downward")]
    pub(crate) gravity: Triple,
    /// Seconds that are simulated, at most.
    pub(crate) duration: f64,
    /// Seconds of a step.
    #[serde(default = "millisecond")]
    pub(crate) step: f64,
    #[serde(default)]
    pub(crate) bodies: Vec<Body>,
    #[serde(default)]
    pub(crate) planes: Vec<Plane>,
    #[serde(default)]
    pub(crate) joints: Vec<Joint>,
}

/// A rigid body.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) shape: Shape,
    #[serde(default = "one")]
    pub(crate) mass: f64,
    #[serde(default)]
    pub(crate) position: Triple,
    #[serde(default)]
    pub(crate) velocity: Triple,
    /// Radians in a second, around x, y and z.
    #[serde(default)]
    pub(crate) spin: Triple,
    #[serde(default)]
    pub(crate) restitution: f64,
    #[serde(default)]
    pub(crate) friction: f64,
    /// Whether nothing moves it.
    #[serde(default)]
    pub(crate) fixed: bool,
}

/// What a body fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Shape {
    /// Nothing: it touches nothing, and does not turn.
    #[default]
    Point,
    /// A ball, by its radius.
    Ball(f64),
    /// A box, by its edges.
    Box(Triple),
    /// A cylinder along y, by its radius and height.
    Cylinder([f64; 2]),
}

/// A plane that nothing passes; below it all is solid.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plane {
    pub(crate) name: String,
    /// Where it points to, away from what is solid.
    #[serde(default = "upward")]
    pub(crate) normal: Triple,
    /// A place on it.
    #[serde(default)]
    pub(crate) position: Triple,
    /// A body's own holds if it is not given, and the smaller one if it is.
    pub(crate) restitution: Option<f64>,
    pub(crate) friction: Option<f64>,
}

/// What holds two bodies together.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Joint {
    pub(crate) kind: JointKind,
    pub(crate) between: [String; 2],
    /// Where, at the beginning; the first body's place if not given.
    pub(crate) at: Option<Triple>,
    /// What a hinge turns around.
    #[serde(default = "forward")]
    pub(crate) axis: Triple,
    /// The most that a rope lets them be apart; what they are at the beginning if not given.
    pub(crate) length: Option<f64>,
}

/// How two bodies are held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JointKind {
    /// By a ball in a socket.
    Ball,
    /// By a hinge.
    Hinge,
    /// By glue.
    Fixed,
    /// By a rope between their centres.
    Rope,
}

const fn downward() -> Triple {
    [0.0, -9.81, 0.0]
}

const fn upward() -> Triple {
    [0.0, 1.0, 0.0]
}

const fn forward() -> Triple {
    [0.0, 0.0, 1.0]
}

const fn millisecond() -> f64 {
    0.001
}

const fn one() -> f64 {
    1.0
}

impl Scene {
    /// Reads a scene.
    ///
    /// # Errors
    /// What is wrong with it, by its names.
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        let scene: Scene =
            serde_json::from_str(json).map_err(|error| format!("the scene is none: {error}"))?;
        scene.check().map_err(|why| format!("the scene is none: {why}"))?;
        Ok(scene)
    }

    /// Returns how many steps are made at most.
    pub(crate) fn steps(&self) -> u64 {
        (self.duration / self.step).ceil() as u64
    }

    /// Returns where a body stands among its like.
    pub(crate) fn body(&self, name: &str) -> Option<usize> {
        self.bodies.iter().position(|body| body.name == name)
    }

    /// Returns what is moved in a step: bodies, and pairs of things that could touch.
    fn moves(&self) -> f64 {
        let shaped = self.bodies.iter().filter(|body| body.shape != Shape::Point).count();
        (self.bodies.len() + shaped * shaped.saturating_sub(1) / 2 + shaped * self.planes.len()) as f64
    }

    fn check(&self) -> Result<(), String> {
        size("step", self.step)?;
        size("duration", self.duration)?;
        triple("gravity", &self.gravity)?;
        let things = self.bodies.len() + self.planes.len();
        if self.bodies.is_empty() || things > MOST_THINGS {
            return Err(format!("it has 1 to {MOST_THINGS} bodies and planes, not {things}"));
        }
        let steps = self.duration / self.step * self.moves();
        if steps > MOST_STEPS {
            return Err(format!(
                "its bodies and their pairs make {steps:.0} steps, and {MOST_STEPS} are the most: lengthen `step`, or \
                 shorten `duration`"
            ));
        }
        let mut names = BTreeSet::new();
        for name in
            self.bodies.iter().map(|body| &body.name).chain(self.planes.iter().map(|plane| &plane.name))
        {
            if name.chars().count() > MOST_NAME {
                return Err(format!("a name has more than {MOST_NAME} characters"));
            }
            if !names.insert(name) {
                return Err(format!("two things are called `{name}`"));
            }
        }
        self.bodies.iter().try_for_each(Body::check)?;
        self.planes.iter().try_for_each(Plane::check)?;
        self.joints.iter().try_for_each(|joint| joint.check(self))
    }
}

impl Body {
    fn check(&self) -> Result<(), String> {
        let of = |what: &str| format!("{what} of `{}`", self.name);
        size(&of("mass"), self.mass)?;
        for (what, values) in
            [("position", &self.position), ("velocity", &self.velocity), ("spin", &self.spin)]
        {
            triple(&of(what), values)?;
        }
        share(&of("restitution"), self.restitution)?;
        within(&of("friction"), self.friction, 0.0, 10.0)?;
        match self.shape {
            Shape::Point => Ok(()),
            Shape::Ball(radius) => size(&of("radius"), radius),
            Shape::Box(edges) => edges.iter().try_for_each(|edge| size(&of("edge"), *edge)),
            Shape::Cylinder(sizes) => {
                sizes.iter().try_for_each(|length| size(&of("radius and height"), *length))
            }
        }
    }
}

impl Plane {
    fn check(&self) -> Result<(), String> {
        let of = |what: &str| format!("{what} of `{}`", self.name);
        direction(&of("normal"), &self.normal)?;
        triple(&of("position"), &self.position)?;
        self.restitution.map_or(Ok(()), |value| share(&of("restitution"), value))?;
        self.friction.map_or(Ok(()), |value| within(&of("friction"), value, 0.0, 10.0))
    }
}

impl Joint {
    fn check(&self, scene: &Scene) -> Result<(), String> {
        let [one, other] = &self.between;
        for name in [one, other] {
            let Some(body) = scene.body(name) else {
                return Err(format!("a joint holds `{name}`, which is no body"));
            };
            let body = &scene.bodies[body];
            if body.shape == Shape::Point && !body.fixed && self.kind != JointKind::Rope {
                return Err(format!(
                    "`{name}` is a point, which does not turn: a joint that is no rope wants a shape"
                ));
            }
        }
        if one == other {
            return Err(format!("a joint holds `{one}` to itself"));
        }
        self.at.map_or(Ok(()), |at| triple("`at` of a joint", &at))?;
        self.length.map_or(Ok(()), |length| size("`length` of a rope", length))?;
        direction("`axis` of a joint", &self.axis)
    }
}

fn within(what: &str, value: f64, least: f64, most: f64) -> Result<(), String> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(format!("{what} is {value}: it lies in {least} to {most}")),
    }
}

fn size(what: &str, value: f64) -> Result<(), String> {
    within(what, value, LEAST, MOST)
}

fn share(what: &str, value: f64) -> Result<(), String> {
    within(what, value, 0.0, 1.0)
}

fn triple(what: &str, values: &Triple) -> Result<(), String> {
    values.iter().try_for_each(|value| within(what, *value, -MOST, MOST))
}

fn direction(what: &str, values: &Triple) -> Result<(), String> {
    triple(what, values)?;
    match length(values) > LEAST {
        true => Ok(()),
        false => Err(format!("{what} points nowhere")),
    }
}

/// Returns the length of an arrow.
pub(crate) fn length(values: &Triple) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}
