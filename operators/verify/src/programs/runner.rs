use std::future::ready;
use std::sync::Arc;

use rifflebox_core::{Answering, Failure, Judged, Limits as Calls, Result, Verdict};
use rifflebox_sandbox::{Limits, Outcome, Process, Program, Sandbox, Task};

use super::code::{Code, CodeTemplate};
use super::settings::{Common, Meaning, process};
use crate::asked;

/// Runs programs of one template.
pub(super) struct Runner {
    pub(super) sandbox: Arc<dyn Sandbox>,
    pub(super) limits: Limits,
    template: CodeTemplate,
    program: String,
    process: Process,
    seconds: u64,
    memory_mb: u64,
}

impl Runner {
    /// Makes a runner, with a sandbox that is started last: what is wrong with the settings comes before what is wrong with
    /// the machine.
    pub(super) fn new(
        common: &Common<'_>,
        sandbox: impl FnOnce() -> Result<Arc<dyn Sandbox>>,
    ) -> Result<Arc<Self>> {
        let template = CodeTemplate::new(common.program)?;
        let process = process(&template, common.process)?;
        let limits = common.machine.limits()?;
        Ok(Arc::new(Runner {
            sandbox: sandbox()?,
            limits,
            template,
            program: common.program.to_owned(),
            process,
            seconds: common.machine.seconds,
            memory_mb: common.machine.memory_mb,
        }))
    }

    /// Returns what a verdict on a run depends on.
    pub(super) fn meaning(&self) -> Meaning<'_> {
        Meaning {
            program: &self.program,
            process: self.process,
            interpreter: self.sandbox.interpreter(),
            seconds: self.seconds,
            memory_mb: self.memory_mb,
        }
    }

    /// Returns how samples come in.
    pub(super) fn calls(&self) -> Calls {
        asked::calls(&*self.sandbox)
    }

    /// Makes the program of each sample, and judges it.
    pub(super) fn each(
        self: &Arc<Self>,
        items: Vec<Judged>,
        judge: impl Fn(Arc<Self>, Code) -> Answering<Result<Verdict, Failure>> + Send + 'static,
    ) -> Answering<Vec<Result<Verdict, Failure>>> {
        let runner = self.clone();
        asked::one_by_one(items, move |sample| match runner.template.of(&sample) {
            Ok(code) => judge(runner.clone(), code),
            Err(why) => Box::pin(ready(Err(Failure::Final(why)))),
        })
    }

    /// Runs a solution and its tests with one seed.
    pub(super) async fn run(&self, code: &Code, seed: u32) -> Result<Outcome, Failure> {
        let Code { solution, tests } = code.clone();
        let program = Program { task: Task::Tests { solution, tests, process: self.process }, seed };
        self.sandbox.run(program, self.limits).await
    }
}
