//! What becomes of a scene, step by step, until a question is answered.

use rapier3d_f64::prelude::*;

use crate::question::{Axis, Event, Quantity, Question, When};
use crate::scene::{self, Body, Joint, JointKind, Plane, Scene, Shape, Triple, length};

/// What makes the numbers: part of a verdict.
pub(crate) const ENGINE: [&str; 2] = ["rapier3d-f64", rapier3d_f64::VERSION];

/// Friction of a plane that leaves it to the bodies.
const BODYS_OWN_FRICTION: f64 = 1e3;

/// A body at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    time: f64,
    position: Triple,
    velocity: Triple,
    /// Energy of its turning.
    turning: f64,
}

/// A scene in motion, and the body that is looked at.
struct Simulation<'a> {
    scene: &'a Scene,
    world: PhysicsWorld,
    bodies: Vec<(RigidBodyHandle, Option<ColliderHandle>)>,
    planes: Vec<(RigidBodyHandle, ColliderHandle)>,
    watched: usize,
    steps: u64,
    /// What gravity adds to a velocity in half a step of the solver.
    half_kick: Triple,
}

/// Simulates a scene until a question is answered.
///
/// # Errors
/// Why it cannot be: what is asked for does not happen, or the numbers are none.
pub(crate) fn answer(scene: &Scene, question: &Question) -> Result<Vec<f64>, String> {
    let mut simulation = Simulation::of(scene, question);
    let first = simulation.state();
    let found = simulation.find(&question.when, first)?;
    let values = measure(scene, question, &first, &found);
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err("the simulation diverges: its numbers are none".to_owned()),
    }
}

impl<'a> Simulation<'a> {
    fn of(scene: &'a Scene, question: &Question) -> Self {
        let mut world = PhysicsWorld { gravity: vector(&scene.gravity), ..PhysicsWorld::default() };
        let parameters = &mut world.integration_parameters;
        parameters.dt = scene.step;
        parameters.num_internal_pgs_iterations = 4;
        parameters.normalized_max_linear_velocity = Real::MAX;
        // Steps are short, and what moves too far in one is refused: nothing is clamped in secret.
        parameters.max_ccd_substeps = 0;
        parameters.contact_recycling = false;
        parameters.warmstart_joints = true;
        // Velocities stand half a step of the solver behind positions: so its steps are those of leapfrog, and a body
        // that flies freely is where it should be.
        let half = scene.step / parameters.num_solver_iterations as f64 / 2.0;
        let half_kick = scene.gravity.map(|part| part * half);
        let bodies: Vec<_> = scene.bodies.iter().map(|body| insert(&mut world, body, &half_kick)).collect();
        let planes = scene.planes.iter().map(|plane| insert_plane(&mut world, plane)).collect();
        for joint in &scene.joints {
            hold(&mut world, scene, &bodies, joint);
        }
        let watched = scene.body(&question.body).expect("the question was checked");
        Simulation { scene, world, bodies, planes, watched, steps: 0, half_kick }
    }

    /// Returns the state at which the question is put.
    fn find(&mut self, when: &When, first: State) -> Result<State, String> {
        let until = match when {
            When::At(seconds) => *seconds,
            _ => self.scene.duration,
        };
        let (mut before, mut left) = (first, 1);
        let mut touched = false;
        if let When::Event(event) = when {
            left = event.nth;
        }
        while before.time < until {
            self.step()?;
            let now = self.state();
            match when {
                When::Event(Event { touch: Some(name), .. }) => {
                    let touches = self.touches(name);
                    // What is asked of a collision is asked of the moment before it.
                    if touches && !touched {
                        left -= 1;
                        if left == 0 {
                            return Ok(before);
                        }
                    }
                    touched = touches;
                }
                When::Event(event) => {
                    if let Some(found) = passed(event, &before, &now) {
                        left -= 1;
                        if left == 0 {
                            return Ok(found);
                        }
                    }
                }
                When::At(_) | When::End if now.time >= until => return Ok(between(&before, &now, until)),
                When::At(_) | When::End => {}
            }
            before = now;
        }
        match when {
            When::Event(event) => Err(format!("it does not happen in {until} s: {}", told(event))),
            When::At(_) | When::End => Ok(before),
        }
    }

    fn step(&mut self) -> Result<(), String> {
        if self.steps > self.scene.steps() {
            return Err("the simulation does not come to its end".to_owned());
        }
        self.world.step();
        self.steps += 1;
        // Only what can meet another thing can pass through it.
        let things =
            self.planes.len() + self.bodies.iter().filter(|(_, collider)| collider.is_some()).count();
        for (body, (handle, collider)) in self.scene.bodies.iter().zip(&self.bodies) {
            let velocity = self.world.bodies[*handle].linvel();
            let way = length(&[velocity.x, velocity.y, velocity.z]) * self.scene.step;
            if !way.is_finite() {
                return Err(format!("the simulation diverges: `{}` is nowhere", body.name));
            }
            if collider.is_some() && things > 1 && way > smallest(body.shape) {
                return Err(format!(
                    "`{}` moves further in a step than it is large: shorten `step`",
                    body.name
                ));
            }
        }
        Ok(())
    }

    fn state(&self) -> State {
        let (handle, collider) = self.bodies[self.watched];
        let body = &self.world.bodies[handle];
        let (position, velocity) = (body.translation(), body.linvel());
        let free =
            !self.scene.bodies[self.watched].fixed && !collider.is_some_and(|collider| self.rests(collider));
        let mut velocity = [velocity.x, velocity.y, velocity.z];
        let straight = 0.5 * body.mass() * length(&velocity).powi(2);
        if free {
            velocity.iter_mut().zip(self.half_kick).for_each(|(part, kick)| *part += kick);
        }
        State {
            time: self.steps as f64 * self.scene.step,
            position: [position.x, position.y, position.z],
            velocity,
            turning: (body.kinetic_energy() - straight).max(0.0),
        }
    }

    /// Returns whether anything bears on a body.
    fn rests(&self, collider: ColliderHandle) -> bool {
        self.world.contact_pairs_with(collider).any(|pair| pair.total_impulse_magnitude() > 0.0)
    }

    /// Returns whether the body that is looked at bears on another thing.
    fn touches(&self, name: &str) -> bool {
        let Some(one) = self.bodies[self.watched].1 else { return false };
        let plane = self.scene.planes.iter().position(|plane| plane.name == name);
        let other = match plane {
            Some(plane) => Some(self.planes[plane].1),
            None => self.scene.body(name).and_then(|body| self.bodies[body].1),
        };
        let pair = other.and_then(|other| self.world.contact_pair(one, other));
        pair.is_some_and(|pair| pair.total_impulse_magnitude() > 0.0)
    }
}

fn insert(
    world: &mut PhysicsWorld,
    body: &Body,
    half_kick: &Triple,
) -> (RigidBodyHandle, Option<ColliderHandle>) {
    let builder = if body.fixed { RigidBodyBuilder::fixed() } else { RigidBodyBuilder::dynamic() };
    let mut velocity = body.velocity;
    velocity.iter_mut().zip(half_kick).for_each(|(part, kick)| *part -= kick);
    let mut builder = builder.translation(vector(&body.position)).can_sleep(false);
    if !body.fixed {
        builder = builder.linvel(vector(&velocity)).angvel(vector(&body.spin));
    }
    let collider = match body.shape {
        Shape::Point => {
            let handle = world.insert_body(builder.additional_mass(body.mass).lock_rotations());
            return (handle, None);
        }
        Shape::Ball(radius) => ColliderBuilder::ball(radius),
        Shape::Box([x, y, z]) => ColliderBuilder::cuboid(x / 2.0, y / 2.0, z / 2.0),
        Shape::Cylinder([radius, height]) => ColliderBuilder::cylinder(height / 2.0, radius),
    };
    let collider = surface(collider.mass(body.mass), body.restitution, body.friction);
    let (handle, collider) = world.insert(builder, collider);
    (handle, Some(collider))
}

fn insert_plane(world: &mut PhysicsWorld, plane: &Plane) -> (RigidBodyHandle, ColliderHandle) {
    let along = length(&plane.normal);
    let normal = plane.normal.map(|part| part / along);
    let collider = ColliderBuilder::new(SharedShape::halfspace(vector(&normal)));
    let friction = plane.friction.unwrap_or(BODYS_OWN_FRICTION);
    let collider = surface(collider, plane.restitution.unwrap_or(1.0), friction);
    world.insert(RigidBodyBuilder::fixed().translation(vector(&plane.position)), collider)
}

/// Gives a thing its surface: of two that meet, the smaller values hold.
fn surface(collider: ColliderBuilder, restitution: f64, friction: f64) -> ColliderBuilder {
    collider
        .restitution(restitution)
        .restitution_combine_rule(CoefficientCombineRule::Min)
        .friction(friction)
        .friction_combine_rule(CoefficientCombineRule::Min)
}

fn hold(
    world: &mut PhysicsWorld,
    scene: &Scene,
    bodies: &[(RigidBodyHandle, Option<ColliderHandle>)],
    joint: &Joint,
) {
    let place = |name: &String| scene.body(name).expect("the scene was checked");
    let [one, other] = [place(&joint.between[0]), place(&joint.between[1])];
    let [from, to] = [scene.bodies[one].position, scene.bodies[other].position];
    let at = joint.at.unwrap_or(from);
    let anchor = |of: Triple| vector(&[at[0] - of[0], at[1] - of[1], at[2] - of[2]]);
    let along = length(&joint.axis);
    let axis = vector(&joint.axis.map(|part| part / along));
    let apart = length(&[to[0] - from[0], to[1] - from[1], to[2] - from[2]]);
    let made: GenericJoint = match joint.kind {
        JointKind::Ball => {
            SphericalJointBuilder::new().local_anchor1(anchor(from)).local_anchor2(anchor(to)).into()
        }
        JointKind::Hinge => {
            RevoluteJointBuilder::new(axis).local_anchor1(anchor(from)).local_anchor2(anchor(to)).into()
        }
        JointKind::Fixed => {
            FixedJointBuilder::new().local_anchor1(anchor(from)).local_anchor2(anchor(to)).into()
        }
        JointKind::Rope => RopeJointBuilder::new(joint.length.unwrap_or(apart)).into(),
    };
    let mut made = made;
    // What is held together does not collide.
    made.set_contacts_enabled(false);
    world.insert_impulse_joint(bodies[one].0, bodies[other].0, made);
}

fn vector(values: &Triple) -> Vector {
    Vector::new(values[0], values[1], values[2])
}

/// Returns half of the least extent.
fn smallest(shape: Shape) -> f64 {
    match shape {
        Shape::Point => f64::INFINITY,
        Shape::Ball(radius) => radius,
        Shape::Box([x, y, z]) => x.min(y).min(z) / 2.0,
        Shape::Cylinder([radius, height]) => radius.min(height / 2.0),
    }
}

fn part(axis: Axis, of: &Triple) -> f64 {
    of[axis as usize]
}

/// Returns the moment between two states at which something happened.
fn passed(event: &Event, before: &State, now: &State) -> Option<State> {
    let (from, to) = match (event.turn, event.cross) {
        (Some(axis), _) => (part(axis, &before.velocity), part(axis, &now.velocity)),
        (None, Some(axis)) => {
            (part(axis, &before.position) - event.value, part(axis, &now.position) - event.value)
        }
        (None, None) => return None,
    };
    // What begins there has not come there.
    let passed = from != 0.0 && (from.signum() != to.signum() || to == 0.0);
    passed.then(|| between(before, now, before.time + (now.time - before.time) * (from / (from - to))))
}

/// Returns the state at a time between two.
fn between(before: &State, now: &State, time: f64) -> State {
    let span = now.time - before.time;
    let share = if span > 0.0 { ((time - before.time) / span).clamp(0.0, 1.0) } else { 1.0 };
    let mix = |from: f64, to: f64| from + (to - from) * share;
    let triple = |from: &Triple, to: &Triple| [0, 1, 2].map(|axis| mix(from[axis], to[axis]));
    State {
        time: mix(before.time, now.time),
        position: triple(&before.position, &now.position),
        velocity: triple(&before.velocity, &now.velocity),
        turning: mix(before.turning, now.turning),
    }
}

fn measure(scene: &Scene, question: &Question, first: &State, now: &State) -> Vec<f64> {
    let body = &scene.bodies[scene.body(&question.body).expect("the question was checked")];
    let State { position, velocity, .. } = now;
    let kinetic = 0.5 * body.mass * length(velocity).powi(2) + now.turning;
    let fall: f64 = scene.gravity.iter().zip(position).map(|(gravity, place)| gravity * place).sum();
    let potential = -body.mass * fall;
    match question.quantity {
        Quantity::Position => position.to_vec(),
        Quantity::Velocity => velocity.to_vec(),
        Quantity::X => vec![position[0]],
        Quantity::Y => vec![position[1]],
        Quantity::Z => vec![position[2]],
        Quantity::Vx => vec![velocity[0]],
        Quantity::Vy => vec![velocity[1]],
        Quantity::Vz => vec![velocity[2]],
        Quantity::Distance => {
            let way = [0, 1, 2].map(|axis| position[axis] - first.position[axis]);
            vec![scene::length(&way)]
        }
        Quantity::Speed => vec![length(velocity)],
        Quantity::Kinetic => vec![kinetic],
        Quantity::Potential => vec![potential],
        Quantity::Energy => vec![kinetic + potential],
        Quantity::Time => vec![now.time],
    }
}

fn told(event: &Event) -> String {
    let what = match (&event.touch, event.turn, event.cross) {
        (Some(name), ..) => format!("touch `{name}`"),
        (None, Some(axis), _) => format!("turn along {axis:?}"),
        (None, None, axis) => format!("cross {} along {:?}", event.value, axis.unwrap_or(Axis::Y)),
    };
    match event.nth {
        1 => what.to_lowercase(),
        nth => format!("{}, {nth} times", what.to_lowercase()),
    }
}
