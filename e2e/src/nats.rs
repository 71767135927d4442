//! A NATS server of a test's own, and as much of a client as it takes to look into a stream.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{count, eventually, text};

/// A server with JetStream on a port of its own.
#[derive(Debug)]
pub struct Nats {
    address: SocketAddr,
    dir: TempDir,
    child: Option<Child>,
}

/// A message of a stream.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its subject.
    pub subject: String,
    /// Its headers, as they were sent.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Value,
}

impl Message {
    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

fn binary() -> PathBuf {
    // Debian keeps it where only root looks.
    let system = Path::new("/usr/sbin/nats-server");
    if system.exists() { system.to_owned() } else { "nats-server".into() }
}

impl Nats {
    /// A server that does not run yet.
    pub fn stopped() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        let dir = TempDir::with_prefix("bellwire-nats-").expect("a temporary directory");
        Self { address: free.expect("a port is free"), dir, child: None }
    }

    /// A running server with nothing in it.
    #[track_caller]
    pub fn start() -> Self {
        let mut nats = Self::stopped();
        nats.run();
        nats
    }

    /// Starts it on what it has; returns when it answers.
    #[track_caller]
    pub fn run(&mut self) {
        let mut command = Command::new(binary());
        command.args(["--addr", "127.0.0.1", "--port", &self.address.port().to_string(), "--jetstream"]);
        command.arg("--store_dir").arg(self.dir.path()).arg("--log").arg(self.dir.path().join("nats.log"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.expect("nats-server is installed: scripts/need sees to it"));
        eventually("NATS answers", || {
            Client::connect(self.address)?.request("$JS.API.INFO", &json!({}))?.get("limits").map(drop)
        });
    }

    /// `kill -9`, and gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Asks the server; a failed test if it does not answer.
    #[track_caller]
    pub fn ask(&self, subject: &str, body: &Value) -> Value {
        let answer = Client::connect(self.address).and_then(|mut client| client.request(subject, body));
        answer.unwrap_or_else(|| panic!("NATS does not answer {subject}"))
    }

    /// How many messages a stream has; none if there is no stream.
    pub fn total(&self, stream: &str) -> u64 {
        let info = Client::connect(self.address)
            .and_then(|mut client| client.request(&format!("$JS.API.STREAM.INFO.{stream}"), &json!({})));
        info.and_then(|info| info["state"]["messages"].as_u64()).unwrap_or(0)
    }

    /// Every message of a stream, in order.
    #[track_caller]
    pub fn messages(&self, stream: &str) -> Vec<Message> {
        let state = self.ask(&format!("$JS.API.STREAM.INFO.{stream}"), &json!({}))["state"].clone();
        let mut client = Client::connect(self.address).expect("NATS answers");
        let mut messages = Vec::new();
        for seq in count(&state["first_seq"])..=count(&state["last_seq"]) {
            let got = client.request(&format!("$JS.API.STREAM.MSG.GET.{stream}"), &json!({"seq": seq}));
            let message = got.expect("NATS answers")["message"].clone();
            let decode = |name: &str| BASE64_STANDARD.decode(text(&message[name])).expect("base64");
            let headers = String::from_utf8(decode("hdrs")).expect("text");
            let headers = headers.lines().filter_map(|line| line.split_once(':'));
            messages.push(Message {
                subject: text(&message["subject"]),
                headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
                body: serde_json::from_slice(&decode("data")).expect("JSON"),
            });
        }
        messages
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection that asks one thing after the other.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> Option<Self> {
        let socket = TcpStream::connect(address).ok()?;
        socket.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let mut reader = BufReader::new(socket);
        let mut greeting = String::new();
        reader.read_line(&mut greeting).ok()?;
        reader.get_mut().write_all(b"CONNECT {\"verbose\":false}\r\nSUB answers 1\r\n").ok()?;
        Some(Self { reader })
    }

    fn request(&mut self, subject: &str, body: &Value) -> Option<Value> {
        let body = body.to_string();
        let request = format!("PUB {subject} answers {}\r\n{body}\r\n", body.len());
        self.reader.get_mut().write_all(request.as_bytes()).ok()?;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.starts_with("PING") {
                self.reader.get_mut().write_all(b"PONG\r\n").ok()?;
            } else if line.starts_with("MSG ") {
                let length: usize = line.trim_end().rsplit(' ').next()?.parse().ok()?;
                let mut answer = vec![0; length + 2];
                self.reader.read_exact(&mut answer).ok()?;
                return serde_json::from_slice(&answer[..length]).ok();
            } else if line.starts_with("-ERR") {
                return None;
            }
        }
    }
}
