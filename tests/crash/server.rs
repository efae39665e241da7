//! The server as a process of its own, which can be killed at any moment.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The longest that a server may take to start, or to say that it cannot.
const START_MAX: Duration = Duration::from_secs(30);

/// A running server. It dies with this value, however the test ends.
pub(crate) struct Server {
    child: Child,
    /// Where it listens, as `http://127.0.0.1:1234`.
    pub(crate) base: String,
}

/// The program under test.
pub(crate) fn program() -> Command {
    let path = std::env::var_os("KUMARI_SERVER")
        .expect("KUMARI_SERVER is not set; run: cargo xtask test --only crash");
    Command::new(path)
}

/// A command of the program, to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program starts")
}

/// What the program printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Serves a database that cannot be served: what the program says as it ends.
pub(crate) fn refuses_to_start(database: &str) -> String {
    let ended =
        run(&["serve", "--port", "0", "--database", database, "--vocabulary", &vocabulary()]);
    let words = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{words}");
    words
}

impl Server {
    /// Serves a database, and waits until it says that it listens.
    pub(crate) fn start(database: &str) -> Self {
        Self::start_as(program(), database)
    }

    /// The same with a program that was made ready, as with another clock.
    pub(crate) fn start_as(mut program: Command, database: &str) -> Self {
        program.args(["serve", "--port", "0", "--database", database]);
        program.args(["--vocabulary", &vocabulary()]).env("RUST_LOG", "warn");
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = program.spawn().expect("the program starts");
        let lines = lines(&mut child);
        let mut server = Self { child, base: String::new() };
        let line = match lines.recv_timeout(START_MAX) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("the server does not start"),
            Err(RecvTimeoutError::Disconnected) => panic!("the server ended at its start"),
        };
        let (_, base) = line.split_once("listens on ").expect("the first line says where");
        base.clone_into(&mut server.base);
        server
    }

    /// Kills it with SIGKILL: it gets no chance to do anything.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn end(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn vocabulary() -> String {
    std::env::var("KUMARI_VOCABULARY").expect("KUMARI_VOCABULARY is set beside KUMARI_SERVER")
}

/// What a child prints, line by line; its end closes the channel.
fn lines(child: &mut Child) -> Receiver<String> {
    let (tell, told) = channel();
    let stdout = child.stdout.take().expect("its output is piped");
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody listens after the first line.
            let _ = tell.send(line);
        }
    });
    told
}
