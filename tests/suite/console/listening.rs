//! An office that listens, so that a real browser can come to it.

use std::time::Duration;

use contact_gateway::runtime::http_server::{self, Bounds};
use contact_gateway::runtime::shutdown::Shutdown;
use serde_json::json;
use tokio::task::JoinHandle;

use super::browsing::Browsing;
use crate::office::Office;
use crate::real_input::browser::Browser;

pub struct Listening {
    /// `http://host:port` of the console.
    pub root: String,
    shutdown: Shutdown,
    serving: JoinHandle<()>,
}

impl Listening {
    pub async fn start(office: &Office) -> Listening {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = Shutdown::new();
        let (router, stopping) = (office.router.clone(), shutdown.stopping());
        let serving =
            tokio::spawn(http_server::serve(listener, router, Bounds::of("staff"), stopping));
        Listening { root, shutdown, serving }
    }

    /// Somebody sits down at a browser, with the session in which they signed in.
    pub fn seats(&self, browser: &mut Browser, who: &Browsing<'_>) {
        let cookie =
            json!({"name": "session", "value": who.cookies["session"], "url": self.root.as_str()});
        browser.tell_chromium("Network.setCookie", &cookie);
    }

    /// Ends it, once every connection has ended.
    pub async fn stop(self) {
        assert!(self.shutdown.stop(Duration::from_secs(10)).await);
        self.serving.await.unwrap();
    }
}
