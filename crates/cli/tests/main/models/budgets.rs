//! Budgets: what is kept, what is missing, and how a build ends that reached one.

use rifflebox_testkit::{Asked, Said};
use serde_json::json;

use super::house::{House, honest};

const DOCUMENTS: usize = 20;

fn house() -> House {
    House::new(DOCUMENTS, |asked: &Asked| asked.chat(&honest(asked)))
}

#[test]
fn a_budget_of_calls_is_never_passed_and_the_next_build_goes_on() {
    let house = house();
    house.edit("[publish]", "[publish]\n\n[budget]\ncalls = 30");
    let mut rounds = 0;
    loop {
        let before = house.endpoint.total();
        let ran = house.run(&["build", "--json", "--quiet"]);
        let calls = house.endpoint.total() - before;
        assert!(calls <= 30, "{calls} calls in one build");
        rounds += 1;
        if house.endpoint.total() == 4 * DOCUMENTS {
            assert_eq!(ran.ok().json()["samples"]["total"], DOCUMENTS);
            break;
        }
        assert_eq!(calls, 30, "all of it is used");
        let told = ran.exits(4);
        assert!(told.stderr().contains("the budget: 30 calls are made"), "{}", told.stderr());
        assert!(!house.folder.path("workspace/dataset").exists(), "nothing is published");
    }
    assert_eq!(rounds, 3);
    let (_, calls) = house.build();
    assert_eq!(calls, 0);
}

#[test]
fn a_budget_of_a_stage_bounds_that_stage() {
    let house = house();
    house.edit("[publish]", "[publish]\npartial = true\n\n[budget.qa]\ncalls = 30");
    let (report, calls) = house.build();
    // Facts of all, questions of ten, and the votes on these.
    assert_eq!((calls, &report["samples"]["total"]), (30 + 2 * 10, &json!(10)));
    assert_eq!(report["spent"]["reached"], json!(["the budget of `qa`: 30 calls are made"]));
    assert_eq!(report["calls"]["owed"], DOCUMENTS - 10);
    let (report, calls) = house.build();
    assert_eq!((calls, &report["calls"]["owed"]), (10 + 2 * 10, &json!(0)));
}

#[test]
fn a_budget_of_money_holds_with_calls_in_flight() {
    let house = house();
    let (whole, _) = house.build();
    let usd = whole["spent"]["usd"].as_f64().unwrap();
    let house = self::house();
    house.edit("[publish]", &format!("[publish]\n\n[budget]\nusd = {:.6}", usd / 2.0));
    let told = house.run(&["build", "--json", "--quiet"]).exits(4);
    assert!(told.stderr().contains(" USD are spent"), "{}", told.stderr());
    let status = house.run(&["status", "--json"]).ok().json();
    let spent = status["spent"]["usd"].as_f64().unwrap();
    assert!(spent > usd / 4.0 && spent <= usd / 2.0, "{spent} of {}", usd / 2.0);
}

#[test]
fn a_service_that_fails_too_often_is_left_alone() {
    let house = House::new(200, |asked: &Asked| match asked.prompt().len() % 2 {
        0 => asked.refuse("No."),
        _ => Said::error(400, "no"),
    });
    house.edit("[publish]", "[publish]\n\n[budget.qa]\nstop_at_error_rate = 0.5");
    let told = house.run(&["build", "--json", "--quiet"]).exits(4);
    assert!(told.stderr().contains("calls failed"), "{}", told.stderr());
    let calls = house.endpoint.total();
    // Twenty tell, and those in flight by then come back as well.
    assert!((20..=60).contains(&calls), "{calls}");
}

#[test]
fn a_plan_says_calls_tokens_and_price_before_any_is_paid() {
    let house = house();
    let plan = house.run(&["plan", "flow.toml", "--json"]).ok().json();
    assert_eq!(house.endpoint.total(), 0, "a plan asks nobody");
    let stage = |plan: &serde_json::Value, name: &str| {
        plan["stages"].as_array().unwrap().iter().find(|stage| stage["stage"] == name).unwrap().clone()
    };
    let qa = stage(&plan, "qa");
    assert_eq!((&qa["calls"]["exact"], &qa["calls"]["estimated"]), (&json!(DOCUMENTS), &json!(DOCUMENTS)));
    let (low, high) = (qa["usd"]["low"].as_f64().unwrap(), qa["usd"]["high"].as_f64().unwrap());
    assert!(0.0 < low && low < high, "{qa}");
    let (report, _) = house.build();
    // With answers to go by, the price of as many new documents is near what it then costs.
    let texts: Vec<String> =
        (0..2 * DOCUMENTS).map(|number| format!("River {number} carries gold.")).collect();
    house.write_documents(&texts);
    let plan = house.run(&["plan", "flow.toml", "--json"]).ok().json();
    let planned = plan["usd"]["high"].as_f64().unwrap();
    let (second, calls) = house.build();
    let paid = second["spent"]["usd"].as_f64().unwrap();
    assert!((planned / paid - 1.0).abs() < 0.2, "planned {planned}, paid {paid}");
    let exact: u64 = plan["calls"]["exact"].as_u64().unwrap() + plan["calls"]["estimated"].as_u64().unwrap();
    assert_eq!(exact as usize, calls, "{plan}");
    assert!(report["spent"]["usd"].as_f64().unwrap() > 0.0);
}
