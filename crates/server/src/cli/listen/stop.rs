//! SIGINT, SIGTERM and the key `q`: the first time ends in peace, the second at once.
use std::time::Duration;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

use crate::cli::failure::Done;

/// How often the end was asked for.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    told: u32,
}

impl Stop {
    pub(super) fn listen() -> Done<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, told: 0 })
    }

    /// Asks for the end.
    pub(super) fn tell(&mut self) {
        self.told += 1;
    }

    pub(super) fn is_told(&self) -> bool {
        self.told > 0
    }

    async fn another(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        self.tell();
    }

    /// Waits until the end was asked for.
    pub(super) async fn told(&mut self) {
        while self.told < 1 {
            self.another().await;
        }
    }

    /// Waits until the end was asked for twice.
    pub(super) async fn twice(&mut self) {
        while self.told < 2 {
            self.another().await;
        }
    }

    /// Waits so long, or until the end is asked for.
    pub(super) async fn pause(&mut self, span: Duration) {
        tokio::select! {
            () = sleep(span) => {}
            () = self.told() => {}
        }
    }
}
