//! What `bellwire doctor` says of a PostgreSQL database.
use bellwire_store::{Store, Survey};

use super::doctor::{Report, Verdict};
use crate::config::SecretUrl;

const CHECK: &str = "database";
/// Sessions that one node takes, with some to spare.
const SESSIONS_OF_A_NODE: i64 = 12;
/// A statement locks every partition that it might touch, with its indexes.
const LOCKS: i64 = 128;

pub(super) async fn database(url: &SecretUrl, report: &mut Report) {
    match Store::survey(url.expose().to_owned()).await {
        Ok(survey) => judge(&survey, report),
        Err(error) => {
            let advice = "check the URL, that PostgreSQL runs, and that it lets this machine in";
            report.bad(CHECK, Verdict::Fail, error.to_string(), advice);
        }
    }
}

fn judge(survey: &Survey, report: &mut Report) {
    if survey.version_number < 140_000 {
        let detail = format!("PostgreSQL {}", survey.version);
        return report.bad(CHECK, Verdict::Fail, detail, "use PostgreSQL 14 or later");
    }
    if survey.encoding != "UTF8" {
        let detail = format!("its encoding is {}", survey.encoding);
        return report.bad(CHECK, Verdict::Fail, detail, "make the database with ENCODING 'UTF8'");
    }
    if usize::try_from(survey.schema).is_ok_and(|schema| schema > survey.schema_known) {
        let detail = format!("its schema is {}, this program knows {}", survey.schema, survey.schema_known);
        return report.bad(CHECK, Verdict::Fail, detail, "use the version of the newest node");
    }
    let (allowed, used) = survey.sessions;
    let nodes = survey.nodes;
    report.ok(CHECK, format!("PostgreSQL {}, {nodes} nodes, {used} of {allowed} sessions in use", survey.version));
    if allowed - used < SESSIONS_OF_A_NODE {
        let advice = "raise max_connections, or use pgbouncer in session mode";
        report.bad(CHECK, Verdict::Warn, format!("a node takes up to {SESSIONS_OF_A_NODE} sessions"), advice);
    }
    if survey.locks < LOCKS {
        let detail = format!("max_locks_per_transaction is {}", survey.locks);
        report.bad(CHECK, Verdict::Warn, detail, format!("set it to {LOCKS} when many nodes share the database"));
    }
}
