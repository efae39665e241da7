//! A line to PostgreSQL that breaks where a test wants it to.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// Where in a transaction the line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The first answer about rows does not arrive, so nothing was asked to be committed.
    FirstAnswer,
    /// What follows that answer, the commit with it, does not arrive.
    Commit,
    /// The commit has happened, and the answer to it does not arrive.
    CommitAnswer,
}

/// The line. It carries everything until it is told where to break, breaks once, and carries
/// everything again, unless it was closed.
pub(crate) struct Proxy {
    line: Arc<Line>,
    pub(crate) port: u16,
}

struct Line {
    server: String,
    cut: Mutex<Option<Cut>>,
    was_cut: Notify,
    is_open: watch::Sender<bool>,
    is_dead: AtomicBool,
}

impl Proxy {
    /// A line to `server`, as `127.0.0.1:5432`.
    pub(crate) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line {
            server,
            cut: Mutex::new(None),
            was_cut: Notify::new(),
            is_open: watch::channel(true).0,
            is_dead: AtomicBool::new(false),
        });
        let carrying = Arc::clone(&line);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(Arc::clone(&carrying), client));
            }
        });
        Self { line, port }
    }

    /// Breaks once, there.
    pub(crate) fn cut_at(&self, cut: Cut) {
        *self.line.cut.lock().unwrap() = Some(cut);
    }

    /// Waits until it broke.
    pub(crate) async fn was_cut(&self) {
        self.line.was_cut.notified().await;
    }

    /// Lets new connections wait.
    pub(crate) fn hold(&self) {
        self.line.is_open.send_replace(false);
    }

    /// Lets them on.
    pub(crate) fn release(&self) {
        self.line.is_open.send_replace(true);
    }

    /// Refuses new connections, or no longer.
    pub(crate) fn refuse(&self, is_dead: bool) {
        self.line.is_dead.store(is_dead, Ordering::SeqCst);
    }
}

async fn connection(line: Arc<Line>, client: TcpStream) {
    if line.is_dead.load(Ordering::SeqCst) {
        return;
    }
    let mut is_open = line.is_open.subscribe();
    if is_open.wait_for(|is_open| *is_open).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(&line.server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let is_past_first = Arc::new(AtomicBool::new(false));
    // Whoever ends first ends both, and dropping the halves closes the sockets.
    tokio::select! {
        _ = requests(&line, &is_past_first, from_client, to_server) => {}
        _ = answers(&line, &is_past_first, from_server, to_client) => {}
    }
}

async fn requests(
    line: &Line,
    is_past_first: &AtomicBool,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
) -> io::Result<()> {
    let mut bytes = vec![0; 65_536];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        if is_past_first.load(Ordering::SeqCst) && line.takes(Cut::Commit) {
            return Ok(());
        }
        to.write_all(&bytes[..count]).await?;
    }
}

async fn answers(
    line: &Line,
    is_past_first: &AtomicBool,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
) -> io::Result<()> {
    let mut bytes = vec![0; 65_536];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        let says = |tag: &[u8]| bytes[..count].windows(tag.len()).any(|some| some == tag);
        if says(b"UPDATE ") || says(b"INSERT 0 ") || says(b"SELECT ") {
            if line.takes(Cut::FirstAnswer) {
                return Ok(());
            }
            is_past_first.store(line.is_armed(), Ordering::SeqCst);
        }
        if says(b"COMMIT\0") && line.takes(Cut::CommitAnswer) {
            return Ok(());
        }
        to.write_all(&bytes[..count]).await?;
    }
}

impl Line {
    fn is_armed(&self) -> bool {
        self.cut.lock().unwrap().is_some()
    }

    /// Whether it breaks here; only once.
    fn takes(&self, here: Cut) -> bool {
        let mut cut = self.cut.lock().unwrap();
        let is_here = *cut == Some(here);
        if is_here {
            *cut = None;
            self.was_cut.notify_one();
        }
        is_here
    }
}
