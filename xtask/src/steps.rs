//! Steps with a name and a time, the first failure ends all.

use std::time::{Duration, Instant};

use anyhow::Context as _;

/// What was done, for the summary at the end.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Does a step. `alone` is the command that repeats it.
    ///
    /// # Errors
    /// The step's, with what to call to repeat it; the summary is printed then.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        alone: &str,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = work();
        self.done.push((name, start.elapsed()));
        if outcome.is_err() {
            self.print("FAILED");
        }
        outcome.with_context(|| format!("{name} failed; to repeat it alone: {alone}"))
    }

    /// Prints the summary of a run in which every step succeeded.
    pub(crate) fn finish(&self) {
        self.print("ok");
    }

    fn print(&self, last: &str) {
        println!("\n=== summary");
        for (place, (name, time)) in self.done.iter().enumerate() {
            let outcome = if place + 1 == self.done.len() {
                last
            } else {
                "ok"
            };
            println!("{:>7.1} s  {outcome:<6}  {name}", time.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, time)| *time).sum();
        println!("{:>7.1} s  in all", total.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_says_how_to_repeat_it() {
        let mut steps = Steps::default();
        steps.step("one", "cargo one", || Ok(())).unwrap();
        let err = steps
            .step("two", "cargo two", || anyhow::bail!("no"))
            .unwrap_err();
        assert_eq!(
            "two failed; to repeat it alone: cargo two: no",
            format!("{err:#}")
        );
        assert_eq!(2, steps.done.len());
    }
}
