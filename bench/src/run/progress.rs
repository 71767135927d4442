//! What is told on stderr while it runs: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The bar, or nothing.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Default for Progress {
    fn default() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:20} {elapsed} {prefix}: {msg}")
                .expect("the template is fixed and valid");
            ProgressBar::no_length().with_style(style)
        });
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar }
    }
}

impl Progress {
    /// As many scenarios will follow.
    pub fn begin(&self, scenarios: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(scenarios);
        }
    }

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
            Some(bar) => bar.set_message(what.to_owned()),
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

    /// The scenario is done.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// All is done.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
