//! Stories as people read them.

use std::fmt;

use super::{Fate, Story, StoryStep};

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fate::Kept => "kept",
            Fate::Unused => "unused",
            Fate::Displaced => "displaced",
            Fate::Rejected => "rejected",
            Fate::Failed => "failed",
            Fate::Broken => "broken",
            Fate::Nothing => "nothing",
            Fate::Unknown => "unknown",
        })
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(id) = self.id {
            write!(f, "  {id}")?;
        }
        if let Some(tier) = self.tier {
            write!(f, "  {tier}")?;
        }
        if let Some(shard) = &self.shard {
            write!(f, "\n  in   {shard}")?;
        }
        for document in &self.documents {
            write!(f, "\n  of   {}:{}", document.source, document.id)?;
            if let Some(span) = document.span {
                write!(f, ", bytes {} to {}", span.start, span.end)?;
            }
            if let Some(license) = &document.license {
                write!(f, " ({license})")?;
            }
        }
        let width = self.steps.iter().map(|step| step.stage.chars().count()).max().unwrap_or_default();
        for step in &self.steps {
            write!(f, "\n  ")?;
            write_step(f, step, width)?;
        }
        if let Some(by) = self.by {
            write!(f, "\n  the better row is {by}, similarity {:.3}", self.similarity.unwrap_or_default())?;
        }
        Ok(())
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, step: &StoryStep, width: usize) -> fmt::Result {
    write!(f, "{:width$}  {:9}", step.stage, step.outcome)?;
    if let Some(score) = step.score {
        write!(f, "  score {score:.3}")?;
    }
    if let Some(reason) = &step.reason {
        write!(f, "  {reason}")?;
    }
    for vote in &step.votes {
        let said = if vote.accept { "for" } else { "against" };
        write!(f, "\n  {:width$}  {} {said}", "", vote.voter)?;
        if let Some(reason) = &vote.reason {
            write!(f, ": {reason}")?;
        }
    }
    write!(f, "  (version {})", step.version)
}
