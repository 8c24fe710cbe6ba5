//! A headless Chromium behind chromedriver, spoken to in WebDriver's few words.

use base64::Engine as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// One window.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// A window of that size; `None`, said aloud, where Chromium or its driver is not installed.
    pub(crate) fn open(width: u32, height: u32, dark: bool) -> Option<Browser> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = started else {
            eprintln!("skipped: no chromedriver (Debian: chromium, chromium-driver)");
            return None;
        };
        let lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let mut browser = Browser { driver, session: format!("http://127.0.0.1:{}/session", port.expect("a port")) };
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-dev-shm-usage".into(),
            format!("--window-size={width},{height}"),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".into());
        }
        let options = json!({ "goog:chromeOptions": { "args": arguments }, "timeouts": { "script": 60000 } });
        let made = browser.ask("", &json!({ "capabilities": { "alwaysMatch": options } }));
        let Some(id) = made["sessionId"].as_str() else {
            eprintln!("skipped: chromedriver starts no Chromium: {}", made["message"]);
            return None;
        };
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    pub(crate) fn visit(&self, page: &Path, hash: &str) {
        let url = format!("file://{}#{hash}", page.display());
        self.ask("/url", &json!({ "url": "about:blank" }));
        let told = self.ask("/url", &json!({ "url": url }));
        assert!(told.is_null(), "{told}");
    }

    /// Runs a function's body; its value.
    pub(crate) fn run(&self, script: &str) -> Value {
        let told = self.ask("/execute/sync", &json!({ "script": script, "args": [] }));
        assert!(told["error"].is_null(), "{}", told["message"]);
        told
    }

    /// Runs a function's body again and again until its value is true.
    pub(crate) fn wait(&self, what: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const began = performance.now();\
             const look = () => {{ let yes = false; try {{ yes = (() => {{ {what} }})(); }} catch {{ }}\
             if (yes) done('yes'); else if (performance.now() - began > 40000) done('no'); else setTimeout(look, 20); }};\
             look();"
        );
        let told = self.ask("/execute/async", &json!({ "script": script, "args": [] }));
        assert_eq!(told, "yes", "never: {what}\n{}", self.log());
    }

    /// What the console says.
    pub(crate) fn log(&self) -> String {
        self.ask("/se/log", &json!({ "type": "browser" })).to_string()
    }

    pub(crate) fn screenshot(&self, file: &Path) {
        let told = self.call("GET", "/screenshot", None);
        let png = base64::engine::general_purpose::STANDARD.decode(told.as_str().expect("a picture")).expect("base64");
        std::fs::write(file, png).expect("written");
    }

    fn ask(&self, what: &str, body: &Value) -> Value {
        self.call("POST", what, Some(body))
    }

    fn call(&self, method: &str, what: &str, body: Option<&Value>) -> Value {
        let url = format!("{}{what}", self.session);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        let response = match (method, body) {
            ("POST", Some(body)) => agent.post(&url).content_type("application/json").send(body.to_string()),
            ("DELETE", _) => agent.delete(&url).call(),
            _ => agent.get(&url).call(),
        };
        let mut response = response.expect("chromedriver answers");
        let limit = response.body_mut().with_config().limit(200 << 20);
        let text = limit.read_to_string().expect("a text");
        serde_json::from_str::<Value>(&text).expect("JSON")["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if self.session.rsplit('/').next() != Some("session") {
            self.call("DELETE", "", None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
