//! A receiver that does as it is told, down to the bytes and the ways to break a connection.
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::wait::{now, pause};

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The path asked for, with the query.
    pub path: String,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When it had come in, in Unix milliseconds.
    pub at_ms: u64,
    /// The same, on a clock that only goes forward.
    pub at: Instant,
}

impl Seen {
    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The event's id, as every dialect tells it.
    pub fn event_id(&self) -> String {
        self.header("webhook-id").to_owned()
    }
}

/// What the receiver does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers this status.
    Status(u16),
    /// Answers a status with headers and a body.
    With(u16, Vec<(&'static str, String)>, String),
    /// Resets the connection before any byte of an answer.
    Reset,
    /// Resets it in the middle of the headers.
    ResetInHeaders,
    /// Resets it in the middle of the body of a 200.
    ResetInBody,
    /// Closes it in the middle of the body of a 200.
    CloseInBody,
    /// Never answers.
    Hang,
    /// Answers 200 and drips the body, a byte now and then, for ever.
    Drip,
    /// Drips the headers, a byte now and then, for ever.
    DripHeaders,
    /// Answers this status with a body of 1 GiB.
    Huge(u16),
    /// Answers something that is not HTTP.
    Babble,
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

struct Shared {
    script: Mutex<Arc<Script>>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    in_flight: AtomicUsize,
    in_flight_max: AtomicUsize,
    /// Bytes of huge bodies that the other side took.
    taken: AtomicUsize,
    closed: AtomicBool,
}

/// A receiver on a port of its own.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Does the same with every request.
    pub fn always(reply: Reply) -> Self {
        Self::scripted(move |_, _| reply.clone())
    }

    /// Answers 200.
    pub fn ok() -> Self {
        Self::always(Reply::Status(200))
    }

    /// Answers these, in turn; then the last of them.
    pub fn sequence(replies: Vec<Reply>) -> Self {
        Self::scripted(move |_, nth| replies[nth.min(replies.len() - 1)].clone())
    }

    /// Does what `script` says for a request and how many came before it.
    pub fn scripted(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            script: Mutex::new(Arc::new(script)),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            in_flight_max: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if accepting.closed.load(SeqCst) {
                    return;
                }
                accepting.connections.fetch_add(1, SeqCst);
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(socket));
            }
        });
        Self { address, shared }
    }

    /// From now on, this.
    pub fn now_does(&self, reply: Reply) {
        *lock(&self.shared.script) = Arc::new(move |_, _| reply.clone());
    }

    /// The URL of an endpoint here.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests so far.
    pub fn hits(&self) -> usize {
        lock(&self.shared.seen).len()
    }

    /// The ids of the events of every request, in order.
    pub fn event_ids(&self) -> Vec<String> {
        lock(&self.shared.seen).iter().map(Seen::event_id).collect()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    /// The most requests that were open at once.
    pub fn in_flight_max(&self) -> usize {
        self.shared.in_flight_max.load(SeqCst)
    }

    /// How many bytes of huge bodies the other side took.
    pub fn bytes_taken(&self) -> usize {
        self.shared.taken.load(SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.closed.store(true, SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// One connection, kept alive until either side ends it.
    fn serve(&self, socket: TcpStream) -> Option<()> {
        drop(socket.set_nodelay(true));
        let mut reader = BufReader::with_capacity(1, socket.try_clone().ok()?);
        let mut writer = socket;
        loop {
            let Some((seen, length)) = read_request(&mut reader) else {
                // Not HTTP, such as the first words of TLS: said as servers do. Or the end: said in vain.
                drop(respond(&mut writer, 400, &[], "this is not HTTP"));
                return io::copy(&mut reader, &mut io::sink()).ok().map(drop);
            };
            let open = self.in_flight.fetch_add(1, SeqCst) + 1;
            self.in_flight_max.fetch_max(open, SeqCst);
            let (reply, nth) = {
                let mut all = lock(&self.seen);
                let script = Arc::clone(&*lock(&self.script));
                let reply = script(&seen, all.len());
                all.push(seen);
                (reply, all.len())
            };
            let more = self.perform(&reply, &mut writer, &mut reader, length, nth);
            self.in_flight.fetch_sub(1, SeqCst);
            more.ok()?;
        }
    }

    /// An error ends the connection. The last byte of the body is still unread, so that dropping the
    /// socket resets it; who is to end it in peace reads that byte first.
    fn perform(
        &self,
        reply: &Reply,
        socket: &mut TcpStream,
        reader: &mut BufReader<TcpStream>,
        length: usize,
        nth: usize,
    ) -> io::Result<()> {
        let end = || Err(io::ErrorKind::ConnectionAborted.into());
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it";
        if !matches!(reply, Reply::Reset | Reply::ResetInHeaders | Reply::ResetInBody) && length > 0 {
            reader.read_exact(&mut [0])?;
        }
        match reply {
            Reply::Status(status) => respond(socket, *status, &[], &format!("answer {nth}")),
            Reply::With(status, headers, body) => respond(socket, *status, headers, body),
            Reply::Reset => end(),
            Reply::ResetInHeaders => socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").and_then(|()| end()),
            Reply::ResetInBody | Reply::CloseInBody => socket.write_all(half).and_then(|()| end()),
            // The other side gives up first: then there is an end to read.
            Reply::Hang => reader.read_exact(&mut [0]).and_then(|()| end()),
            Reply::Drip => {
                socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")?;
                drip(socket)
            }
            Reply::DripHeaders => {
                socket.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ")?;
                drip(socket)
            }
            Reply::Huge(status) => {
                let size = 1_usize << 30;
                socket.write_all(format!("HTTP/1.1 {status} Huge\r\ncontent-length: {size}\r\n\r\n").as_bytes())?;
                let chunk = vec![b'x'; 64 * 1024];
                for _ in 0..size / chunk.len() {
                    socket.write_all(&chunk)?;
                    self.taken.fetch_add(chunk.len(), SeqCst);
                }
                Ok(())
            }
            Reply::Babble => socket.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").and_then(|()| end()),
        }
    }
}

fn drip(socket: &mut TcpStream) -> io::Result<()> {
    loop {
        socket.write_all(b"x")?;
        pause(Duration::from_millis(50));
    }
}

fn respond(socket: &mut TcpStream, status: u16, headers: &[(&'static str, String)], body: &str) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} Told\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if status == 204 {
        return socket.write_all((head + "\r\n").as_bytes());
    }
    socket.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

/// Reads a request but for the last byte of its body, which the length tells.
#[expect(clippy::disallowed_methods, reason = "when a real process sent a request, for the tests to compare")]
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(Seen, usize)> {
    let (mut headers, mut line) = (Vec::new(), String::new());
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse::<usize>().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if length > 0 {
        reader.read_exact(&mut body[..length - 1]).ok()?;
        let mut last = [0];
        reader.get_ref().peek(&mut last).ok()?;
        body[length - 1] = last[0];
    }
    let at_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Some((Seen { path, headers, body, at_ms: u64::try_from(at_ms).unwrap_or(0), at: now() }, length))
}

/// A TLS server on loopback whose certificate nobody knows; its URL.
pub fn tls_receiver() -> String {
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let key = rcgen::KeyPair::generate().expect("a key");
    let cert = params.self_signed(&key).expect("a certificate");
    let der = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], der)
        .expect("they belong together");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let config = Arc::new(config);
    // It serves until the test's process ends.
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let Ok(mut tls) = rustls::ServerConnection::new(Arc::clone(&config)) else { return };
            while tls.is_handshaking() && tls.complete_io(&mut socket).is_ok() {}
        }
    });
    format!("https://{address}/hook")
}
