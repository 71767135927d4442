//! The door against receivers that behave, misbehave and lie, all on loopback.

mod dns;
mod http1;
mod limits;
mod policy;
mod reuse;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{AddressPolicy, Egress, EgressConfig, Exchange, OutboundRequest};

/// Long enough for a busy machine; only tests of the deadline itself use a shorter one.
const PATIENT: Duration = Duration::from_secs(20);

fn dev_policy() -> AddressPolicy {
    AddressPolicy { allow_loopback: true, allow_http: true, ..AddressPolicy::default() }
}

fn dev_config() -> EgressConfig {
    EgressConfig { policy: dev_policy(), ..EgressConfig::default() }
}

fn dev_egress() -> Egress {
    Egress::new(dev_config()).unwrap()
}

fn request(url: &str) -> OutboundRequest {
    let target = dev_policy().check_url(url).unwrap();
    OutboundRequest::post(target, HeaderMap::new(), Bytes::from_static(b"{\"a\":1}"), PATIENT)
}

fn hurried(url: &str) -> OutboundRequest {
    OutboundRequest { timeout: Duration::from_millis(300), ..request(url) }
}

fn status(exchange: &Exchange) -> u16 {
    exchange.outcome.as_ref().unwrap().status
}

fn words(exchange: &Exchange) -> String {
    exchange.outcome.as_ref().unwrap_err().to_string()
}

fn body(exchange: &Exchange) -> &[u8] {
    &exchange.outcome.as_ref().unwrap().body_prefix
}

/// A listener that runs a script on every connection, given the connection's number from 0.
struct Receiver {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Receiver {
    async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(TcpStream, usize) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(script(stream, count.fetch_add(1, Ordering::SeqCst)));
            }
        });
        Self { address, accepted }
    }

    /// Answers the first request of every connection with `answer` and closes.
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::start(move |mut stream, _| {
            let answer = Arc::clone(&answer);
            async move {
                read_request(&mut stream).await.unwrap();
                stream.write_all(&answer).await.unwrap();
                // Reading to the end first keeps the close from becoming a reset.
                stream.shutdown().await.unwrap();
                drop(stream.read(&mut [0; 64]).await);
            }
        })
        .await
    }

    fn url(&self) -> String {
        format!("http://{}/hook?x=1", self.address)
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Head and body of one request, or nothing when the peer closed first.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    loop {
        if let Some(end) = find(&seen, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if seen.len() >= end + 4 + length {
                return Some(String::from_utf8(seen).unwrap());
            }
        }
        if stream.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
