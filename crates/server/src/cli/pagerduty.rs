//! The settings of PagerDuty, as flags and environment.
use std::path::PathBuf;

use clap::Args;

use crate::{channels::pagerduty::FilePagerDuty, config::Secret};

#[derive(Args)]
pub(super) struct PagerDutyArgs {
    /// The integration key of the PagerDuty service
    #[arg(
        id = "pagerduty_routing_key",
        long = "pagerduty-routing-key",
        env = "BELLWIRE_PAGERDUTY_ROUTING_KEY",
        hide = true,
        hide_env_values = true
    )]
    routing_key: Option<String>,
    /// A file with the integration key of the PagerDuty service that is told of approvals
    #[arg(
        id = "pagerduty_routing_key_file",
        long = "pagerduty-routing-key-file",
        env = "BELLWIRE_PAGERDUTY_ROUTING_KEY_FILE",
        value_name = "FILE"
    )]
    routing_key_file: Option<PathBuf>,
    /// The workspace whose approvals PagerDuty is told of [default: the first]
    #[arg(
        id = "pagerduty_workspace",
        long = "pagerduty-workspace",
        env = "BELLWIRE_PAGERDUTY_WORKSPACE",
        value_name = "ID"
    )]
    workspace: Option<String>,
    /// Where PagerDuty takes events [default: `https://events.pagerduty.com`]
    #[arg(
        id = "pagerduty_base_url",
        long = "pagerduty-base-url",
        env = "BELLWIRE_PAGERDUTY_BASE_URL",
        value_name = "URL"
    )]
    base_url: Option<String>,
}

impl From<PagerDutyArgs> for FilePagerDuty {
    /// An empty variable is as good as none.
    fn from(args: PagerDutyArgs) -> Self {
        let text = |value: Option<String>| value.filter(|value| !value.is_empty());
        Self {
            routing_key: text(args.routing_key).map(Secret::new),
            routing_key_file: args.routing_key_file.filter(|value| !value.as_os_str().is_empty()),
            workspace: text(args.workspace),
            base_url: text(args.base_url),
        }
    }
}
