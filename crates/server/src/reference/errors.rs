//! Every error, from the table that makes them.
use std::fmt::Write;

use serde_json::Value;

use super::{schema, text};
use crate::api::{
    openapi,
    problem::{Code, TYPE_BASE},
};

pub(super) fn page() -> String {
    let mut page = format!(
        "{}\n# Errors\n\nEvery error of the HTTP API is `application/problem+json` (RFC 9457). Its `type` is \
         `{TYPE_BASE}` with the `code` behind it; both are stable, and programs go by them and not by `title` or \
         `detail`, which are for people. `request_id` is what the server's logs know the request by. `errors` lists \
         every fault of a 400 or 422, field by field. What is common to all is in \
         [conventions](../concepts/conventions.md#errors); members that one error has besides are listed with it.\n\n",
        super::MADE
    );
    let rows: Vec<Vec<String>> = Code::ALL
        .iter()
        .map(|code| {
            let status = code.status().as_u16().to_string();
            vec![status, format!("[`{0}`](#{0})", code.as_str()), code.title().to_owned()]
        })
        .collect();
    page.push_str(&text::table(&["status", "code", "title"], &rows));
    let document: Value = serde_json::from_str(openapi::json()).expect("the description is JSON");
    for code in Code::ALL {
        let (name, status) = (code.as_str(), code.status().as_u16());
        let _ = write!(page, "## {name}\n\n**{status}** {}\n\nWhat to do: {}\n\n", code.meaning(), code.remedy());
        page.push_str(&text::table(&["member", "type", "meaning"], &members(*code, &document)));
    }
    page
}

/// What a problem of this code has beside the common members: its own schema is called as the code is.
fn members(code: Code, document: &Value) -> Vec<Vec<String>> {
    let schemas = &document["components"]["schemas"];
    let common = schema::names(&schemas["Problem"], document);
    let own = schema::fields(&schemas[format!("{code:?}")], document).into_iter();
    let is_common = |name: &str| common.iter().any(|known| Some(&**known) == name.split(['.', '[']).next());
    let own = own.filter(|field| !is_common(&field.name));
    own.map(|field| vec![text::code(&field.name), field.kind, text::sentence(&field.meaning)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_one_error_has_are_told_with_it() {
        let page = page();
        for (code, member) in [("budget_exceeded", "available_usd"), ("wallet_frozen", "frozen_wallet_id")] {
            let (_, part) = page.split_once(&format!("\n## {code}\n")).expect("it has a part");
            let part = part.split("\n## ").next().unwrap_or_default();
            assert!(
                part.contains(&format!("| `{member}` |"))
                    && !part.contains("| `title` |")
                    && !part.contains("errors[]"),
                "{part}"
            );
        }
    }
}
