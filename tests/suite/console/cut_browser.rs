//! A stream that breaks off under an open page, in a real browser: nginx in front of the gateway ends and comes back.

use std::net::TcpStream;
use std::path::Path;

use serde_json::json;

use super::demo::{Demo, wait, wait_for_news};
use super::live_browser::rows;
use super::monday_browser::open;
use super::whole_day::{mail, wait_until};
use crate::real_input::browser::Browser;
use crate::servers::checks::free_port;
use crate::servers::nginx::{Nginx, nginx};

const KIM: usize = 3;

/// Serves the console on this port.
fn in_front(folder: &Path, root: &str, port: u16) -> Nginx {
    let location = format!(
        "location / {{ proxy_pass {root}; proxy_http_version 1.1; proxy_set_header Host $http_host; \
         proxy_set_header Connection \"\"; }}\n"
    );
    let nginx = nginx(folder, &location, port);
    wait_until("nginx serves", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    nginx
}

fn saying(news: &str) -> String {
    format!("return document.querySelector('[data-news]').innerText === {}", json!(news))
}

fn says(browser: &mut Browser, news: &str) {
    wait(browser, &saying(news));
}

#[test]
fn a_stream_that_nginx_cut_catches_up_on_the_open_page_and_says_nothing_twice() {
    let demo = Demo::start();
    let folder = tempfile::Builder::new().prefix("nginx").tempdir_in("/var/tmp").unwrap();
    let port = free_port();
    let root = format!("http://127.0.0.1:{port}");
    let serving = in_front(folder.path(), &demo.root(), port);
    let mut browser = Browser::start();
    browser.open(&demo.links_of("karbon")[KIM].replace(&demo.root(), &root));
    browser.click("main form button");
    wait(&mut browser, "return location.pathname === '/' && document.readyState === 'complete'");
    open(&mut browser, &format!("{root}/queues/limited"));
    wait(&mut browser, "return document.querySelector('[data-waiting]').hidden === false");
    let before = rows(&mut browser);
    browser.run(
        "window.told = [];
         new MutationObserver(() => window.told.push(document.querySelector('[data-news]').innerText))
             .observe(document.querySelector('[data-news] a'), {childList: true});
         window.aloud = [];
         new MutationObserver(() => window.aloud.push(performance.now()))
             .observe(document.getElementById('heard'), {childList: true});",
    );
    mail(&demo.smtp, "jo.marsh@mail.example", "Live 1");
    wait_for_news(&mut browser, &saying("1 new: show"));

    drop(serving);
    mail(&demo.smtp, "jo.marsh@mail.example", "Live 2");
    mail(&demo.smtp, "jo.marsh@mail.example", "Live 3");
    assert_eq!(browser.text("[data-news]"), "1 new: show", "nothing can have come");
    let serving = in_front(folder.path(), &demo.root(), port);
    says(&mut browser, "3 new: show");
    assert_eq!(rows(&mut browser), before, "rows don't move");
    mail(&demo.smtp, "jo.marsh@mail.example", "Live 4");
    says(&mut browser, "4 new: show");
    let told = browser.run("return window.told.map(one => parseInt(one, 10))");
    let told: Vec<u64> = told.as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).collect();
    assert!(told.is_sorted_by(|one, next| one < next), "{told:?}");
    // A screen reader hears one sentence in half a minute.
    let aloud = browser.run("return window.aloud");
    let aloud: Vec<f64> = aloud.as_array().unwrap().iter().map(|at| at.as_f64().unwrap()).collect();
    assert!(!aloud.is_empty());
    assert!(aloud.windows(2).all(|two| two[1] - two[0] > 29_000.0), "{aloud:?}");
    browser.click("[data-news] a");
    wait(
        &mut browser,
        &format!(
            "return document.querySelectorAll('tr[data-item]').length === {}",
            before.as_array().unwrap().len() + 4
        ),
    );
    browser.stop();
    drop(serving);
}
