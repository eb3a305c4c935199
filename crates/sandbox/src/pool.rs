//! Workers that run programs, one at a time each, and a queue before them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rifflebox_core::Failure;
use tokio::sync::oneshot;

use crate::server::{Plan, Server, Trouble};
use crate::{Layers, Limits, Outcome, Program};

type Answer = Result<Outcome, Failure>;

/// A run that waits for its turn.
pub(crate) struct Job {
    pub(crate) program: Program,
    pub(crate) limits: Limits,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Worker threads and the servers that they own. Dropping it ends them all.
pub(crate) struct Pool {
    queue: Arc<Queue>,
    workers: Vec<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job that somebody still wants; none once the pool closes.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            match state.jobs.pop_front() {
                Some(job) if job.answer.is_closed() => {}
                Some(job) => return Some(job),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Pool {
    /// Starts so many workers; the first one runs nothing once, and its layers are what every run will have.
    pub(crate) fn start(plan: &Plan, width: usize, seed: u32) -> Result<(Self, Layers), Trouble> {
        let queue = Arc::new(Queue::default());
        let new = || Worker { plan: plan.clone(), queue: queue.clone(), servers: BTreeMap::new() };
        let (say, probed) = std::sync::mpsc::channel();
        let mut first = new();
        // A server ends with the thread that starts it: so its worker does.
        let first = thread::spawn(move || {
            let layers = first.probe(seed);
            let works = layers.is_ok();
            // Who asked waits for it.
            let _ = say.send(layers);
            if works {
                first.work();
            }
        });
        let layers = probed.recv().unwrap_or_else(|_| Err(Trouble::Gone("its worker is gone".to_owned())))?;
        let others = (1..width).map(|_| {
            let worker = new();
            thread::spawn(move || worker.work())
        });
        let workers = std::iter::once(first).chain(others).collect();
        Ok((Pool { queue, workers }, layers))
    }

    /// Puts a job behind those that wait.
    pub(crate) fn push(&self, job: Job) {
        self.queue.state().jobs.push_back(job);
        self.queue.changed.notify_one();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.closed = true;
        // Nobody waits for these any more.
        state.jobs.clear();
        drop(state);
        self.queue.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to end.
            let _ = worker.join();
        }
    }
}

/// A thread, and its server for each seed that it was asked for.
struct Worker {
    plan: Plan,
    queue: Arc<Queue>,
    servers: BTreeMap<u32, Server>,
}

impl Worker {
    fn probe(&mut self, seed: u32) -> Result<Layers, Trouble> {
        let mut server = Server::start(&self.plan, seed)?;
        match server.probe() {
            Ok(outcome) => {
                self.servers.insert(seed, server);
                Ok(outcome.layers)
            }
            Err(trouble) => Err(server.end(trouble)),
        }
    }

    fn work(mut self) {
        while let Some(mut job) = self.queue.next() {
            let answer = match self.run(&mut job) {
                // A server that was there before may have died of what its machine did: a new one has its say.
                Err(Trouble::Gone(_)) => self.run(&mut job),
                answer => answer,
            };
            let answer = answer.map_err(|trouble| match trouble {
                Trouble::Gone(why) => Failure::Owed(format!("the sandbox's server is gone: {why}")),
                Trouble::Unconfined(missing) => {
                    Failure::Owed(format!("the sandbox cannot confine: {}", missing.1))
                }
                Trouble::Unwanted => Failure::Owed("nobody waits for it".to_owned()),
            });
            // Who asked may be gone.
            let _ = job.answer.send(answer);
        }
        for server in std::mem::take(&mut self.servers).into_values() {
            server.close();
        }
    }

    fn run(&mut self, job: &mut Job) -> Result<Outcome, Trouble> {
        let seed = job.program.seed;
        let mut server = match self.servers.remove(&seed) {
            Some(server) => server,
            None => Server::start(&self.plan, seed)?,
        };
        let (answer, queue) = (&job.answer, &self.queue);
        let outcome =
            server.run(&job.program, &job.limits, &mut || !answer.is_closed() && !queue.state().closed);
        match outcome {
            Err(trouble @ (Trouble::Gone(_) | Trouble::Unwanted)) => Err(server.end(trouble)),
            outcome => {
                match self.plan.renew_after.is_some_and(|most| server.runs >= most) {
                    true => server.close(),
                    false => drop(self.servers.insert(seed, server)),
                }
                outcome
            }
        }
    }
}
