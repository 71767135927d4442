//! A small HTTP client: one connection per request, so that a server that was killed leaves nothing.
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// A client with a key.
#[derive(Debug, Clone)]
pub struct Api {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The API key; none sends none.
    pub key: Option<String>,
}

/// A request as it is sent.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// `GET`, …
    pub method: String,
    /// With the query.
    pub path: String,
    /// Besides the key and the length.
    pub headers: Vec<(String, String)>,
    /// The body; none sends no length either.
    pub body: Option<Vec<u8>>,
}

impl Call {
    /// A request without a body.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), ..Self::default() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string().as_bytes())
    }

    /// With these bytes as the body.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }
}

/// The page on which every error has its part.
const ERRORS: &str = include_str!("../../docs/reference/errors.md");

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The request, for messages.
    pub call: String,
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A problem that the page of errors does not have is a failed test, whatever else is tested.
    #[track_caller]
    fn is_documented(&self) {
        if self.status < 400 || self.header("content-type") != Some("application/problem+json") {
            return;
        }
        let problem = self.json();
        let code = text(&problem["code"]);
        let known = ERRORS.contains(&format!("\n## {code}\n\n**{}** ", self.status));
        let named =
            problem["type"] == format!("https://bellwire.dev/errors/{code}") && problem["status"] == self.status;
        assert!(
            known && named,
            "{} answered a problem that docs/reference/errors.md does not have: {problem}",
            self.call
        );
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body, if the status is this one; a failed test if not.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{} answered {text}", self.call);
        self.json()
    }

    /// The fields that a refusal names.
    pub fn fields(&self) -> Vec<String> {
        list(&self.json()["errors"]).iter().map(|error| text(&error["field"])).collect()
    }
}

/// A JSON string's text; empty if it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A JSON number; a failed test if it is none.
#[track_caller]
pub fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// A JSON array's items; none if it is none.
pub fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

impl Api {
    /// The same server with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { address: self.address, key: Some(key.to_owned()) }
    }

    /// The same server with no key.
    #[must_use]
    pub fn without_key(&self) -> Self {
        Self { address: self.address, key: None }
    }

    /// Sends a request; a failed test if no answer came.
    #[track_caller]
    pub fn send(&self, call: &Call) -> Answer {
        self.try_send(call).unwrap_or_else(|error| panic!("{} {}: {error}", call.method, call.path))
    }

    /// Sends a request to a server that may be gone.
    pub fn try_send(&self, call: &Call) -> io::Result<Answer> {
        self.try_send_within(call, Duration::from_secs(90))
    }

    /// [`Api::try_send`], but with another limit for each wait for a byte.
    pub fn try_send_within(&self, call: &Call, limit: Duration) -> io::Result<Answer> {
        let mut socket = self.connect(call, "HTTP/1.1")?;
        socket.set_read_timeout(Some(limit))?;
        // A server that refuses early may close before it has read everything: its answer counts.
        drop(socket.write_all(call.body.as_deref().unwrap_or_default()));
        let mut reader = BufReader::new(socket);
        let (status, headers) = read_head(&mut reader)?;
        let mut answer = Answer { call: format!("{} {}", call.method, call.path), status, headers, body: Vec::new() };
        match answer.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
            Some(length) => {
                answer.body = vec![0; length];
                reader.read_exact(&mut answer.body)?;
            }
            None if answer.header("transfer-encoding") == Some("chunked") => answer.body = read_chunks(&mut reader)?,
            None => drop(reader.read_to_end(&mut answer.body)?),
        }
        answer.is_documented();
        Ok(answer)
    }

    fn connect(&self, call: &Call, version: &str) -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect_timeout(&self.address, Duration::from_secs(10))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(90)))?;
        let mut head =
            format!("{} {} {version}\r\nhost: {}\r\nconnection: close\r\n", call.method, call.path, self.address);
        if let Some(key) = &self.key {
            head.extend(["authorization: Bearer ", key, "\r\n"]);
        }
        for (name, value) in &call.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if let Some(body) = &call.body {
            head.extend(["content-type: application/json\r\ncontent-length: ", &body.len().to_string(), "\r\n"]);
        }
        socket.write_all((head + "\r\n").as_bytes())?;
        Ok(socket)
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send(&Call::new("GET", path))
    }

    /// POST.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&Call::new("POST", path).json(body))
    }

    /// PATCH.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(&Call::new("PATCH", path).json(body))
    }

    /// DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send(&Call::new("DELETE", path))
    }

    /// Opens a stream of Server-Sent Events. HTTP/1.0, so that the body comes unwrapped.
    #[track_caller]
    pub fn stream(&self, call: &Call) -> Stream {
        let opened = self.connect(call, "HTTP/1.0").and_then(|socket| {
            let mut reader = BufReader::new(socket);
            read_head(&mut reader).map(|(status, _)| (reader, status))
        });
        let (reader, status) = opened.unwrap_or_else(|error| panic!("{}: {error}", call.path));
        assert_eq!(status, 200, "{}", call.path);
        Stream { reader }
    }
}

fn read_head(reader: &mut impl BufRead) -> io::Result<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => return Ok((status, headers)),
        }
    }
}

/// A body in chunks; an error if it ends before the last one.
fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim_end(), 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let (start, mut end) = (body.len(), [0; 2]);
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..])?;
        reader.read_exact(&mut end)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

/// Server-Sent Events as they come.
#[derive(Debug)]
pub struct Stream {
    reader: BufReader<TcpStream>,
}

impl Stream {
    /// The next lines up to an empty one, as they were sent: an event or a comment; none when the server is gone.
    pub fn frame(&mut self) -> Option<String> {
        let mut frame = String::new();
        loop {
            let before = frame.len();
            if self.reader.read_line(&mut frame).ok()? == 0 {
                return None;
            }
            if frame[before..].trim_end_matches(['\r', '\n']).is_empty() && before > 0 {
                return Some(frame);
            }
        }
    }
}

impl Iterator for Stream {
    /// The id and the data.
    type Item = (String, Value);

    /// The next event; none when the server is gone.
    fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let frame = self.frame()?;
            let (mut id, mut data) = (String::new(), String::new());
            for line in frame.lines() {
                match line.split_once(": ") {
                    Some(("id", value)) => value.clone_into(&mut id),
                    Some(("data", value)) => data += value,
                    _ => {}
                }
            }
            if !data.is_empty() {
                return Some((id, serde_json::from_str(&data).unwrap_or_default()));
            }
        }
    }
}
