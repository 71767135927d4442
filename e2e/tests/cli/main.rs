//! The command line, as people and scripts use it: real processes against a real server.
mod away;
mod catch;
mod codes;
mod keyboard;
mod listen;
mod local;
mod profiles;
mod shell;
mod tree;
mod trigger;
mod wait_for;

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// Passes everything on to a server, and does something first when the client sends what has this in it.
fn relay(to: SocketAddr, marker: &'static str, first: impl Fn() + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let (address, first) = (listener.local_addr().expect("it is bound"), Arc::new(first));
    // It passes on until the test's process ends.
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(to) else { continue };
            let (mut back, mut to_client) =
                (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
            thread::spawn(move || {
                drop(io::copy(&mut back, &mut to_client));
                drop(to_client.shutdown(Shutdown::Both));
            });
            let first = Arc::clone(&first);
            thread::spawn(move || pass(client, server, marker, &*first));
        }
    });
    address
}

fn pass(mut client: TcpStream, mut server: TcpStream, marker: &str, first: &dyn Fn()) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        if String::from_utf8_lossy(&buffer[..count]).contains(marker) {
            first();
        }
        if server.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
    drop(server.shutdown(Shutdown::Both));
}
