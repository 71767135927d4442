//! Connections between requests.

use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::{Receiver, dev_config, dev_egress, read_request, request, status, words};
use crate::egress::pool::Body;
use crate::egress::{Egress, EgressConfig};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn keep_alive() -> Receiver {
    Receiver::start(|mut stream, _| async move {
        while read_request(&mut stream).await.is_some() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await
}

/// Lets the connections' own tasks run until `egress` keeps `count` connections.
async fn settle(egress: &Egress, count: usize) {
    while egress.idle_connections() != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_in_a_row_share_one_connection() {
    let receiver = keep_alive().await;
    let egress = dev_egress();
    for round in 0..50 {
        let exchange = egress.send(request(&receiver.url())).await;
        assert_eq!((status(&exchange), exchange.timing.reused), (200, round > 0));
        assert_eq!(exchange.timing.connect_us.is_none(), round > 0);
        assert_eq!(exchange.remote, Some(receiver.address));
    }
    assert_eq!(receiver.accepted(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_side_by_side_have_a_connection_each_and_leave_them_for_later() {
    let receiver = keep_alive().await;
    let egress = dev_egress();
    for _ in 0..20 {
        let sends = (0..8).map(|_| egress.send(request(&receiver.url())));
        for exchange in futures_util::future::join_all(sends).await {
            assert_eq!(status(&exchange), 200);
        }
    }
    assert!(receiver.accepted() < 80, "{} connections for 160 requests", receiver.accepted());
}

#[tokio::test]
async fn idle_connections_are_bounded_per_host_and_in_all() {
    let (one, two) = (keep_alive().await, keep_alive().await);
    let config = EgressConfig { idle_per_host_max: 3, idle_total_max: 4, ..dev_config() };
    let egress = Egress::new(config).unwrap();
    for receiver in [&one, &two] {
        let sends = (0..6).map(|_| egress.send(request(&receiver.url())));
        for exchange in futures_util::future::join_all(sends).await {
            assert_eq!(status(&exchange), 200);
        }
    }
    settle(&egress, 4).await;
    egress.close_idle();
    assert_eq!(egress.idle_connections(), 0);
    assert_eq!(status(&egress.send(request(&one.url())).await), 200);
}

#[tokio::test]
async fn an_idle_connection_grows_old_and_is_closed() {
    let (closed, mut endings) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(OK).await.unwrap();
            }
            closed.send(()).unwrap();
        }
    })
    .await;
    let config = EgressConfig { idle_timeout: Duration::from_millis(20), ..dev_config() };
    let egress = Egress::new(config).unwrap();
    assert_eq!(status(&egress.send(request(&receiver.url())).await), 200);
    endings.recv().await.unwrap();
    assert_eq!(egress.idle_connections(), 0);
    let exchange = egress.send(request(&receiver.url())).await;
    assert!(!exchange.timing.reused);
}

#[tokio::test]
async fn a_connection_closed_between_requests_is_replaced() {
    let (close, closing) = tokio::sync::watch::channel(false);
    let receiver = Receiver::start(move |mut stream, nth| {
        let mut closing = closing.clone();
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(OK).await.unwrap();
                if nth == 0 {
                    closing.wait_for(|now| *now).await.unwrap();
                    return;
                }
            }
        }
    })
    .await;
    let egress = dev_egress();
    assert_eq!(status(&egress.send(request(&receiver.url())).await), 200);
    settle(&egress, 1).await;
    close.send(true).unwrap();
    settle(&egress, 0).await;
    let exchange = egress.send(request(&receiver.url())).await;
    assert_eq!((status(&exchange), exchange.timing.reused), (200, false));
    assert_eq!(receiver.accepted(), 2);
}

/// The narrow case: the pool still believes in the connection, and its driver learns of the close
/// and of the request in the same turn. The driver is ours here, so that turn can be arranged.
#[tokio::test]
async fn a_request_that_was_not_written_goes_out_on_a_fresh_connection() {
    let receiver = keep_alive().await;
    let egress = dev_egress();
    let (near, far) = tokio::io::duplex(1024);
    let (sender, mut driver) = http1::handshake::<_, Body>(TokioIo::new(near)).await.unwrap();
    assert!(futures_util::poll!(&mut driver).is_pending());
    assert!(sender.is_ready());
    drop(far);
    let outbound = request(&receiver.url());
    egress.pool().put(outbound.target.key(), sender, receiver.address);
    let driving = tokio::spawn(driver);
    let exchange = egress.send(outbound).await;
    driving.await.unwrap().unwrap();
    assert_eq!((status(&exchange), exchange.timing.reused), (200, false));
    assert_eq!(receiver.accepted(), 1);
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_not_sent_again() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut stream, _| {
        let seen = seen.clone();
        async move {
            for answer in [OK, b""] {
                seen.send(read_request(&mut stream).await.unwrap()).unwrap();
                stream.write_all(answer).await.unwrap();
            }
        }
    })
    .await;
    let egress = dev_egress();
    assert_eq!(status(&egress.send(request(&receiver.url())).await), 200);
    let exchange = egress.send(request(&receiver.url())).await;
    assert_eq!(words(&exchange), "connection closed before the response was complete");
    assert!(exchange.timing.reused);
    assert_eq!(receiver.accepted(), 1);
    requests.close();
    let mut count = 0;
    while requests.recv().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 2);
}

#[tokio::test]
async fn bytes_after_an_answer_never_become_the_next_answer() {
    let receiver = Receiver::start(|mut stream, nth| async move {
        read_request(&mut stream).await.unwrap();
        stream.write_all(OK).await.unwrap();
        if nth == 0 {
            drop(stream.write_all(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n").await);
        }
        read_request(&mut stream).await;
    })
    .await;
    let egress = dev_egress();
    assert_eq!(status(&egress.send(request(&receiver.url())).await), 200);
    settle(&egress, 0).await;
    assert_eq!(status(&egress.send(request(&receiver.url())).await), 200);
    assert_eq!(receiver.accepted(), 2);
}
