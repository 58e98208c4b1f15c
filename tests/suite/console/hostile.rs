//! Hostile mail: whatever its HTML holds, looking at it sends no request anywhere and runs nothing.
//!
//! A listening trap stands for the sender's server. It is shown first that the trap sees what a browser
//! would load of such a message.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::browsing::Browsing;
use super::demo::wait;
use super::listening::Listening;
use crate::office::Office;
use crate::real_input::browser::Browser;

/// One message per part: `=== name`, then its HTML; `TRAP` is the trap's address.
const CORPUS: &str = include_str!("hostile_mail.txt");

struct Trap {
    address: String,
    hits: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Trap {
    fn start() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (hits, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counting, noting) = (Arc::clone(&hits), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                counting.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 512];
                let read = stream.read(&mut head).unwrap_or(0);
                let line = String::from_utf8_lossy(&head[..read]).lines().next().map(str::to_owned);
                noting.lock().unwrap().extend(line);
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
        });
        Trap { address, hits, asked }
    }
}

fn corpus(trap: &str) -> Vec<(String, String)> {
    let parts = CORPUS.split("=== ").skip(1);
    parts
        .map(|part| {
            let (name, html) = part.split_once('\n').unwrap();
            (name.trim().to_owned(), html.replace("TRAP", trap))
        })
        .collect()
}

fn message(html: &str) -> Vec<u8> {
    format!(
        "From: somebody <s@hostile.example>\r\nTo: repairs@tuntum.example\r\nSubject: look\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{}",
        html.replace('\n', "\r\n")
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_mail_sends_a_request_or_runs_anything() {
    let office = Office::with_person().await;
    office.mail("c-0").await;
    let trap = Trap::start();
    let corpus = corpus(&trap.address);
    assert!(corpus.len() >= 40, "{}", corpus.len());
    for (name, html) in &corpus {
        office.mail_of(name, message(html)).await;
    }
    let listening = Listening::start(&office).await;
    let root = listening.root.clone();
    let ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let session = ann.cookies["session"].clone();

    let watched = tokio::task::spawn_blocking(move || {
        let mut browser = Browser::start();
        // The trap works: what a browser would do with the bare message.
        browser.open(&format!("data:text/html,<img src=http://{}/bare>", trap.address));
        wait_for(&trap.hits, 1);
        let before = trap.hits.load(Ordering::SeqCst);
        browser.open(&format!("{root}/sign-in"));
        browser.run(&format!("document.cookie = 'session={session}; path=/'"));
        for (name, _) in &corpus {
            for page in ["", "/original", "/original?as=sent"] {
                browser.open(&format!("{root}/items/{name}{page}"));
                wait(&mut browser, "return document.readyState === 'complete'");
                let title = browser.title();
                assert!(
                    !title.contains("pwned") && !title.contains("not found"),
                    "{name}: {title}"
                );
                let here = browser.run("return location.origin");
                assert_eq!(here, serde_json::json!(root), "{name}: led away");
            }
            assert_eq!(
                browser.run("return document.querySelectorAll('iframe').length"),
                1,
                "{name}"
            );
            assert_eq!(browser.run("return window.pwned === undefined"), true, "{name}: ran");
            // What is in the frame, opened by itself: its own policy still holds.
            browser.open(&format!("{root}/items/{name}/original/html"));
            wait(&mut browser, "return document.readyState === 'complete'");
            let left = browser.run(
                "return [...document.querySelectorAll('*')].map(one => one.localName)
                     .filter(one => /script|link|meta|base|img|svg|math|form|input|button|iframe|object|embed|audio|video|template/.test(one)
                         && !(one === 'meta'))",
            );
            assert_eq!(left, serde_json::json!([]), "{name}");
            let acts = browser.run(
                "return [...document.querySelectorAll('*')].flatMap(one => [...one.attributes])
                     .map(one => one.name).filter(one => /^on|href|src|style|action|background|ping/.test(one))",
            );
            assert_eq!(acts, serde_json::json!([]), "{name}");
            let hits = trap.hits.load(Ordering::SeqCst);
            assert_eq!(hits, before, "{name}: {:?}", trap.asked.lock().unwrap());
        }
        browser.stop();
    });
    watched.await.unwrap();
    listening.stop().await;
}

fn wait_for(hits: &AtomicUsize, least: usize) {
    for _ in 0..600 {
        if hits.load(Ordering::SeqCst) >= least {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the trap sees nothing, so that it would prove nothing");
}
