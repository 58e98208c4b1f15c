//! The whole path of a caller who is not put through, by each provider's own library: first words, wrong
//! key, silence, the emergency, an appeal, an adjustment, and the rest of the notice.

use contact_gateway::channels::telephony::settings::{Product, Provider, WhenLimited};
use serde_json::{Value, json};

use super::plivo::plivo;
use super::rig::{JO, PUBLIC, Rig, closed, encoded, rig};
use super::telnyx::{FORM, telnyx};
use super::vonage::vonage;

const TWILIO: &str = "an auth token";
/// Words that a caller hears before a choice.
const WORDS_BEFORE_A_CHOICE_MAX: usize = 60;

/// A provider in front of the gateway.
struct Caller {
    rig: Rig,
    provider: Provider,
}

impl Caller {
    async fn new(provider: Provider, restriction: Value) -> Self {
        let rig = match provider {
            Provider::Twilio => rig(provider, Product::Voice, TWILIO, restriction, |_| {}).await,
            Provider::Telnyx => telnyx(Product::Voice, restriction, WhenLimited::Notice).await,
            Provider::Plivo => plivo(Product::Voice, restriction).await,
            Provider::Vonage => vonage(Product::Voice, restriction).await,
            Provider::Sip | Provider::Generic => panic!("speaks in no documents"),
        };
        Caller { rig, provider }
    }

    /// A webhook of the one call: its beginning, or a step with the key that was pressed. The answer
    /// is checked by the provider's library.
    async fn asks(&mut self, behind: &str, begins: bool, more: &[(&str, &str)]) -> String {
        let status = if begins { "ringing" } else { "in-progress" };
        let from = JO.trim_start_matches('+');
        let texml = [
            ("CallSid", "CA1"),
            ("AccountSid", "AC1"),
            ("CallStatus", status),
            ("From", JO),
            ("To", "+441632960000"),
        ];
        let got = match self.provider {
            Provider::Twilio => {
                let fields: Vec<(&str, &str)> = texml.iter().chain(more).copied().collect();
                let facts =
                    json!({"token": TWILIO, "url": format!("{PUBLIC}{behind}"), "fields": fields});
                let signature = self.rig.sdk.ask("twilio_sign", facts);
                let head =
                    [("Content-Type", FORM), ("X-Twilio-Signature", signature.as_str().unwrap())];
                self.rig.post(behind, &head, &encoded(&fields)).await
            }
            Provider::Telnyx => {
                let fields: Vec<(&str, &str)> = texml.iter().chain(more).copied().collect();
                self.rig.telnyx(behind, FORM, &encoded(&fields), 0).await
            }
            Provider::Plivo => {
                let own = [
                    ("CallUUID", "u-1"),
                    ("From", from),
                    ("To", "441632960000"),
                    ("CallStatus", status),
                    ("Direction", "inbound"),
                ];
                let renamed = more.iter().map(|(name, value)| match *name {
                    "RecordingUrl" => ("RecordUrl", *value),
                    name => (name, *value),
                });
                let fields: Vec<(&str, &str)> = own.into_iter().chain(renamed).collect();
                self.rig.plivo(behind, &fields).await
            }
            Provider::Vonage => {
                let mut body = json!({"from": from, "to": "441632960000", "uuid": "u-1",
                    "conversation_uuid": "CON-1"});
                if !begins {
                    body["dtmf"] = json!({"digits": "", "timed_out": true});
                }
                for (name, value) in more {
                    match *name {
                        "Digits" => body["dtmf"] = json!({"digits": value, "timed_out": false}),
                        "RecordingUrl" => body["recording_url"] = json!(value),
                        name => body[name] = json!(value),
                    }
                }
                self.rig.vonage(behind, &body).await
            }
            Provider::Sip | Provider::Generic => panic!("speaks in no documents"),
        };
        assert_eq!(got.status, 200, "{behind}");
        let document = got.text();
        let (question, facts) = match self.provider {
            Provider::Plivo => ("plivo_faults", json!({"document": document})),
            Provider::Vonage => ("vonage_faults", json!({"document": document})),
            _ => ("twilio_faults", json!({"document": document, "kind": "voice"})),
        };
        assert_eq!(self.rig.sdk.ask(question, facts), json!([]), "{document}");
        document
    }

    async fn presses(&mut self, at: &Ask, key: &str) -> String {
        self.asks(&at.behind, false, &[("Digits", key)]).await
    }

    async fn is_silent(&mut self, at: &Ask) -> String {
        self.asks(&at.behind, false, &[]).await
    }

    /// The first item of a queue, once it is there.
    async fn item(&self, queue: &str, things: usize) -> contact_gateway::domain::queue::QueueItem {
        for _ in 0..500 {
            if let Some(item) = self.rig.gateway.queue(queue).await.pop()
                && item.attached.len() >= things
            {
                return item;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("nothing came on {queue}");
    }
}

/// A question in a document: what is said before a key is awaited, with the voices' languages, and where
/// the key goes.
#[derive(Debug)]
struct Ask {
    said: Vec<(String, String)>,
    behind: String,
}

impl Ask {
    fn text(&self) -> String {
        let texts: Vec<&str> = self.said.iter().map(|(_, text)| text.as_str()).collect();
        texts.join(" ")
    }
}

/// The questions of a document, and what is said after the last.
fn questions(document: &str) -> (Vec<Ask>, String) {
    let behind = |address: &str| address.strip_prefix(PUBLIC).unwrap().to_owned();
    let mut asks = Vec::new();
    let mut said: Vec<(String, String)> = Vec::new();
    if document.starts_with('[') {
        let actions: Value = serde_json::from_str(document).unwrap();
        for action in actions.as_array().unwrap() {
            match action["action"].as_str().unwrap() {
                "talk" => said.push((
                    action["language"].as_str().unwrap().to_owned(),
                    action["text"].as_str().unwrap().to_owned(),
                )),
                "input" => {
                    let address = action["eventUrl"][0].as_str().unwrap();
                    let said = std::mem::take(&mut said);
                    asks.push(Ask { said, behind: behind(address) });
                }
                _ => {}
            }
        }
    } else {
        let mut address = String::new();
        for tag in document.split('<').skip(1) {
            let (head, text) = tag.split_once('>').unwrap();
            let attribute = |name: &str| {
                let (_, rest) = head.split_once(&format!(" {name}=\""))?;
                Some(rest.split('"').next().unwrap().replace("&amp;", "&"))
            };
            match head.split(' ').next().unwrap() {
                "Gather" | "GetDigits" => address = attribute("action").unwrap(),
                "/Gather" | "/GetDigits" => {
                    let said = std::mem::take(&mut said);
                    asks.push(Ask { said, behind: behind(&address) });
                }
                "Say" | "Speak" => said.push((attribute("language").unwrap(), text.to_owned())),
                _ => {}
            }
        }
    }
    let rest: Vec<String> = said.into_iter().map(|(_, text)| text).collect();
    (asks, rest.join(" "))
}

fn first(document: &str) -> Ask {
    questions(document).0.into_iter().next().unwrap_or_else(|| panic!("no question: {document}"))
}

/// What every first question must be.
fn begins_with_the_emergency(ask: &Ask) {
    let text = ask.text();
    assert!(text.starts_with("In an emergency, press 1. "), "{text}");
    for part in ["cannot put your call through", "appeal, press 2", "disability, press 3"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let words = text.split_whitespace().count();
    assert!(words <= WORDS_BEFORE_A_CHOICE_MAX, "{words} words: {text}");
}

#[tokio::test]
async fn a_limited_caller_finds_every_door_by_every_provider() {
    for provider in [Provider::Twilio, Provider::Telnyx, Provider::Plivo, Provider::Vonage] {
        let mut caller = Caller::new(provider, closed()).await;
        let document = caller.asks("", true, &[]).await;
        let start = first(&document);
        begins_with_the_emergency(&start);

        // A wrong key repeats, the emergency first; a third in a row ends with the voicemail.
        let wrong = first(&caller.presses(&start, "7").await);
        begins_with_the_emergency(&wrong);
        assert!(wrong.text().contains("not one of the choices"), "{}", wrong.text());
        let again = first(&caller.presses(&wrong, "7").await);
        let end = caller.presses(&again, "7").await;
        let (asks, rest) = questions(&end);
        assert!(asks.is_empty() && rest.contains("dial 9 9 9"), "{end}");
        assert!(end.to_lowercase().contains("record"), "{end}");

        // So does silence, told by the provider or passed over in its own document.
        let silent = first(&caller.is_silent(&start).await);
        begins_with_the_emergency(&silent);
        assert!(silent.text().contains("did not hear"), "{}", silent.text());
        let (asks, rest) = questions(&document);
        assert_eq!(asks.len(), 3, "{document}");
        assert!(rest.contains("dial 9 9 9") && document.to_lowercase().contains("record"));

        // Star repeats, and takes back what was wrong.
        let star = first(&caller.presses(&again, "*").await);
        assert_eq!(star.text(), start.text());

        // The rest of the notice, piece by piece, to its end.
        let mut heard = String::new();
        let mut piece = first(&caller.presses(&start, "4").await);
        for _ in 0..20 {
            let text = piece.text();
            assert!(text.split_whitespace().count() <= WORDS_BEFORE_A_CHOICE_MAX, "{text}");
            heard.push_str(&text);
            if text.contains("That is all") {
                break;
            }
            piece = first(&caller.presses(&piece, "4").await);
        }
        for part in ["only contact us by letter", "ask for the information", "That is all"] {
            assert!(heard.contains(part), "{part}: {heard}");
        }
        assert!(!heard.contains("call-"), "a reference is made for reading: {heard}");

        let dial = caller.presses(&piece, "1").await;
        assert!(dial.contains("441910000000"), "{dial}");
        let item = caller.item("emergency", 0).await;
        assert_eq!(item.reasons[0].code, "safeguard.emergency".into());
        assert!(item.reasons[0].text.contains("own choice"), "{}", item.reasons[0].text);

        for (key, lane, queue) in
            [("2", "appeal", "head-of-service"), ("3", "adjustment", "review")]
        {
            let document = caller.presses(&start, key).await;
            assert!(document.to_lowercase().contains("record"), "{document}");
            let url = format!("https://recordings.example/{lane}");
            let recorded = format!("/recorded?about={lane}");
            let thanks = caller.asks(&recorded, false, &[("RecordingUrl", &url)]).await;
            assert!(thanks.contains("Thank you"), "{thanks}");
            let item = caller.item(queue, 1).await;
            assert_eq!(item.reasons[0].code.as_str(), format!("safeguard.{lane}"));
            assert!(item.id.ends_with(&format!("-{lane}")), "{}", item.id);
            assert!(item.attached.iter().any(|one| one.value == url), "{:?}", item.attached);
        }
        assert_eq!(caller.rig.gateway.queue("limited").await.len(), 1, "one call, one contact");
        caller.rig.gateway.stop().await;
    }
}

#[tokio::test]
async fn a_filed_caller_hears_nothing_of_a_limit_and_reaches_the_emergency() {
    for provider in [Provider::Twilio, Provider::Vonage] {
        let mut caller = Caller::new(provider, json!({"kind": "contact_ended"})).await;
        let document = caller.asks("", true, &[]).await;
        let start = first(&document);
        assert_eq!(start.text(), "In an emergency, press 1. Thank you for calling.");
        let silent = caller.is_silent(&start).await;
        assert!(silent.to_lowercase().contains("record"), "{silent}");
        let again = first(&caller.presses(&start, "8").await);
        assert!(again.text().starts_with("In an emergency, press 1."), "{}", again.text());
        assert!(caller.presses(&start, "1").await.contains("441910000000"));
        caller.rig.gateway.stop().await;
    }
}

#[tokio::test]
async fn welsh_is_spoken_by_a_welsh_voice_and_english_by_an_english_one() {
    // Whose own language is Welsh hears Welsh, whatever the entry's is.
    let mut person = crate::contacts_edge::gateway::person("P-1", "jo@x.example", JO, closed());
    person["language"] = json!("cy");
    let rig =
        super::rig::rig_with(Provider::Twilio, Product::Voice, TWILIO, json!([person]), |_| {});
    let mut caller = Caller { rig: rig.await, provider: Provider::Twilio };
    let document = caller.asks("", true, &[]).await;
    let start = first(&document);
    assert!(start.said.iter().all(|(language, _)| language == "cy-GB"), "{start:?}");
    assert!(start.text().starts_with("Mewn argyfwng, pwyswch 1."), "{}", start.text());
    assert!(start.text().contains("I apelio, pwyswch 2."), "{}", start.text());
    assert!(!document.contains("press"), "{document}");
    assert!(document.contains("voice=\"Polly.Gwyneth\""), "{document}");
    let words = start.text().split_whitespace().count();
    assert!(words <= WORDS_BEFORE_A_CHOICE_MAX, "{words} words");
    caller.rig.gateway.stop().await;

    // An organisation that speaks both offers the other, in the other's voice.
    let people =
        json!([crate::contacts_edge::gateway::person("P-1", "jo@x.example", JO, closed())]);
    let rig = super::rig::rig_in_wales(Provider::Vonage, super::vonage::SECRET, people).await;
    let mut caller = Caller { rig, provider: Provider::Vonage };
    let document = caller.asks("", true, &[]).await;
    let start = first(&document);
    let welsh: Vec<&str> = start
        .said
        .iter()
        .filter(|(language, _)| language == "cy-GB")
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(welsh, ["Am Gymraeg, pwyswch 9."]);
    let chosen = first(&caller.presses(&start, "9").await);
    assert!(chosen.text().starts_with("Mewn argyfwng, pwyswch 1."), "{}", chosen.text());
    let english: Vec<&(String, String)> =
        chosen.said.iter().filter(|(language, _)| language != "cy-GB").collect();
    assert_eq!(english, [&("en-GB".to_owned(), "For English, press 9.".to_owned())]);
    let words = chosen.text().split_whitespace().count();
    assert!(words <= WORDS_BEFORE_A_CHOICE_MAX, "{words} words: {}", chosen.text());
    // What follows stays in the language that was chosen.
    let more = first(&caller.presses(&chosen, "4").await);
    assert!(more.said.iter().all(|(language, _)| language == "cy-GB"), "{more:?}");
    caller.rig.gateway.stop().await;
}
