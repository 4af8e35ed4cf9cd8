//! Records a real store, Redis with a replica, and names the stale reads of the replica.
//!
//!     cargo run -p redis-replica [FILE]
//!
//! It starts two `redis-server`s of its own on free ports of this machine, with a temporary folder
//! and without persistence, one a replica of the other. Clients write to the primary and read from
//! either. Redis replicates asynchronously, as its documentation says: so this shows no fault of
//! Redis, but what reading from a replica means.
//!
//! On one machine the replica lags by less than a millisecond. To have a lag that is seen without
//! luck, it is connected through a link of this program's own, which now and then holds back for a
//! while what the primary sends, as a slow network would. Redis itself is as it comes.
//!
//! Without `redis-server` on the path, it says so and does nothing.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use histcheck::explain::Explanation;
use histcheck::record::{Annotator, Process};
use histcheck::{History, Options, Recorder, Report, Session};
use redis::{Client, Connection};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many operations each client does, with a pause after each.
const OPERATIONS: usize = 300;
const PAUSE: Duration = Duration::from_millis(2);
/// How long the link holds back what it is given, and how long it does not.
const HOLD: Duration = Duration::from_millis(40);
const KEYS: [&str; 3] = ["x", "y", "z"];
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let path = given.clone().unwrap_or_else(|| temporary("jsonl"));
    let outcome = run(&path);
    if given.is_none() {
        let _ = fs::remove_file(&path);
    }
    match outcome {
        Ok(None) => println!("skipped: there is no redis-server on the path"),
        Ok(Some(checked)) => print(&checked),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What came of a run.
struct Checked {
    /// What the clients saw.
    history: History,
    /// What histcheck says about it.
    report: Report,
    /// And why.
    explanation: Explanation,
}

/// Records into the file `path`, and checks. `None` if there is no `redis-server`.
fn run(path: &Path) -> Fallible<Option<Checked>> {
    let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    match version {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let recorder = Recorder::builder()
        .metadata("model", "register")
        .metadata("store", "Redis: one primary, one replica")
        .create(path)?;
    record(&recorder)?;
    let history = histcheck::read_recording(recorder)?;
    let options = Options::default();
    let report = histcheck::check(&history, &options)?;
    let explanation = Session::new(&history, &options)?.explain(&report, 10)?;
    Ok(Some(Checked { history, report, explanation }))
}

#[allow(dead_code)]
fn print(checked: &Checked) {
    let Checked { history, report, explanation } = checked;
    let invalid = report.failures().count();
    println!(
        "{} operations on {} keys: {:?}, {invalid} keys have a violation",
        history.operations().len(),
        report.keys.len(),
        report.verdict,
    );
    for anomaly in &explanation.anomalies {
        println!("{}: {}", anomaly.kind, anomaly.summary);
    }
    if explanation.more > 0 {
        println!("and {} more", explanation.more);
    }
}

/// Lets clients work at a pair of servers.
fn record(recorder: &Recorder) -> Fallible<()> {
    let primary = Server::start(None)?;
    let link = Link::to(primary.port)?;
    let replica = Server::start(Some(link.port))?;
    replica.wait_until("the replica has the primary's data", |connection| {
        let info: String = redis::cmd("INFO").arg("replication").query(connection)?;
        Ok(info.contains("master_link_status:up"))
    })?;
    let next = &AtomicI64::new(1);
    let is_done = &AtomicBool::new(false);
    thread::scope(|scope| {
        let mut clients = Vec::new();
        for _ in 0..2 {
            let (process, connection) = (recorder.process(), primary.connect()?);
            let process = process.with("node", "primary");
            clients.push(scope.spawn(move || write_and_read(process, connection, next)));
        }
        for (server, node) in [(&primary, "primary"), (&replica, "replica"), (&replica, "replica")]
        {
            let (process, connection) = (recorder.process(), server.connect()?);
            let process = process.with("node", node);
            clients.push(scope.spawn(move || only_read(process, connection)));
        }
        let (nemesis, link) = (recorder.annotator("nemesis"), &link);
        scope.spawn(move || slow_down(nemesis, link, is_done));
        let panicked = clients.into_iter().filter_map(|client| client.join().err()).count();
        is_done.store(true, Ordering::Release);
        if panicked > 0 { Err("a client panicked".into()) } else { Ok(()) }
    })
}

/// A client of the primary: in turn, writes a number that nobody wrote before, and reads.
fn write_and_read(mut process: Process, mut connection: Connection, next: &AtomicI64) {
    for turn in 0..OPERATIONS {
        let key = KEYS[turn / 2 % KEYS.len()];
        if turn % 2 == 1 {
            read(&mut process, &mut connection, key);
        } else {
            let value = next.fetch_add(1, Ordering::Relaxed);
            let call = process.invoke_key("write", key, value);
            match redis::cmd("SET").arg(key).arg(value).exec(&mut connection) {
                Ok(()) => call.ok(()),
                // It may have been done all the same.
                Err(error) => call.with("error", error.to_string()).info(),
            }
        }
        thread::sleep(PAUSE);
    }
}

/// A client that reads from one of the servers.
fn only_read(mut process: Process, mut connection: Connection) {
    for turn in 0..OPERATIONS {
        read(&mut process, &mut connection, KEYS[turn % KEYS.len()]);
        thread::sleep(PAUSE);
    }
}

fn read(process: &mut Process, connection: &mut Connection, key: &'static str) {
    let call = process.invoke_key("read", key, ());
    match redis::cmd("GET").arg(key).query::<Option<i64>>(connection) {
        Ok(value) => call.ok(value),
        // It changed nothing, and nobody saw what it would have returned.
        Err(error) => call.with("error", error.to_string()).fail(),
    }
}

/// Lets the link hold back what it is given, again and again.
fn slow_down(mut nemesis: Annotator, link: &Link, is_done: &AtomicBool) {
    while !is_done.load(Ordering::Acquire) {
        nemesis.note("hold-replication", ());
        link.is_held.store(true, Ordering::Release);
        thread::sleep(HOLD);
        link.is_held.store(false, Ordering::Release);
        nemesis.note("release-replication", ());
        thread::sleep(HOLD);
    }
}

/// A way to the primary that can be slow. It ends with this value, and its connections with those
/// of the servers.
struct Link {
    port: u16,
    /// Whether it holds back what the primary sends.
    is_held: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Link {
    fn to(primary: u16) -> io::Result<Link> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let (is_held, is_over) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let link = Link { port, is_held: Arc::clone(&is_held), is_over: Arc::clone(&is_over) };
        thread::spawn(move || {
            for replica in listener.incoming() {
                if is_over.load(Ordering::Acquire) {
                    break;
                }
                // What fails here, the replica tries again.
                let _ = replica.and_then(|replica| connect_through(replica, primary, &is_held));
            }
        });
        Ok(link)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.is_held.store(false, Ordering::Release);
        self.is_over.store(true, Ordering::Release);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Copies bytes both ways, until either side closes; what the primary sends waits while it is held.
fn connect_through(
    mut replica: TcpStream,
    primary: u16,
    is_held: &Arc<AtomicBool>,
) -> io::Result<()> {
    let mut primary = TcpStream::connect(("127.0.0.1", primary))?;
    let (mut to_primary, mut from_replica) = (primary.try_clone()?, replica.try_clone()?);
    let is_held = Arc::clone(is_held);
    thread::spawn(move || {
        let _ = io::copy(&mut from_replica, &mut to_primary);
        let _ = to_primary.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = primary.read(&mut bytes) {
            while is_held.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(1));
            }
            if replica.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = replica.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// A `redis-server` in a folder of its own; both go with this value.
struct Server {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl Server {
    /// Starts a server, as a replica of the one at `primary` if there is one, and waits until it
    /// answers. The port is free when it is chosen; should someone else take it, another is tried.
    fn start(primary: Option<u16>) -> Fallible<Server> {
        let mut last: Box<dyn Error + Send + Sync> = "no port was tried".into();
        for _ in 0..5 {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            let folder = temporary(&port.to_string());
            fs::create_dir_all(&folder)?;
            let mut command = Command::new("redis-server");
            command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
            command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
            command.args(["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"]);
            command.arg("--dir").arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
            if let Some(primary) = primary {
                command.arg("--replicaof").arg(format!("127.0.0.1 {primary}"));
            }
            let process = match command.spawn() {
                Ok(process) => process,
                Err(error) => {
                    let _ = fs::remove_dir_all(&folder);
                    return Err(error.into());
                }
            };
            let mut server = Server { process, port, folder };
            match server.wait_until("it answers", |connection| {
                Ok(redis::cmd("PING").query::<String>(connection)? == "PONG")
            }) {
                Ok(()) if server.process.try_wait()?.is_none() => return Ok(server),
                Ok(()) => last = "another server has the port".into(),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn connect(&self) -> redis::RedisResult<Connection> {
        let connection = Client::open(format!("redis://127.0.0.1:{}/", self.port))?
            .get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(connection)
    }

    /// Asks again and again until the answer is yes.
    fn wait_until(
        &self,
        what: &str,
        is_so: impl Fn(&mut Connection) -> redis::RedisResult<bool>,
    ) -> Fallible<()> {
        let start = Instant::now();
        loop {
            let answer = self.connect().and_then(|mut connection| is_so(&mut connection));
            match answer {
                Ok(true) => return Ok(()),
                _ if start.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(20)),
                Ok(false) => return Err(format!("waited in vain until {what}").into()),
                Err(error) => return Err(format!("waited until {what}: {error}").into()),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A path for this run alone.
fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("histcheck-redis-{}-{name}", std::process::id()))
}
