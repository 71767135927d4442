//! Browsers that log in: how they get in, what they may do, and when they are out again; and the files they load.
mod console;
mod files;
mod log_in;
mod portal;
mod secrets;
mod walls;

use bellwire_e2e::{Answer, Api, Call, text};
use serde_json::{Value, json};

/// A browser that has logged in: it sends its cookie, and the token that goes with it.
struct Browser {
    api: Api,
    cookie: String,
    csrf: String,
    /// What the log-in answered.
    session: Value,
}

/// What a browser keeps of a `Set-Cookie`.
fn kept(answer: &Answer) -> String {
    let set = answer.header("set-cookie").unwrap_or_default();
    set.split(';').next().unwrap_or_default().to_owned()
}

/// The token of a link's URL.
fn token(url: &str) -> String {
    let (_, token) = url.split_once("#link=").unwrap_or_else(|| panic!("{url} is no link"));
    token.to_owned()
}

impl Browser {
    /// Shows a key or a link.
    fn ask(api: &Api, form: &Value) -> Answer {
        api.without_key().post("/v1/session", form)
    }

    #[track_caller]
    fn with(api: &Api, form: &Value) -> Self {
        let answer = Self::ask(api, form);
        let session = answer.expect(200);
        Self { api: api.without_key(), cookie: kept(&answer), csrf: text(&session["csrf_token"]), session }
    }

    /// Logs in with the client's key.
    #[track_caller]
    fn of(api: &Api) -> Self {
        Self::with(api, &json!({"api_key": api.key}))
    }

    /// Opens a link.
    #[track_caller]
    fn open(api: &Api, url: &str) -> Self {
        Self::with(api, &json!({"link": token(url)}))
    }

    fn call(&self, method: &str, path: &str) -> Call {
        Call::new(method, path).header("cookie", &format!("theme=dark; {}", self.cookie))
    }

    #[track_caller]
    fn get(&self, path: &str) -> Answer {
        self.api.send(&self.call("GET", path))
    }

    /// Sends a change as the console's pages do.
    #[track_caller]
    fn change(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.api.send(&self.call(method, path).header("x-csrf-token", &self.csrf).json(body))
    }

    #[track_caller]
    fn log_out(&self) -> Answer {
        self.api.send(&self.call("DELETE", "/v1/session").header("x-csrf-token", &self.csrf))
    }
}
