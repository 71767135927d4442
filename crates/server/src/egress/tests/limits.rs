//! Receivers that answer more than anybody wants to hold.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::sync::{Mutex, oneshot};

use super::{Receiver, body, dev_egress, read_request, request, status, words};

#[tokio::test]
async fn a_body_of_one_gibibyte_is_read_only_a_little_and_the_status_decides() {
    let (done, written) = oneshot::channel();
    let done = Arc::new(Mutex::new(Some(done)));
    let receiver = Receiver::start(move |mut stream, _| {
        let done = Arc::clone(&done);
        async move {
            read_request(&mut stream).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
            stream.write_all(head).await.unwrap();
            let mut count = 0_usize;
            while let Ok(bytes) = stream.write(&[b'x'; 16_000]).await {
                count += bytes;
                if count >= 1 << 30 {
                    break;
                }
            }
            done.lock().await.take().unwrap().send(count).unwrap();
        }
    })
    .await;
    let egress = dev_egress();
    let exchange = egress.send(request(&receiver.url())).await;
    assert_eq!((status(&exchange), body(&exchange).len()), (200, 4096));
    assert!(exchange.outcome.unwrap().body_truncated);
    assert_eq!(egress.idle_connections(), 0, "the rest is not worth waiting for");
    // One MiB read; the rest is what the sockets' own buffers took.
    assert!(written.await.unwrap() < 32 << 20);
}

#[tokio::test]
async fn a_body_between_kept_and_read_is_cut_and_its_connection_kept() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", "y".repeat(100_000));
    let receiver = Receiver::start(move |mut stream, _| {
        let answer = answer.clone();
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let egress = dev_egress();
    for round in 0..3 {
        let mut outbound = request(&receiver.url());
        outbound.response_bytes_kept = 10;
        let exchange = egress.send(outbound).await;
        assert_eq!(body(&exchange), b"yyyyyyyyyy");
        assert!(exchange.outcome.as_ref().unwrap().body_truncated);
        assert_eq!(exchange.timing.reused, round > 0);
    }
}

#[tokio::test]
async fn a_body_that_just_fits_is_whole() {
    for (length, truncated) in [(0, false), (4095, false), (4096, false), (4097, true)] {
        let content = "z".repeat(length);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{content}");
        let receiver = Receiver::answering(answer).await;
        let exchange = dev_egress().send(request(&receiver.url())).await;
        assert_eq!(body(&exchange).len(), length.min(4096));
        assert_eq!(exchange.outcome.unwrap().body_truncated, truncated, "{length}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_an_error() {
    let one_long = format!("X-Long: {}\r\n", "a".repeat(70_000));
    let many_small = "X-Many: 1\r\n".repeat(101);
    let endless = "X-Endless: 0123456789\r\n".repeat(100_000);
    for head in [one_long, many_small, endless] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n");
        let receiver = Receiver::start(move |mut stream, _| {
            let answer = answer.clone();
            async move {
                read_request(&mut stream).await.unwrap();
                // The client stops reading on the way, which is the point.
                drop(stream.write_all(answer.as_bytes()).await);
                read_request(&mut stream).await;
            }
        })
        .await;
        let exchange = dev_egress().send(request(&receiver.url())).await;
        assert_eq!(words(&exchange), "response headers over 64 KiB or 100 fields");
    }
}
