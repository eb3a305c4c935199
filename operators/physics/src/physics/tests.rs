use std::f64::consts::{PI, TAU};

use rifflebox_core::{Content, Tier};
use serde_json::{Value, json};

use super::*;

const G: f64 = 9.81;

/// Simulates, and returns what was asked for.
fn simulated(scene: &Value, question: &Value) -> Vec<f64> {
    let scene = Scene::read(&scene.to_string()).unwrap();
    answer(&scene, &Question::read(&question.to_string(), &scene).unwrap()).unwrap()
}

/// Checks one number against its closed form, and that as an answer it is accepted, and numbers that are not it are not.
fn close(scene: &Value, question: Value, wanted: f64, error: f64) {
    let found = simulated(scene, &question)[0];
    let off = (found - wanted).abs() / wanted.abs().max(1e-9);
    println!("{question}: {found} against {wanted}, off by {off:.1e}");
    assert!(off <= error, "{question}: {found} instead of {wanted}: off by {off:.2e}, more than {error:.0e}");
    let settings = json!({
        "scene": scene.to_string(), "question": question.to_string(), "answer": "{{ completion }}",
    });
    let physics = Physics::new(serde_json::from_value(settings).unwrap()).unwrap();
    let accepts = |answer: f64| physics.verify(&answered(&answer.to_string()), &[]).accept;
    // The tolerance is a hundredth; a number that is stated as loosely lies at its edge.
    assert!(accepts(found) && (error > 5e-3 || accepts(wanted)), "{question}: {wanted} is refused");
    for planted in [1.05 * wanted, 0.95 * wanted, 2.0 * wanted, -wanted, 0.0] {
        assert!(!accepts(planted), "{question}: {planted} is accepted, and {wanted} is right");
    }
}

fn answered(completion: &str) -> Sample {
    Sample {
        stage: "answers".into(),
        content: Content::Completion { prompt: "How high?".into(), completion: completion.into() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: Default::default(),
    }
}

#[test]
fn a_projectile_flies_a_parabola() {
    let (speed, angle) = (20.0_f64, PI / 3.0);
    let (along, up) = (speed * angle.cos(), speed * angle.sin());
    let scene =
        json!({ "duration": 5, "bodies": [{ "name": "stone", "mass": 2, "velocity": [along, up, 0] }] });
    let ask = |quantity: &str, when: Value| json!({ "body": "stone", "quantity": quantity, "when": when });
    close(&scene, ask("time", json!({ "turn": "y" })), up / G, 1e-6);
    close(&scene, ask("y", json!({ "turn": "y" })), up * up / (2.0 * G), 1e-6);
    close(&scene, ask("speed", json!({ "turn": "y" })), along, 1e-6);
    close(&scene, ask("time", json!({ "cross": "y" })), 2.0 * up / G, 1e-6);
    close(&scene, ask("x", json!({ "cross": "y" })), speed * speed * (2.0 * angle).sin() / G, 1e-6);
    close(&scene, ask("speed", json!({ "cross": "y" })), speed, 1e-6);
    close(&scene, ask("energy", json!(1.5)), 0.5 * 2.0 * speed * speed, 1e-6);
    close(&scene, ask("potential", json!(1.0)), 2.0 * G * (up - G / 2.0), 1e-6);
    close(&scene, ask("vy", json!(0.5)), up - G * 0.5, 1e-6);
    let place = simulated(&scene, &ask("position", json!(2.0)));
    let wanted = [along * 2.0, up * 2.0 - 2.0 * G, 0.0];
    assert!(place.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-5), "{place:?}");
}

#[test]
fn a_fall_ends_on_the_floor() {
    let scene = json!({
        "duration": 3, "planes": [{ "name": "floor" }],
        "bodies": [{ "name": "ball", "shape": { "ball": 0.1 }, "position": [0, 5.1, 0], "restitution": 0.8 }],
    });
    let ask = |quantity: &str, when: Value| json!({ "body": "ball", "quantity": quantity, "when": when });
    close(&scene, ask("time", json!({ "touch": "floor" })), (2.0 * 5.0 / G).sqrt(), 2e-3);
    close(&scene, ask("speed", json!({ "touch": "floor" })), (2.0 * G * 5.0).sqrt(), 2e-3);
    // It comes back to the square of its restitution.
    close(&scene, ask("y", json!({ "turn": "y", "nth": 2 })), 0.1 + 0.64 * 5.0, 3e-3);
    let resting = json!({
        "duration": 3, "planes": [{ "name": "floor" }],
        "bodies": [{ "name": "ball", "shape": { "ball": 0.1 }, "position": [0, 0.5, 0] }],
    });
    close(&resting, ask("y", json!("end")), 0.1, 1e-2);
    assert!(simulated(&resting, &ask("speed", json!("end")))[0] < 1e-6);
}

#[test]
fn an_elastic_collision_keeps_momentum_and_energy() {
    let (m1, m2, v1, v2) = (2.0, 3.0, 4.0, -1.0);
    let ball = |name: &str, mass: f64, x: f64, v: f64| {
        json!({ "name": name, "shape": { "ball": 0.5 }, "mass": mass, "position": [x, 0, 0], "velocity": [v, 0, 0],
                "restitution": 1 })
    };
    let scene = json!({
        "gravity": [0, 0, 0], "duration": 2, "bodies": [ball("one", m1, -2.0, v1), ball("other", m2, 2.0, v2)],
    });
    let ask =
        |body: &str, quantity: &str, when: Value| json!({ "body": body, "quantity": quantity, "when": when });
    let after = |m1: f64, v1: f64, m2: f64, v2: f64| ((m1 - m2) * v1 + 2.0 * m2 * v2) / (m1 + m2);
    close(&scene, ask("one", "vx", json!("end")), after(m1, v1, m2, v2), 1e-12);
    close(&scene, ask("other", "vx", json!("end")), after(m2, v2, m1, v1), 1e-12);
    close(&scene, ask("one", "time", json!({ "touch": "other" })), 3.0 / (v1 - v2), 2e-3);
    close(&scene, ask("one", "vx", json!({ "touch": "other" })), v1, 1e-9);
    let energy: f64 =
        ["one", "other"].iter().map(|body| simulated(&scene, &ask(body, "kinetic", json!("end")))[0]).sum();
    assert!((energy - (0.5 * m1 * v1 * v1 + 0.5 * m2 * v2 * v2)).abs() < 1e-9, "{energy}");
}

#[test]
fn a_perfectly_inelastic_collision_leaves_one_velocity() {
    let ball = |name: &str, mass: f64, x: f64, v: f64| json!({ "name": name, "shape": { "ball": 0.5 }, "mass": mass, "position": [x, 0, 0], "velocity": [v, 0, 0] });
    let scene = json!({ "gravity": [0, 0, 0], "duration": 2, "bodies": [ball("one", 1.0, -2.0, 3.0), ball("other", 2.0, 0.0, 0.0)] });
    for body in ["one", "other"] {
        close(&scene, json!({ "body": body, "quantity": "vx" }), 1.0, 1e-12);
    }
}

#[test]
fn a_pendulum_swings_by_its_length() {
    let (length, radius, angle) = (2.0_f64, 0.05, 0.05_f64);
    let scene = json!({
        "duration": 6,
        "bodies": [
            { "name": "pivot", "fixed": true, "position": [0, 0, 0] },
            { "name": "bob", "shape": { "ball": radius }, "mass": 1.5,
              "position": [length * angle.sin(), -length * angle.cos(), 0] },
        ],
        "joints": [{ "kind": "ball", "between": ["pivot", "bob"] }],
    });
    // A ball at the end of a rod without mass; and the second term of the series in the angle.
    let small = TAU * ((length * length + 0.4 * radius * radius) / (G * length)).sqrt();
    let period = small * (1.0 + angle * angle / 16.0);
    let ask = |quantity: &str, when: Value| json!({ "body": "bob", "quantity": quantity, "when": when });
    close(&scene, ask("time", json!({ "turn": "x", "nth": 2 })), period, 1e-4);
    close(&scene, ask("time", json!({ "cross": "x", "nth": 1 })), period / 4.0, 1e-4);
    close(
        &scene,
        ask("speed", json!({ "cross": "x" })),
        (2.0 * G * length * (1.0 - angle.cos())).sqrt(),
        5e-3,
    );
    let energy = |when: f64| simulated(&scene, &ask("energy", json!(when)))[0];
    assert!((energy(0.0) - energy(5.9)).abs() < 1e-3, "{} and {}", energy(0.0), energy(5.9));
}

#[test]
fn friction_stops_what_slides() {
    let (speed, friction) = (3.0, 0.4);
    for angle in [0.0, 0.3, PI / 4.0, 1.2, PI / 2.0] {
        let scene = json!({
            "duration": 2, "planes": [{ "name": "floor" }],
            "bodies": [{ "name": "box", "shape": { "box": [1, 0.2, 1] }, "position": [0, 0.1, 0],
                         "velocity": [speed * angle.cos(), 0, speed * angle.sin()], "friction": friction }],
        });
        let ask = |quantity: &str| json!({ "body": "box", "quantity": quantity });
        close(&scene, ask("distance"), speed * speed / (2.0 * friction * G), 1e-4);
    }
    // On a slope of a fifth, what slides without friction gains by its sine.
    let slope = 0.2_f64.atan();
    let scene = json!({
        "duration": 1, "planes": [{ "name": "slope", "normal": [slope.sin(), slope.cos(), 0] }],
        "bodies": [{ "name": "ball", "shape": { "ball": 0.1 }, "position": [0.1 * slope.sin(), 0.1 * slope.cos(), 0] }],
    });
    close(&scene, json!({ "body": "ball", "quantity": "speed" }), G * slope.sin(), 1e-3);
}

const SCENE: &str =
    r#"{ "duration": {{ duration }}, "bodies": [{ "name": "stone", "velocity": {{ velocity | tojson }} }] }"#;

fn settings() -> PhysicsSettings {
    serde_json::from_value(json!({
        "scene": SCENE, "answer": "{{ completion }}", "unit": "m",
        "question": r#"{ "body": "stone", "quantity": "y", "when": { "turn": "y" } }"#,
    }))
    .unwrap()
}

fn verdict(settings: PhysicsSettings, velocity: Value, duration: f64, completion: &str) -> Verdict {
    let fields = [("velocity".to_owned(), velocity.into()), ("duration".to_owned(), json!(duration).into())];
    let sample = Sample { fields: fields.into(), ..answered(completion) };
    let physics = Physics::new(settings).unwrap();
    let verdict = physics.verify(&sample, &[]);
    assert_eq!(verdict, physics.verify(&sample, &[]));
    assert_eq!(verdict.accept, verdict.reason.is_none());
    verdict
}

#[test]
fn right_answers_are_accepted_and_planted_ones_are_not() {
    let height = 100.0 / (2.0 * G);
    let judge = |completion: &str| verdict(settings(), json!([3, 10, 0]), 2.0, completion);
    let right = judge(&format!("{height:.2} m"));
    assert!(right.accept, "{right:?}");
    assert!(right.votes[0].voter.starts_with("rapier3d-f64 0."));
    assert_eq!(right.votes[0].reason.as_deref(), Some("5.09684, where 5.1 is stated"));
    assert!(judge(" 5.1").accept && judge("5.06").accept);
    for wrong in [height * 1.02, height * 0.98, -height, 2.0 * height, 10.0, 0.0, G] {
        let why = judge(&wrong.to_string()).reason.unwrap();
        assert!(why.contains("differs from 5.09684, which is simulated, by more than 0.0509684"), "{why}");
    }
    for (answer, why) in [
        ("high", "the answer \"high\" is no number"),
        ("5.1 km", "the answer \"5.1 km\" is no number"),
        ("1, 2, 3", "the answer has 3 numbers, and what is asked for 1"),
        ("NaN", "the answer \"NaN\" is no number"),
        ("inf", "the answer \"inf\" is no number"),
        ("1e999", "the answer \"1e999\" is no number"),
    ] {
        assert_eq!(judge(answer).reason.as_deref(), Some(why));
    }
}

#[test]
fn bad_scenes_are_reasons() {
    let judge = |velocity: Value, duration: f64| verdict(settings(), velocity, duration, "5").reason.unwrap();
    assert!(judge(json!([3, 10, 0]), 0.5).contains("it does not happen in 0.5 s: turn along y"));
    assert!(judge(json!([3, 10]), 2.0).contains("the scene is none: invalid length 2"));
    assert!(judge(json!([3, 1e300, 0]), 2.0).contains("velocity of `stone` is 1000000"));
    assert!(judge(json!([3, 10, 0]), 1e5).contains("lengthen `step`, or shorten `duration`"));
    assert!(judge(json!([3, 10, 0]), -1.0).contains("duration is -1"));
    let with = |scene: &str, question: &str| {
        let settings = PhysicsSettings { scene: scene.into(), question: question.into(), ..settings() };
        verdict(settings, json!([0, 0, 0]), 1.0, "5").reason.unwrap()
    };
    let (one, ask) = (r#"{"duration":1,"bodies":[{"name":"a"}]}"#, r#"{"body":"a","quantity":"y"}"#);
    for (scene, question, why) in [
        ("{", ask, "the scene is none: EOF"),
        (r#"{"duration":1}"#, ask, "it has 1 to 32 bodies and planes, not 0"),
        (r#"{"duration":1,"bodies":[{"name":"a"},{"name":"a"}]}"#, ask, "two things are called `a`"),
        (r#"{"duration":1,"bodies":[{"name":"a","colour":1}]}"#, ask, "unknown field `colour`"),
        (r#"{"duration":1,"bodies":[{"name":"a","shape":{"ball":0}}]}"#, ask, "radius of `a` is 0"),
        (
            r#"{"duration":1,"bodies":[{"name":"a"}],"planes":[{"name":"f","normal":[0,0,0]}]}"#,
            ask,
            "points nowhere",
        ),
        (
            r#"{"duration":1,"bodies":[{"name":"a"}],"joints":[{"kind":"ball","between":["a","b"]}]}"#,
            ask,
            "`a` is a point",
        ),
        (
            r#"{"duration":1,"bodies":[{"name":"a"}],"joints":[{"kind":"rope","between":["a","b"]}]}"#,
            ask,
            "`b`, which is no body",
        ),
        (one, "{", "the question is none: EOF"),
        (one, r#"{"body":"b","quantity":"y"}"#, "`b` is no body of the scene"),
        (one, r#"{"body":"a","quantity":"colour"}"#, "unknown variant `colour`"),
        (one, r#"{"body":"a","quantity":"y","when":2}"#, "2 s lie outside of the scene's 1 s"),
        (one, r#"{"body":"a","quantity":"y","when":{}}"#, "an event is one of `turn`, `cross` and `touch`"),
        (one, r#"{"body":"a","quantity":"y","when":{"touch":"floor"}}"#, "`floor` is nothing of the scene"),
        (one, r#"{"body":"a","quantity":"y","when":{"turn":"y","nth":0}}"#, "`nth` is at least 1"),
        (
            one,
            "{{ nowhere }}",
            "`question` wants `nowhere`; the sample has completion, duration, prompt, velocity",
        ),
    ] {
        let said = with(scene, question);
        assert!(said.contains(why), "{scene} {question}: {said}");
    }
    let fast = r#"{"duration":1,"step":0.01,"bodies":[{"name":"a","shape":{"ball":0.1},"position":[0,5,0],"velocity":[0,-90,0]}],
                   "planes":[{"name":"floor"}]}"#;
    assert!(with(fast, ask).contains("`a` moves further in a step than it is large"));
}

#[test]
fn overlapping_heaps_end_in_time_and_say_the_same_twice() {
    let bodies: Vec<Value> = (0..30)
        .map(|index| json!({ "name": format!("b{index}"), "shape": { "box": [1, 1, 1] }, "position": [0.01 * f64::from(index), 0.5, 0] }))
        .collect();
    let scene = json!({ "duration": 0.9, "step": 0.001, "bodies": bodies, "planes": [{ "name": "floor" }] });
    let ask = json!({ "body": "b7", "quantity": "position" });
    assert_eq!(simulated(&scene, &ask), simulated(&scene, &ask));
}

#[test]
fn what_a_verdict_depends_on_is_its_fingerprint() {
    let identity = |change: fn(&mut PhysicsSettings)| {
        let mut settings = settings();
        change(&mut settings);
        Physics::new(settings).unwrap().identity()
    };
    let plain = identity(|_| {});
    assert_eq!(plain.settings["engine"][0], "rapier3d-f64");
    assert!(plain.settings["engine"][1].as_str().unwrap().starts_with("0."));
    assert_ne!(plain, identity(|s| s.tolerance.rel = 0.02));
    assert_ne!(plain, identity(|s| s.answer.push(' ')));
    let wrong = PhysicsSettings { tolerance: Tolerance { abs: 0.0, rel: 0.0 }, ..settings() };
    assert_eq!(Physics::new(wrong).map(|_| ()).unwrap_err().kind(), ErrorKind::Usage);
}
