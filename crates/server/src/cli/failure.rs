//! How a command ends when it does not succeed: an exit code, a sentence, and what to try.
use std::{fmt, io, process::ExitCode};

use serde_json::{Value, json};

/// The exit codes of every command; `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Nobody reads on: not an error.
    Quiet = 0,
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    Refused = 4,
    TimedOut = 5,
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    message: String,
    hints: Vec<String>,
    /// The server's own words (RFC 9457), if it was the server that refused.
    problem: Option<Box<Value>>,
}

/// What a command returns.
pub(super) type Done<T = ()> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new(), problem: None }
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The command has printed already what is wrong; only the exit code is left to tell.
    pub(super) fn told() -> Self {
        Self::failed("")
    }

    /// Adds what the user can do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(super) fn with_problem(mut self, problem: Value) -> Self {
        self.problem = Some(Box::new(problem));
        self
    }

    /// Whether the server has too much to do, starts or stops: it may be otherwise soon.
    pub(super) fn is_busy(&self) -> bool {
        self.status().is_some_and(|status| status == 429 || status >= 500)
    }

    /// The same, or the server is away.
    pub(super) fn is_away(&self) -> bool {
        self.is_busy() || matches!(self.exit, Exit::Unreachable | Exit::TimedOut)
    }

    /// The HTTP status, if the server refused.
    pub(super) fn status(&self) -> Option<u64> {
        self.problem.as_ref()?.get("status")?.as_u64()
    }

    /// The sentence alone.
    pub(super) fn sentence(&self) -> &str {
        &self.message
    }

    /// Tells it on stderr, for people or for programs, and gives the exit code.
    pub(super) fn report(&self, json: bool) -> ExitCode {
        if self.exit != Exit::Quiet && !self.message.is_empty() {
            if json {
                let code = self.exit as u8;
                eprintln!(
                    "{}",
                    json!({"error": self.message, "exit_code": code, "hints": self.hints, "problem": self.problem})
                );
            } else {
                eprintln!("{self}");
            }
        }
        ExitCode::from(self.exit as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        let (said, _) = text.split_once("\n\nUsage:").unwrap_or((&text, ""));
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        let mut failure = Self::usage("");
        while let Some(line) = lines.next_if(|line| !line.starts_with("tip: ") && !line.starts_with("For more")) {
            let line = line.trim_start_matches("error: ");
            let between = if failure.message.is_empty() { "" } else { " " };
            failure.message = format!("{}{between}{line}", failure.message);
        }
        for tip in lines.filter_map(|line| line.strip_prefix("tip: ")) {
            failure = failure.hint(tip);
        }
        failure.hint("--help tells what there is")
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // `bellwire events list | head` is not a failure.
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::Quiet } else { Exit::Failed };
        Self::new(exit, error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(format!("not the JSON that was expected: {error}"))
    }
}
