//! What the calls of a build come to, and what they may.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rifflebox_core::{Answering, Cost, Failure};
use rifflebox_dataflow::{Budget, FlowPlan, Reader, Spent, SpentUnit};

use crate::progress::{CallFigures, Event, Progress};
use crate::report::{Report, Spending, grouped};
use crate::respondents::{Call, Outcome, Permit, Watch, watched};

/// Calls after which an error rate says something.
const ENOUGH_CALLS: u64 = 20;
/// How much of a reason stands for all that begin alike.
const REASON_CHARS: usize = 60;

/// What all calls of a build come to.
pub(crate) struct Accounts {
    whole: Arc<Account>,
    stages: Vec<Arc<Account>>,
    figures: Arc<Figures>,
}

/// What calls of a flow, or of one of its stages, come to, and may.
struct Account {
    /// Names the budget in reasons.
    name: String,
    budget: Budget,
    sums: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    begun: u64,
    ended: u64,
    answered: u64,
    cost: Cost,
    /// What a call cost at most.
    most: Cost,
    reached: Option<String>,
}

/// What people who watch are told.
struct Figures {
    sums: Mutex<CallFigures>,
    waiting: Arc<AtomicU64>,
    progress: Option<Arc<dyn Progress>>,
}

/// The accounts that a stage's calls are held against.
struct Purse {
    accounts: [Arc<Account>; 2],
    /// Counts the calls of all stages that have come to their end.
    ends: tokio::sync::watch::Sender<u64>,
    figures: Arc<Figures>,
}

impl Accounts {
    /// Opens accounts for a flow; returns it with its asked stages held against them.
    pub(crate) fn open(
        plan: &FlowPlan,
        waiting: Arc<AtomicU64>,
        progress: Option<Arc<dyn Progress>>,
    ) -> (FlowPlan, Self) {
        let mut plan = plan.clone();
        let whole = Account::new("the budget".to_owned(), plan.budget);
        let figures = Arc::new(Figures { sums: Mutex::default(), waiting, progress });
        let ends = tokio::sync::watch::Sender::new(0);
        let mut stages = Vec::new();
        for stage in plan.stages.iter_mut().filter(|stage| stage.operator.is_asked()) {
            let own = Account::new(format!("the budget of `{}`", stage.name), stage.budget);
            let purse = Purse {
                accounts: [whole.clone(), own.clone()],
                ends: ends.clone(),
                figures: figures.clone(),
            };
            stage.operator = watched(&stage.operator, Arc::new(purse));
            stages.push(own);
        }
        (plan, Accounts { whole, stages, figures })
    }

    /// Returns how many calls this build has made: those that a budget did not allow are none.
    pub(crate) fn made(&self) -> u64 {
        lock(&self.whole.sums).begun
    }

    /// Returns what the calls of this build came to.
    pub(crate) fn spending(&self) -> Spending {
        let CallFigures { failures, tokens, micro_usd, .. } = lock(&self.figures.sums).clone();
        let accounts = std::iter::once(&self.whole).chain(&self.stages);
        let reached = accounts.filter_map(|account| lock(&account.sums).reached.clone()).collect();
        Spending { tokens, usd: micro_usd as f64 / 1e6, failures, reached }
    }
}

impl Account {
    fn new(name: String, budget: Budget) -> Arc<Self> {
        Arc::new(Account { name, budget, sums: Mutex::default() })
    }

    /// Begins a call, or says why it may not be made.
    fn begin(&self, call: &Call<'_>) -> Permit {
        let mut sums = lock(&self.sums);
        let open = sums.begun - sums.ended;
        let Some(reason) = self.exceeded(&sums, call, open) else {
            sums.begun += 1;
            return Permit::Go;
        };
        // It may fit once it is known what those in flight cost.
        if open > 0 && self.exceeded(&sums, call, 0).is_none() {
            return Permit::Wait;
        }
        let reason = format!("{}: {reason}", self.name);
        sums.reached.get_or_insert(reason.clone());
        Permit::Refused(Failure::Owed(reason))
    }

    /// Says which bound a call beside so many in flight would pass.
    fn exceeded(&self, sums: &Sums, call: &Call<'_>, open: u64) -> Option<String> {
        let Budget { calls, tokens, usd, stop_at_error_rate } = self.budget;
        if let Some(most) = calls.filter(|most| sums.begun >= *most) {
            return Some(format!("{} calls are made", grouped(most)));
        }
        let failed = sums.ended - sums.answered;
        if let Some(rate) = stop_at_error_rate
            && sums.ended >= ENOUGH_CALLS
            && failed as f64 > rate * sums.ended as f64
        {
            return Some(format!("{} of {} calls failed", grouped(failed), grouped(sums.ended)));
        }
        if tokens.is_none() && usd.is_none() {
            return None;
        }
        let expected = sums.expected(call, open + 1);
        if let Some(most) = tokens.filter(|most| expected.input + expected.output > *most) {
            let spent = sums.cost.input + sums.cost.output;
            let next = expected.input + expected.output - spent;
            return Some(format!(
                "{} of {} tokens are spent, and the next may take {}",
                grouped(spent),
                grouped(most),
                grouped(next)
            ));
        }
        let micro_usd = usd.map(|usd| (usd * 1e6).round() as u64);
        micro_usd.filter(|most| expected.micro_usd > *most).map(|most| {
            let usd = |micro_usd: u64| micro_usd as f64 / 1e6;
            let next = usd(expected.micro_usd - sums.cost.micro_usd);
            format!(
                "{:.2} of {:.2} USD are spent, and the next may cost {next:.4}",
                usd(sums.cost.micro_usd),
                usd(most)
            )
        })
    }

    /// Takes back a call that another account does not allow.
    fn take_back(&self) {
        lock(&self.sums).begun -= 1;
    }

    fn end(&self, outcome: &Outcome) {
        let mut sums = lock(&self.sums);
        sums.ended += 1;
        let (Outcome::Answered(cost) | Outcome::Not(_, cost)) = outcome;
        sums.answered += u64::from(matches!(outcome, Outcome::Answered(_)));
        if *cost != Cost::default() {
            sums.cost += *cost;
            let Cost { input, output, micro_usd } = sums.most;
            sums.most = Cost {
                input: input.max(cost.input),
                output: output.max(cost.output),
                micro_usd: micro_usd.max(cost.micro_usd),
            };
        }
    }
}

impl Sums {
    /// Returns what is spent once so many calls have come back, this one among them, each at the price of the dearest so far, or
    /// of what this one is given, if that is more.
    fn expected(&self, call: &Call<'_>, open: u64) -> Cost {
        // Four bytes to a token, about; as long as nothing came back, an answer is taken for as long as its question.
        let given = call.texts.iter().map(|text| text.len() as u64).sum::<u64>() / 4;
        let answer = if self.most == Cost::default() { given } else { self.most.output };
        let (input_price, output_price) = call.about.map_or((0, 0), |about| about.price);
        let micro_usd = (given * input_price + answer * output_price).div_ceil(1_000_000);
        Cost {
            input: self.cost.input + open * self.most.input.max(given),
            output: self.cost.output + open * answer,
            micro_usd: self.cost.micro_usd + open * self.most.micro_usd.max(micro_usd),
        }
    }
}

impl Watch for Purse {
    fn ask(&self, call: &Call<'_>) -> Permit {
        for (index, account) in self.accounts.iter().enumerate() {
            match account.begin(call) {
                Permit::Go => {}
                no => {
                    self.accounts[..index].iter().for_each(|account| account.take_back());
                    return no;
                }
            }
        }
        Permit::Go
    }

    fn next_end(&self) -> Answering<()> {
        let mut ends = self.ends.subscribe();
        // Who sends is this, which whoever waits holds.
        Box::pin(async move { drop(ends.changed().await) })
    }

    fn heard(&self, outcome: Outcome) {
        self.accounts.iter().for_each(|account| account.end(&outcome));
        self.ends.send_modify(|ends| *ends += 1);
        self.figures.note(&outcome);
    }
}

impl Figures {
    fn note(&self, outcome: &Outcome) {
        let figures = {
            let mut sums = lock(&self.sums);
            match outcome {
                Outcome::Answered(cost) => {
                    sums.answered += 1;
                    sums.tokens += cost.input + cost.output;
                    sums.micro_usd += cost.micro_usd;
                }
                Outcome::Not(Failure::Owed(reason) | Failure::Final(reason), cost) => {
                    sums.tokens += cost.input + cost.output;
                    sums.micro_usd += cost.micro_usd;
                    *sums.failures.entry(kind_of(reason)).or_default() += 1;
                }
            }
            sums.waiting = self.waiting.load(Ordering::Relaxed).saturating_sub(1);
            sums.clone()
        };
        if let Some(progress) = &self.progress {
            progress.event(Event::Called(figures));
        }
    }
}

/// Returns what reasons of one kind have in common: their beginning, without what is said after a colon, and N for each
/// number.
fn kind_of(reason: &str) -> String {
    let beginning = reason.split(": ").next().unwrap_or_default();
    let mut kind = String::new();
    for c in beginning.chars().take(REASON_CHARS) {
        match c.is_ascii_digit() {
            true if kind.ends_with('N') => {}
            true => kind.push('N'),
            false => kind.push(c),
        }
    }
    kind
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fills in what the calls cost that the dataset rests on, by stage and model.
pub(crate) fn asked(plan: &FlowPlan, reader: &Reader, report: &mut Report) {
    report.asked.clear();
    for stage in &plan.stages {
        for (Spent { to, unit }, (), count) in
            reader.table::<Spent, ()>(&format!("{}/spent", stage.name)).all()
        {
            let count = count.max(0) as u64;
            let calls = report.asked.entry(stage.name.clone()).or_default().by.entry(to).or_default();
            match unit {
                SpentUnit::Calls => calls.calls += count,
                SpentUnit::Failed => calls.failed += count,
                SpentUnit::Input => calls.input_tokens += count,
                SpentUnit::Output => calls.output_tokens += count,
                SpentUnit::MicroUsd => calls.usd += count as f64 / 1e6,
            }
        }
    }
    report.calls.failed =
        report.asked.values().flat_map(|stage| stage.by.values()).map(|calls| calls.failed).sum();
}
