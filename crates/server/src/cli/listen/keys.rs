//! Keys that are pressed in the terminal: one at a time, without Enter. Nothing where there is none.
use std::io::{self, IsTerminal, Read};

use rustix::{
    process::getpgrp,
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr},
};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::cli::out::Out;

/// Keys that wait while one is obeyed; those that are pressed beyond it do nothing. Keeps I12.
const PRESSED_MAX: usize = 16;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// The latest delivery again (1), or the one before it (2), …
    Replay(usize),
    /// The latest deliveries, by number.
    List,
    /// What the keys are.
    Hint,
    Quit,
}

impl Key {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'r' | b'R' => Some(Self::Replay(1)),
            b'1'..=b'9' => Some(Self::Replay(usize::from(byte - b'0'))),
            b'l' | b'L' => Some(Self::List),
            b'?' | b'h' => Some(Self::Hint),
            // The last is Ctrl-D.
            b'q' | b'Q' | 4 => Some(Self::Quit),
            _ => None,
        }
    }
}

/// The keyboard.
pub(super) struct Keys {
    pressed: Option<mpsc::Receiver<Key>>,
    _terminal: Option<Terminal>,
}

/// A terminal that gives each key as it is pressed; as it was before, at the end.
struct Terminal(Termios);

impl Terminal {
    fn open() -> Option<Self> {
        let stdin = io::stdin();
        // In the background the keyboard is somebody else's, and touching it would stop this process.
        if !stdin.is_terminal() || tcgetpgrp(&stdin).ok()? != getpgrp() {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&stdin, OptionalActions::Now, &raw).ok()?;
        Some(Self(before))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Who closed the terminal needs it no more.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).ok();
    }
}

impl Keys {
    pub(super) fn open(out: Out) -> Self {
        let terminal = if out.is_seen() { Terminal::open() } else { None };
        let pressed = terminal.is_some().then(|| {
            let (sender, pressed) = mpsc::channel(PRESSED_MAX);
            // It waits for a key until the process ends.
            std::thread::spawn(move || {
                for byte in io::stdin().lock().bytes().map_while(Result::ok) {
                    let told = Key::of(byte).map_or(Ok(()), |key| sender.try_send(key));
                    if let Err(TrySendError::Closed(_)) = told {
                        return;
                    }
                }
            });
            pressed
        });
        Self { pressed, _terminal: terminal }
    }

    pub(super) fn are_there(&self) -> bool {
        self.pressed.is_some()
    }

    /// The next one; never, where there is no keyboard.
    pub(super) async fn next(&mut self) -> Key {
        if let Some(pressed) = &mut self.pressed {
            if let Some(key) = pressed.recv().await {
                return key;
            }
            // The terminal has ended.
            self.pressed = None;
        }
        std::future::pending().await
    }
}
