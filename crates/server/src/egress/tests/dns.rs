//! Names, and the addresses they claim to have.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

use super::{PATIENT, Receiver, dev_config, dev_egress, request, status, words};
use crate::egress::{AddressPolicy, Egress, EgressConfig, OutboundRequest};

fn with_host(name: &str, addresses: &[&str]) -> EgressConfig {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    EgressConfig { hosts: HashMap::from([(name.to_owned(), addresses)]), ..dev_config() }
}

/// A name server that gives every name these IPv4 addresses; none means there is no such name.
async fn name_server(addresses: Vec<Ipv4Addr>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 1500];
        loop {
            let (_, peer) = socket.recv_from(&mut query).await.unwrap();
            socket.send_to(&answer(&query, &addresses), peer).await.unwrap();
        }
    });
    address
}

/// RFC 1035 section 4.1: the header, the question as it came, and A records for an A question.
fn answer(query: &[u8], addresses: &[Ipv4Addr]) -> Vec<u8> {
    let mut end = 12;
    while query[end] != 0 {
        end += usize::from(query[end]) + 1;
    }
    let question = &query[12..end + 5];
    let is_a = question[question.len() - 4..] == [0, 1, 0, 1];
    let given: &[Ipv4Addr] = if is_a { addresses } else { &[] };
    let code = if addresses.is_empty() { 3 } else { 0 };
    let count = u8::try_from(given.len()).unwrap();
    let mut reply = vec![query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0];
    reply.extend_from_slice(question);
    for address in given {
        reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend_from_slice(&address.octets());
    }
    reply
}

async fn asking(addresses: &[[u8; 4]]) -> EgressConfig {
    let addresses = addresses.iter().map(|octets| Ipv4Addr::from(*octets)).collect();
    EgressConfig { nameservers: vec![name_server(addresses).await], ..dev_config() }
}

#[tokio::test]
async fn localhost_resolves_without_dns() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let url = format!("http://localhost:{}/", receiver.address.port());
    let exchange = dev_egress().send(request(&url)).await;
    assert_eq!(status(&exchange), 204);
    assert!(exchange.timing.dns_us.is_some());
}

#[tokio::test]
async fn a_name_is_looked_up_and_its_address_dialled() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let egress = Egress::new(asking(&[[127, 0, 0, 1]]).await).unwrap();
    let url = format!("http://hooks.example:{}/", receiver.address.port());
    let exchange = egress.send(request(&url)).await;
    assert_eq!((status(&exchange), exchange.remote), (204, Some(receiver.address)));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_named() {
    let egress = Egress::new(asking(&[]).await).unwrap();
    let exchange = egress.send(request("http://example.invalid/")).await;
    assert_eq!(words(&exchange), "dns: no such host example.invalid");
    assert_eq!(exchange.remote, None);
}

#[tokio::test]
async fn a_name_that_points_inside_is_refused() {
    for (address, expected) in [
        ([10, 0, 0, 8], "blocked: 10.0.0.8 is a private address"),
        ([169, 254, 169, 254], "blocked: 169.254.169.254 is a cloud metadata address"),
        ([0, 0, 0, 0], "blocked: 0.0.0.0 is an unspecified address"),
    ] {
        let egress = Egress::new(asking(&[address]).await).unwrap();
        let exchange = egress.send(request("http://rebind.example/")).await;
        assert_eq!(words(&exchange), expected);
    }
}

#[tokio::test]
async fn one_refused_address_among_good_ones_refuses_the_target() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let config = with_host("mixed.example", &["127.0.0.1", "10.0.0.8"]);
    let url = format!("http://mixed.example:{}/", receiver.address.port());
    let exchange = Egress::new(config).unwrap().send(request(&url)).await;
    assert_eq!(words(&exchange), "blocked: 10.0.0.8 is a private address");
    let config = asking(&[[127, 0, 0, 1], [10, 0, 0, 8]]).await;
    let exchange = Egress::new(config).unwrap().send(request(&url)).await;
    assert_eq!(words(&exchange), "blocked: 10.0.0.8 is a private address");
    assert_eq!(receiver.accepted(), 0);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let config = with_host("two.example", &["127.0.0.2", "127.0.0.1"]);
    let url = format!("http://two.example:{}/", receiver.address.port());
    let exchange = Egress::new(config).unwrap().send(request(&url)).await;
    assert_eq!((status(&exchange), exchange.remote), (204, Some(receiver.address)));
}

#[tokio::test]
async fn the_door_judges_again_whatever_was_saved_under_other_rules() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let target = super::dev_policy().check_url(&receiver.url()).unwrap();
    let outbound = || OutboundRequest::post(target.clone(), HeaderMap::new(), Bytes::new(), PATIENT);
    let send = async |policy: AddressPolicy| {
        let egress = Egress::new(EgressConfig { policy, ..EgressConfig::default() }).unwrap();
        words(&egress.send(outbound()).await)
    };
    let mut policy = AddressPolicy::default();
    assert_eq!(send(policy.clone()).await, "blocked: http is not allowed, use https");
    policy.allow_http = true;
    assert_eq!(send(policy.clone()).await, "blocked: 127.0.0.1 is a loopback address");
    policy.allow_loopback = true;
    let port = receiver.address.port();
    policy.deny_ports.push(port);
    assert_eq!(send(policy).await, format!("blocked: port {port} is not allowed"));
    assert_eq!(receiver.accepted(), 0);
}

#[tokio::test]
async fn silent_name_servers_run_into_the_deadline() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let config = EgressConfig { nameservers: vec![socket.local_addr().unwrap()], ..dev_config() };
    let exchange = Egress::new(config).unwrap().send(super::hurried("http://a.example/")).await;
    assert_eq!(words(&exchange), "timeout after 300 ms");
    assert_eq!((exchange.timing.dns_us, exchange.remote), (None, None::<SocketAddr>));
}

/// A listener whose queue is full, so that further connection attempts are left without answer,
/// and the connections that fill it.
async fn silent_listener(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut queued = Vec::new();
    let brief = Duration::from_millis(200);
    while let Ok(stream) = timeout(brief, TcpStream::connect(listener.local_addr().unwrap())).await {
        queued.push(stream.unwrap());
    }
    (listener, queued)
}

#[tokio::test]
async fn an_address_that_never_answers_runs_into_the_deadline() {
    let (listener, _queued) = silent_listener("127.0.0.1:0".parse().unwrap()).await;
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let exchange = dev_egress().send(super::hurried(&url)).await;
    assert_eq!(words(&exchange), "timeout after 300 ms");
    assert_eq!(exchange.timing.connect_us, None);
}

#[tokio::test]
async fn an_address_that_never_answers_leaves_time_for_the_next() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let port = receiver.address.port();
    let (_listener, _queued) = silent_listener(([127, 0, 0, 2], port).into()).await;
    let config = with_host("half.example", &["127.0.0.2", "127.0.0.1"]);
    let mut outbound = request(&format!("http://half.example:{port}/"));
    outbound.timeout = Duration::from_secs(4);
    let exchange = Egress::new(config).unwrap().send(outbound).await;
    assert_eq!((status(&exchange), exchange.remote), (204, Some(receiver.address)));
}
