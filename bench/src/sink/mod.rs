//! The receiver: counts what arrives, notes when, and answers at once.
//!
//! A path says how it answers ([`route::Answer`]): `/ok` with 200, `/500` with 500, `/slow?ms=20`
//! late, `/hang` never, `/gate` as `/hang` while shut and as `/ok` once opened. Whatever follows
//! (`/ok/7`) makes another path with its own counters. Beside these, `/stats`, `/reset`, `/open`
//! and `/shut` are the controls ([`control`]).
//!
//! It must cost far less than what it measures. A connection remembers the route of its last
//! request, so the usual request takes no shared lock but its route's own; the body is scanned for
//! the send time, never parsed.

pub mod control;
pub mod route;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock;
use crate::stamp;
use route::{Answer, Route, Routes};

/// Accepts until the process ends.
pub async fn serve(listener: TcpListener) {
    let routes = Arc::new(Routes::default());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve_connection(stream, Arc::clone(&routes)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, routes: Arc<Routes>) {
    // Without it small answers wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let last = Mutex::new(None);
    let service = service_fn(|request| receive(&routes, &last, request));
    // A peer that goes away is part of what is measured, not an error of the sink.
    let _ = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The route of the request: that of the connection's last one, if the path is the same.
fn route_of(routes: &Routes, last: &Mutex<Option<Arc<Route>>>, path: &str) -> Arc<Route> {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some(route) if route.path() == path => Arc::clone(route),
        _ => Arc::clone(last.insert(routes.at(path))),
    }
}

async fn receive(
    routes: &Routes,
    last: &Mutex<Option<Arc<Route>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.uri().path_and_query().map_or("/", |t| t.as_str());
    if let Some(answer) = control::answer(routes, target) {
        return Ok(answer);
    }
    let route = route_of(routes, last, target);
    let (head, mut body) = request.into_parts();
    let mut sent_us = None;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { break };
        if let (None, Some(data)) = (sent_us, frame.data_ref()) {
            sent_us = stamp::scan(data);
        }
    }
    route.arrived(clock::unix_us(), sent_us);
    if routes.tracks_ids() {
        route.note_id(head.headers.get("webhook-id").map(http::HeaderValue::as_bytes));
    }
    let status = match route.answer() {
        Answer::Ok => StatusCode::OK,
        Answer::Error => StatusCode::INTERNAL_SERVER_ERROR,
        Answer::Slow(delay) => {
            tokio::time::sleep(delay).await;
            StatusCode::OK
        }
        Answer::Gate if routes.gate_is_open() => StatusCode::OK,
        Answer::Gate | Answer::Hang => std::future::pending().await,
    };
    route.answered();
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    Ok(answer)
}
