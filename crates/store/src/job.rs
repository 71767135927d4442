//! A command on its way to a thread that has a connection, and its answer on the way back.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bellwire_domain::{StoreError, Stored};
use tokio::sync::oneshot;

use crate::{Tx, tx::BoxFuture};

/// A command, whatever it answers.
pub(crate) trait Job: Send {
    /// What it is, for metrics.
    fn name(&self) -> &'static str;
    /// Runs it; whether what it wrote may stay.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Has failed all the same, however it ran: that was undone.
    fn fail(&mut self, error: StoreError);
    /// Sends its answer, now that what it wrote is (or, with an error, is not) durable.
    fn answer(self: Box<Self>, commit: Stored<()>);
}

/// The one shape there is of [`Job`]: the command, and where its answer goes.
pub(crate) struct Task<T, F> {
    name: &'static str,
    command: F,
    result: Option<Stored<T>>,
    answer: oneshot::Sender<Stored<T>>,
}

/// Where the answer comes out.
pub(crate) struct Answer<T>(oneshot::Receiver<Stored<T>>);

impl<T, F> Task<T, F> {
    pub(crate) fn new(name: &'static str, command: F) -> (Self, Answer<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self { name, command, result: None, answer: sender }, Answer(receiver))
    }
}

impl<T> Answer<T> {
    pub(crate) async fn wait(self) -> Stored<T> {
        self.0.await.unwrap_or_else(|_| Err(StoreError::Closed))
    }
}

impl<T, F> Job for Task<T, F>
where
    T: Send + 'static,
    F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, tx: &mut Tx) -> bool {
        let result = run_now(self.name, &mut self.command, tx);
        let good = result.is_ok();
        self.result = Some(result);
        good
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>, commit: Stored<()>) {
        let result = self.result.unwrap_or_else(|| Err(StoreError::Broken("the command was not run".into())));
        let answer = match commit {
            Ok(()) => result,
            Err(error) => Err(error),
        };
        // Nobody may be waiting any more: the caller hung up, what it asked for is done all the same.
        drop(self.answer.send(answer));
    }
}

/// Runs a command to its end on this thread. Commands only wait for statements, and statements
/// answer at once here, so one poll is enough. A panic undoes the command and nothing else.
pub(crate) fn run_now<T, F>(name: &'static str, command: &mut F, tx: &mut Tx) -> Stored<T>
where
    F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>>,
{
    let mut context = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let mut future = pin!(command(tx));
        future.as_mut().poll(&mut context)
    }));
    match polled {
        Ok(Poll::Ready(result)) => result,
        Ok(Poll::Pending) => Err(StoreError::Broken(format!("command {name} waited inside of a transaction"))),
        Err(_) => {
            tracing::error!(command = name, "a command panicked and was undone");
            Err(StoreError::Broken(format!("command {name} panicked")))
        }
    }
}
