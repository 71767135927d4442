//! Answers over HTTP/1.1, from good to garbage.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Receiver, body, dev_egress, hurried, read_request, request, status, words};

#[tokio::test]
async fn an_answer_comes_back_with_status_headers_and_body() {
    let receiver = Receiver::answering("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nX-Reply: yes\r\n\r\nok").await;
    let exchange = dev_egress().send(request(&receiver.url())).await;
    let response = exchange.outcome.as_ref().unwrap();
    assert_eq!((response.status, &response.body_prefix[..]), (202, &b"ok"[..]));
    assert_eq!(response.headers["x-reply"], "yes");
    assert!(!response.body_truncated);
    assert_eq!(exchange.remote, Some(receiver.address));
    let timing = exchange.timing;
    assert_eq!((timing.dns_us, timing.reused), (None, false));
    assert!(timing.connect_us.is_some() && timing.first_byte_us.is_some());
    assert!(timing.total_us >= timing.first_byte_us);
}

#[tokio::test]
async fn the_request_is_sent_in_origin_form_with_our_own_connection_headers() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut stream, _| {
        let seen = seen.clone();
        async move {
            seen.send(read_request(&mut stream).await.unwrap()).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let mut outbound = request(&receiver.url());
    for (name, value) in [
        ("host", "elsewhere.example"),
        ("content-length", "3"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("webhook-id", "msg_1"),
    ] {
        outbound.headers.insert(name, value.parse().unwrap());
    }
    assert_eq!(status(&dev_egress().send(outbound).await), 204);
    let sent = requests.recv().await.unwrap();
    assert!(sent.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{sent}");
    assert!(sent.ends_with("\r\n\r\n{\"a\":1}"), "{sent}");
    let sent = sent.to_lowercase();
    assert!(sent.contains(&format!("\r\nhost: {}\r\n", receiver.address)), "{sent}");
    assert!(sent.contains("\r\ncontent-length: 7\r\n"), "{sent}");
    assert!(sent.contains("\r\nwebhook-id: msg_1\r\n"), "{sent}");
    for absent in ["transfer-encoding", "connection:", "elsewhere", "accept-encoding", "cookie"] {
        assert!(!sent.contains(absent), "{absent} in {sent}");
    }
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(words(&dev_egress().send(request(&url)).await), "connect: connection refused");
}

#[tokio::test]
async fn a_reset_or_close_at_any_point_is_an_error() {
    let reset = "connection reset before the response was complete";
    let closed = "connection closed before the response was complete";
    for (answer, abort, expected) in [
        ("", true, reset),
        ("HTTP/1.1 200 OK\r\nX-", true, reset),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true, reset),
        ("", false, closed),
        ("HTTP/1.1 200 OK\r\nX-", false, closed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", false, closed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", false, closed),
        ("HTTP/1.1 100 Continue\r\n\r\n", false, closed),
    ] {
        let receiver = Receiver::start(move |mut stream, _| async move {
            read_request(&mut stream).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            if abort {
                stream.set_zero_linger().unwrap();
            }
        })
        .await;
        let exchange = dev_egress().send(request(&receiver.url())).await;
        assert_eq!(words(&exchange), expected, "{answer:?}, abort: {abort}");
        assert_eq!(receiver.accepted(), 1, "nothing is sent twice");
        assert_eq!(exchange.remote, Some(receiver.address));
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_runs_into_the_deadline() {
    let receiver =
        Receiver::start(|mut stream, _| async move { while read_request(&mut stream).await.is_some() {} }).await;
    let exchange = dev_egress().send(hurried(&receiver.url())).await;
    assert_eq!(words(&exchange), "timeout after 300 ms");
    assert_eq!(exchange.remote, Some(receiver.address));
    assert!(exchange.timing.connect_us.is_some() && exchange.timing.first_byte_us.is_none());
}

#[tokio::test]
async fn a_receiver_that_drips_runs_into_the_deadline() {
    for (start, drop_of) in [
        ("HTTP/1.1 200 OK\r\nX-Slow: ", "a"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "a"),
        ("HTTP/1.1 200 OK\r\n\r\n", "a"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let receiver = Receiver::start(move |mut stream, _| async move {
            read_request(&mut stream).await.unwrap();
            stream.write_all(start.as_bytes()).await.unwrap();
            let mut pace = tokio::time::interval(std::time::Duration::from_millis(10));
            while stream.write_all(drop_of.as_bytes()).await.is_ok() {
                pace.tick().await;
            }
        })
        .await;
        let egress = dev_egress();
        let exchange = egress.send(hurried(&receiver.url())).await;
        assert_eq!(words(&exchange), "timeout after 300 ms", "{start:?}");
        assert_eq!(egress.idle_connections(), 0);
    }
}

#[tokio::test]
async fn server_errors_and_redirects_are_answers_and_redirects_are_not_followed() {
    let elsewhere = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    for code in [301, 302, 303, 307, 308, 404, 410, 500, 503, 599, 999] {
        let answer = format!("HTTP/1.1 {code} Word\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url());
        let receiver = Receiver::answering(answer).await;
        assert_eq!(status(&dev_egress().send(request(&receiver.url())).await), code);
    }
    assert_eq!(elsewhere.accepted(), 0);
}

#[tokio::test]
async fn all_framings_of_a_body_are_read() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more than was announced",
        // Compressed or not: what is kept is what was sent.
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        let receiver = Receiver::answering(answer).await;
        let exchange = dev_egress().send(request(&receiver.url())).await;
        assert_eq!((status(&exchange), body(&exchange)), (200, &b"hello"[..]), "{answer:?}");
    }
}

#[tokio::test]
async fn switching_protocols_is_an_answer_and_ends_the_connection() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw";
    let receiver = Receiver::answering(answer).await;
    let egress = dev_egress();
    let exchange = egress.send(request(&receiver.url())).await;
    assert_eq!((status(&exchange), body(&exchange)), (101, &b""[..]));
    assert_eq!(egress.idle_connections(), 0);
}

#[tokio::test]
async fn garbage_is_an_invalid_response() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "220 mail.example ESMTP\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        "\u{0}\u{1}\u{2}\u{3}\r\n\r\n",
    ] {
        let receiver = Receiver::answering(answer).await;
        let words = words(&dev_egress().send(request(&receiver.url())).await);
        assert!(words.starts_with("invalid response: "), "{answer:?}: {words}");
    }
}
