//! Proves every behaviour: runs each check as a step of its own and says plainly how each ended.
//!
//! A step passes, fails, or is *not checked* when something that it needs is not there: never
//! passed by default. All steps run even after a failure, unless they need what failed. The last
//! line counts steps, in words that a machine can read.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::progress::{self, seconds};
use crate::repository::Repository;
use crate::setup::{Part, Tool, Tools};
use crate::steps::STEPS;
use crate::wasm_target::RouteChoice;

/// What `test` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// Run only these steps, and those that they need.
    #[arg(long, value_delimiter = ',', value_parser = names())]
    only: Vec<String>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was run and found nothing.
    Passed,
    /// It found something: the words to show.
    Failed(String),
    /// It could not be run: why, and what to do.
    NotChecked(String),
}

/// One check.
pub(crate) struct Step {
    /// What it is called on the command line and in the table.
    pub(crate) name: &'static str,
    /// What it shows, for a person who reads the table.
    pub(crate) shows: &'static str,
    /// The steps whose results it uses; they come before it in the table.
    pub(crate) needs: &'static [&'static str],
    /// What must be set up for it.
    pub(crate) uses: &'static [Tool],
    /// Runs it. An `Err` counts as a failure.
    pub(crate) run: fn(&Bench) -> Result<Verdict>,
}

/// What a step works with.
pub(crate) struct Bench<'a> {
    /// Where it works.
    pub(crate) repository: &'a Repository,
    /// What the set-up found.
    pub(crate) tools: &'a Tools,
    /// The step's name, which also names its log.
    pub(crate) step: &'static str,
}

impl Bench<'_> {
    /// Runs one program as the step, or as a part of it.
    ///
    /// # Errors
    /// When it cannot be started; a failure of the program is a verdict.
    pub(crate) fn check(
        &self,
        mut command: std::process::Command,
        limit: Duration,
    ) -> Result<Verdict> {
        let ran = progress::run(self.repository, self.step, &mut command, limit)?;
        Ok(match ran.passed {
            true => Verdict::Passed,
            false => Verdict::Failed(format!("{}\n{}", ran.output_tail(), ran.how_it_ended())),
        })
    }

    /// The npm packages are there, or the verdict that says that they are not.
    ///
    /// # Errors
    /// The verdict.
    pub(crate) fn npm(&self) -> Result<(), Verdict> {
        ready(&self.tools.npm)
    }
}

/// A part of the set-up, or the verdict for a step that needs it.
///
/// # Errors
/// The verdict.
pub(crate) fn ready<T: Clone>(part: &Part<T>) -> Result<T, Verdict> {
    part.clone().map_err(|missing| Verdict::NotChecked(missing.to_string()))
}

/// Runs the steps asked for, and prints how each ended.
///
/// # Errors
/// Only when the set-up cannot be handled at all; a failed step is in the exit code.
pub(crate) fn run(repository: &Repository, choice: RouteChoice, wish: &Wish) -> Result<ExitCode> {
    let chosen = with_needs(STEPS, &wish.only)?;
    let wanted: Vec<Tool> = chosen.iter().flat_map(|step| step.uses).copied().collect();
    let tools = Tools::prepare(repository, choice, &wanted)?;
    let mut results: Vec<(&Step, Verdict, Duration)> = Vec::new();
    for step in chosen {
        let started = Instant::now();
        let verdict = match unmet_need(step, &results) {
            Some(verdict) => verdict,
            None => {
                let bench = Bench { repository, tools: &tools, step: step.name };
                (step.run)(&bench).unwrap_or_else(|fault| Verdict::Failed(format!("{fault:#}")))
            }
        };
        let took = started.elapsed();
        say(step, &verdict, took);
        results.push((step, verdict, took));
    }
    Ok(summary(&results))
}

/// The steps named, in the table's order, with all that they need; all steps when none is named.
fn with_needs<'a>(steps: &'a [Step], names: &[String]) -> Result<Vec<&'a Step>> {
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    // From the last step to the first: what a step needs comes before it.
    for step in steps.iter().rev() {
        if wanted.contains(&step.name) {
            wanted.extend(step.needs);
        }
    }
    let chosen: Vec<&Step> =
        steps.iter().filter(|step| names.is_empty() || wanted.contains(&step.name)).collect();
    if chosen.is_empty() {
        bail!("no such step");
    }
    Ok(chosen)
}

/// Why a step cannot be run: something that it needs did not pass.
fn unmet_need(step: &Step, results: &[(&Step, Verdict, Duration)]) -> Option<Verdict> {
    results
        .iter()
        .find(|(before, verdict, _)| {
            step.needs.contains(&before.name) && *verdict != Verdict::Passed
        })
        .map(|(before, _, _)| Verdict::NotChecked(format!("it needs `{}`", before.name)))
}

fn say(step: &Step, verdict: &Verdict, took: Duration) {
    println!("{}", line(step, verdict, took));
    if let Verdict::Failed(words) = verdict {
        println!("{}\n", words.trim_end());
    }
}

fn line(step: &Step, verdict: &Verdict, took: Duration) -> String {
    let (word, why) = match verdict {
        Verdict::Passed => ("ok", String::new()),
        Verdict::Failed(_) => ("FAILED", String::new()),
        Verdict::NotChecked(why) => ("not checked", format!(" ({why})")),
    };
    format!("{word:<12} {:<10} {:>8}  {}{why}", step.name, seconds(took), step.shows)
}

fn summary(results: &[(&Step, Verdict, Duration)]) -> ExitCode {
    println!("\n{:<12} {:<10} {:>8}", "result", "step", "time");
    for (step, verdict, took) in results {
        println!("{}", line(step, verdict, *took));
    }
    println!("\n{}", count(results));
    let failed = results.iter().any(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_)));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn count(results: &[(&Step, Verdict, Duration)]) -> String {
    let number = |matching: fn(&Verdict) -> bool| {
        results.iter().filter(|(_, verdict, _)| matching(verdict)).count()
    };
    let passed = number(|verdict| *verdict == Verdict::Passed);
    let failed = number(|verdict| matches!(verdict, Verdict::Failed(_)));
    let not_checked = number(|verdict| matches!(verdict, Verdict::NotChecked(_)));
    match not_checked {
        0 => format!("{passed} passed, {failed} failed"),
        some => format!("{passed} passed, {failed} failed, {some} skipped"),
    }
}

fn names() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, needs: &'static [&'static str]) -> Step {
        Step { name, shows: "", needs, uses: &[], run: |_| Ok(Verdict::Passed) }
    }

    fn names_of(steps: &[&Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn a_step_brings_what_it_needs_and_nothing_else() {
        let steps =
            [step("fmt", &[]), step("pack", &[]), step("app", &["pack"]), step("e2e", &["app"])];
        let chosen = with_needs(&steps, &["e2e".to_owned()]).unwrap();
        assert_eq!(names_of(&chosen), ["pack", "app", "e2e"]);
        assert_eq!(with_needs(&steps, &[]).unwrap().len(), 4);
    }

    #[test]
    fn a_step_is_not_checked_when_what_it_needs_did_not_pass() {
        let (pack, app) = (step("pack", &[]), step("app", &["pack"]));
        let took = Duration::ZERO;
        let table = [
            (Verdict::Passed, None),
            (Verdict::Failed("x".to_owned()), Some("it needs `pack`")),
            (Verdict::NotChecked("x".to_owned()), Some("it needs `pack`")),
        ];
        for (before, expected) in table {
            let expected = expected.map(|why| Verdict::NotChecked(why.to_owned()));
            assert_eq!(unmet_need(&app, &[(&pack, before, took)]), expected);
        }
    }

    #[test]
    fn the_last_line_counts_a_step_that_was_not_checked_apart() {
        let one = step("one", &[]);
        let verdicts = [
            Verdict::Passed,
            Verdict::Failed(String::new()),
            Verdict::Passed,
            Verdict::NotChecked(String::new()),
        ];
        let results: Vec<_> =
            verdicts.into_iter().map(|verdict| (&one, verdict, Duration::ZERO)).collect();
        assert_eq!(count(&results), "2 passed, 1 failed, 1 skipped");
        assert_eq!(count(results.get(..3).unwrap()), "2 passed, 1 failed");
    }

    #[test]
    fn every_need_is_a_step_that_comes_before() {
        for (index, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(
                    STEPS.iter().take(index).any(|before| before.name == *need),
                    "`{}` needs `{need}`, which does not come before it",
                    step.name
                );
            }
        }
    }
}
