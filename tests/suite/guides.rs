//! Every guide ends with commands that show that it works, and what they print. Here they are run: on a
//! gateway with one restricted person, each in turn, as a reader would paste them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::contacts_edge::upstream::Upstream;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, TOKEN, person};
use crate::store_contract::servers;

const HEADING: &str = "\n## See that it works\n";

/// A command, and what it prints: `…` is whatever is there.
struct Step {
    command: String,
    prints: Vec<String>,
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// In `docs`, but no guides: the index, and what does not work.
const NO_GUIDES: [&str; 2] = ["README", "known-issues"];

/// Every guide: whatever else is in `docs`.
fn guides() -> Vec<String> {
    let files = std::fs::read_dir(docs()).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !NO_GUIDES.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

/// The steps with which a guide ends.
fn steps(guide: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(docs().join(format!("{guide}.md"))).unwrap();
    let (_, end) = text
        .rsplit_once(HEADING)
        .unwrap_or_else(|| panic!("docs/{guide}.md does not end with how to see that it works"));
    assert!(!end.contains("\n## "), "docs/{guide}.md goes on behind it");
    let block =
        end.split_once("```console\n").unwrap_or_else(|| panic!("docs/{guide}.md: no block"));
    let (block, _) = block.1.split_once("```").unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), prints: Vec::new() });
        } else if let Some(more) = line.strip_prefix("> ") {
            let step = steps.last_mut().unwrap();
            step.command.push('\n');
            step.command.push_str(more);
        } else {
            steps.last_mut().unwrap().prints.push(line.to_owned());
        }
    }
    assert!(steps.iter().any(|step| !step.prints.is_empty()), "docs/{guide}.md shows no result");
    steps
}

/// Whether a line is what the guide shows.
fn is_as_shown(line: &str, shown: &str) -> bool {
    let mut pieces = shown.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    for (at, piece) in pieces.iter().enumerate() {
        if at + 1 == pieces.len() {
            return rest.ends_with(piece);
        }
        let Some(found) = rest.find(piece) else { return false };
        rest = &rest[found + piece.len()..];
    }
    rest.is_empty()
}

/// Whether a command printed what the guide shows. A first line that begins with `…` is one of those
/// printed.
fn are_as_shown(printed: &str, shown: &[String]) -> bool {
    let lines: Vec<&str> = printed.trim_end().lines().collect();
    match shown {
        [one] if one.starts_with('…') => lines.iter().any(|line| is_as_shown(line, one)),
        _ => {
            lines.len() == shown.len()
                && lines.iter().zip(shown).all(|(line, shown)| is_as_shown(line, shown))
        }
    }
}

struct Rig {
    place: Place,
    served: Served,
    /// With the program under its own name.
    programs: tempfile::TempDir,
    _around: (Sink, Upstream, Upstream),
}

async fn rig(store: Option<&str>) -> Rig {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let crm = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "whsec_bm90aGluZyB0aGF0IGFueWJvZHkgd291bGQgZ3Vlc3M=");
    if let Some(url) = store {
        place.store_at(url);
    }
    let receiver = format!(
        "[[organisation.events]]\nname = \"crm\"\nurl = \"http://{}/hooks\"\n\
         secrets = [{{ file = \"{}\" }}]\n",
        crm.address,
        place.folder.path().join("secret").display()
    );
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), format!("{config}\n{receiver}")).unwrap();
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let mut jo = person("P-1", "jo@example.org", "+447700900001", letters);
    jo["restrictions"][0]["id"] = json!("R-1");
    tokio::task::block_in_place(|| place.import(&json!([jo])));
    let served = tokio::task::block_in_place(|| place.serve());
    let contact = json!({"id": "letter-1", "channel": "social", "text": "Hello.",
        "from": [{"kind": "email", "value": "jo@example.org"}]});
    assert_eq!(served.ask("POST", "/api/v1/contacts", &contact).await["disposition"], "limit");
    let programs = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_contact-gateway"), programs.path().join("contact-gateway"))
        .unwrap();
    Rig { place, served, programs, _around: (sink, handler, crm) }
}

impl Rig {
    /// What a command prints, in the folder of the configuration.
    fn run(&self, command: &str) -> String {
        let at = |address: std::net::SocketAddr| address.to_string();
        let command = command
            .replace("127.0.0.1:8080", &at(self.served.contacts))
            .replace("127.0.0.1:8081", &at(self.served.staff))
            .replace("127.0.0.1:10025", &at(self.served.smtp));
        let path = format!("{}:/usr/bin:/bin", self.programs.path().display());
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(self.place.folder.path())
            .env("PATH", path)
            .env("TOKEN", TOKEN)
            .env("CONTACT_GATEWAY__LISTEN__STAFF", at(self.served.staff))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            printed
        } else {
            format!("{printed}\n{}: {said}", output.status)
        }
    }

    /// What is counted or sent a moment later is waited for.
    fn follows(&self, guide: &str) {
        for Step { command, prints } in steps(guide) {
            let end = Instant::now() + Duration::from_secs(30);
            loop {
                let printed = self.run(&command);
                if are_as_shown(&printed, &prints) {
                    break;
                }
                assert!(
                    Instant::now() < end,
                    "docs/{guide}.md: {command}\nshows\n{}\nand printed\n{printed}",
                    prints.join("\n")
                );
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_guide_ends_with_what_shows_that_it_works() {
    let rig = rig(None).await;
    let guides = guides();
    assert!(guides.len() >= 15, "{guides:?}");
    tokio::task::block_in_place(|| {
        for guide in guides.iter().filter(|guide| *guide != "redis") {
            rig.follows(guide);
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guide_to_redis_does_so_on_a_redis() {
    let ground = servers::single().await;
    let rig = rig(Some(&ground.url)).await;
    tokio::task::block_in_place(|| rig.follows("redis"));
}

#[test]
fn what_is_left_out_is_whatever_is_there() {
    for (line, shown, expected) in [
        ("live", "live", true),
        ("lively", "live", false),
        ("a 12 b", "a … b", true),
        ("a 12 b c", "a … b", false),
        ("a 1 b 2 c", "a …b… c", true),
        ("no faults, 2 warnings", "no faults…", true),
    ] {
        assert_eq!(is_as_shown(line, shown), expected, "{line}: {shown}");
    }
}
