//! What is told on stderr while it runs: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::ProgressBar;

/// The bar, or nothing.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Default for Progress {
    fn default() -> Self {
        let bar = std::io::stderr()
            .is_terminal()
            .then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar }
    }
}

impl Progress {
    /// A scenario begins.
    pub fn scenario(&self, name: &str) {
        match &self.bar {
            Some(bar) => bar.set_prefix(name.to_owned()),
            None => eprintln!("{name}"),
        }
    }

    /// What is being done now.
    pub fn step(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("{}: {what}", bar.prefix())),
            None => eprintln!("  {what}"),
        }
    }

    /// Something worth keeping on the screen.
    pub fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.println(what),
            None => eprintln!("  {what}"),
        }
    }

    /// All is done.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
