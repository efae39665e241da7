//! Runs one outside program to its end: never without a limit, never silently for more than 2 s.
//!
//! What the program prints goes to a log file under `target/xtask/logs`, and is shown when it fails
//! (or as it comes, with `--verbose`). A terminal gets a spinner with the elapsed time; a log file
//! of a CI run gets a line when a program has taken 2 s, and one more every 30 s.
//!
//! It does not judge: whether a failed program is a failed check is the caller's word.

use std::fs::{self, File};
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use wait_timeout::ChildExt;

use crate::repository::Repository;

/// What is shown of a failed program's output: its last bytes, at most.
const SHOWN_BYTES_MAX: i64 = 64 * 1024;
/// Below this a program needs no word about its progress.
const QUIET: Duration = Duration::from_secs(2);
/// How often a run without a terminal says that a program still works.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long a program may take to end itself once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// The process group of the program that runs now, 0 when there is none.
static RUNNING_GROUP: AtomicI32 = AtomicI32::new(0);
/// This program was told to end, and is about to.
static ENDING: AtomicBool = AtomicBool::new(false);

/// How a program ended.
pub(crate) struct Ran {
    /// It ended by itself, with exit code 0.
    pub(crate) passed: bool,
    /// It was stopped at its limit.
    pub(crate) timed_out: bool,
    /// How long it took.
    pub(crate) took: Duration,
    /// All that it printed; empty with `--verbose`, where it was printed at once.
    pub(crate) log: PathBuf,
}

impl Ran {
    /// The end of what the program printed.
    pub(crate) fn output_tail(&self) -> String {
        tail(&self.log, SHOWN_BYTES_MAX).unwrap_or_default()
    }

    /// One clause that says how it ended, for a sentence of the caller's.
    pub(crate) fn how_it_ended(&self) -> &'static str {
        match (self.passed, self.timed_out) {
            (true, _) => "worked",
            (false, true) => "was stopped at its time limit",
            (false, false) => "failed",
        }
    }
}

/// Runs `command` to its end, or to `limit`, whichever comes first.
///
/// The program gets no standard input and a process group of its own, so that at the limit, or on
/// Ctrl-C, everything that it started ends with it.
///
/// # Errors
/// When the program cannot be started or its log cannot be written. A program that ran and failed
/// is not an error here.
pub(crate) fn run(
    repository: &Repository,
    title: &str,
    command: &mut Command,
    limit: Duration,
) -> Result<Ran> {
    let log = repository.log_of(title)?;
    let file = File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;
    command.stdin(Stdio::null()).process_group(0);
    if !repository.verbose {
        command.stdout(file.try_clone()?).stderr(file);
    }
    let started = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start `{}`", command.get_program().to_string_lossy()))?;
    let group = Pid::from_raw(i32::try_from(child.id())?);
    RUNNING_GROUP.store(group.as_raw(), Ordering::SeqCst);
    let mut show = Show::new(title, started, repository.verbose);
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.wait_timeout(Duration::from_millis(100))? {
            break status;
        }
        show.tick(&log);
        if started.elapsed() > limit {
            timed_out = true;
            break stop(&mut child, group)?;
        }
    };
    while ENDING.load(Ordering::SeqCst) {
        // Who ended it ends this program too; that the program failed would be a false word.
        std::thread::park();
    }
    RUNNING_GROUP.store(0, Ordering::SeqCst);
    show.clear();
    Ok(Ran { passed: status.success() && !timed_out, timed_out, took: started.elapsed(), log })
}

/// Makes Ctrl-C (and a polite kill) end the running program, and what was started for it, before
/// this one; [`run`] does not return then, so nothing is said or written about a broken-off program.
///
/// # Errors
/// When the handler cannot be set, which happens only when it was set before.
pub(crate) fn end_programs_with_this_one() -> Result<()> {
    ctrlc::set_handler(|| {
        ENDING.store(true, Ordering::SeqCst);
        let group = RUNNING_GROUP.load(Ordering::SeqCst);
        if group != 0 {
            // The program may have ended just now; then there is nobody left to tell.
            let _ = killpg(Pid::from_raw(group), Signal::SIGTERM);
        }
        crate::postgres::stop_all();
        std::process::exit(130);
    })
    .context("cannot handle Ctrl-C")
}

/// A duration as a person reads it: `0.4 s`, `83.0 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn stop(child: &mut Child, group: Pid) -> Result<std::process::ExitStatus> {
    // A group that is gone cannot be told anything, and needs not be.
    let _ = killpg(group, Signal::SIGTERM);
    if let Some(status) = child.wait_timeout(GRACE)? {
        return Ok(status);
    }
    let _ = killpg(group, Signal::SIGKILL);
    Ok(child.wait()?)
}

/// The last `bytes_max` bytes of a file, as text.
fn tail(path: &Path, bytes_max: i64) -> Result<String> {
    let mut file = File::open(path)?;
    if i64::try_from(fs::metadata(path)?.len())? > bytes_max {
        file.seek(SeekFrom::End(-bytes_max))?;
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a person sees while a program runs.
struct Show<'a> {
    title: &'a str,
    started: Instant,
    terminal: bool,
    frames: std::iter::Cycle<std::str::Chars<'static>>,
    last_word: Option<Instant>,
}

impl<'a> Show<'a> {
    fn new(title: &'a str, started: Instant, verbose: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && !verbose;
        Self {
            title, started, terminal, frames: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".chars().cycle(), last_word: None
        }
    }

    fn tick(&mut self, log: &Path) {
        let elapsed = self.started.elapsed();
        if self.terminal {
            let frame = self.frames.next().unwrap_or(' ');
            let line = tail(log, 400).unwrap_or_default();
            let said: String = line
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .unwrap_or_default()
                .chars()
                .filter(|character| !character.is_control())
                .take(60)
                .collect();
            eprint!(
                "\r\x1b[2K{frame} {} {:>4} s  \x1b[2m{said}\x1b[0m",
                self.title,
                elapsed.as_secs()
            );
            // A spinner that could not be drawn harms nothing.
            let _ = std::io::stderr().flush();
        } else {
            let due = match self.last_word {
                None => elapsed >= QUIET,
                Some(last) => last.elapsed() >= HEARTBEAT,
            };
            if due {
                eprintln!("…    {} ({} s so far)", self.title, elapsed.as_secs());
                self.last_word = Some(Instant::now());
            }
        }
    }

    fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_is_run_and_its_output_kept() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::at(folder.path());
        let limit = Duration::from_secs(30);
        let ran = run(&repository, "says", &mut shell("echo heard; exit 3"), limit).unwrap();
        assert!(!ran.passed && !ran.timed_out);
        assert_eq!(ran.output_tail(), "heard\n");
    }

    #[test]
    fn a_program_is_stopped_at_its_limit_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::at(folder.path());
        let mut command = shell("sleep 600 & sleep 600; wait");
        let ran = run(&repository, "hangs", &mut command, Duration::from_millis(300)).unwrap();
        assert!(ran.timed_out && !ran.passed);
        assert!(ran.took < Duration::from_secs(30));
    }
}
