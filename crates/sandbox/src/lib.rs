//! `(Program, Limits) -> Outcome`: runs programs that nobody trusts, confined by the kernel.
//!
//! [`Sandbox`] is the door: plain data in, plain data out. Behind it stands [`Bubblewrap`], a pool of fork servers. Each
//! is one warm interpreter inside of bubblewrap, and forks a process for each run: with user, pid, net, mount, ipc and
//! uts namespaces of its own, a scratch folder of bounded size, no capabilities, Landlock, seccomp and limits. A site may
//! put a microVM behind the same door.
//!
//! [`program()`] makes programs of the user's own, which answer JSON lines, run behind that door where settings say so.
//!
//! It proves nothing of what runs: a verdict is its users' to make. It knows neither samples nor flows.

mod bubblewrap;
mod confined;
mod filter;
mod interpreter;
mod layer;
mod outcome;
mod pool;
mod program;
mod sandbox;
mod server;

pub use bubblewrap::{Bubblewrap, BubblewrapSettings};
pub use confined::{optional, program};
pub use interpreter::Interpreter;
pub use layer::{Layer, Layers};
pub use outcome::{End, Examined, Mutant, Mutants, Outcome, Ran, Tested, Usage};
pub use program::{Command, Limits, Process, Program, Task};
pub use sandbox::{Running, Sandbox};
