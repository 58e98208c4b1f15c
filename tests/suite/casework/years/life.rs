//! What people do and what is done about it, by chance: each step through the API, written down in the
//! ledger as it is taken.

mod restrained;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use contact_gateway::domain::channel::Channel;
use serde_json::{Value, json};

use super::super::rig::CaseOffice;
use super::ledger::{Agreement, Contacted, Incident, Ledger, Warning, person};
use crate::fuzz::chance::Chance;

/// What comes next in somebody's case.
#[derive(Debug, Clone)]
pub enum Next {
    Incident,
    Warn,
    SendWarning(String),
    Offer,
    Answer(String),
    Breach(String),
    Keep(String),
    GoesOn,
    Restrict,
    Appeal(String),
    Hear(String),
    Decide(String),
    Notify(String),
    Review(String),
    TellReview(String),
    Lift(String),
}

pub struct Life {
    pub office: CaseOffice,
    pub ledger: Ledger,
    pub chance: Chance,
    /// Days and what is to be done on them; what a day was missed for is done on the next.
    pub plan: BTreeMap<NaiveDate, Vec<(usize, Next)>>,
    /// Every step that was taken: by whom, its act, of whom.
    pub taken: Vec<(String, String, String)>,
    pub released: Vec<String>,
    pub today: NaiveDate,
    /// Minutes of the day that have passed since nine o'clock.
    minute: u32,
    agreement_first: bool,
    kinds: &'static [&'static str],
    hearers: &'static str,
    numbers: BTreeMap<&'static str, usize>,
}

pub struct Habits {
    pub agreement_first: bool,
    pub kinds: &'static [&'static str],
    pub hearers: &'static str,
}

impl Life {
    pub fn new(office: CaseOffice, ledger: Ledger, seed: u64, habits: Habits) -> Self {
        Life {
            office,
            ledger,
            chance: Chance(seed),
            plan: BTreeMap::new(),
            taken: Vec::new(),
            released: Vec::new(),
            today: NaiveDate::MIN,
            minute: 0,
            agreement_first: habits.agreement_first,
            kinds: habits.kinds,
            hearers: habits.hearers,
            numbers: BTreeMap::new(),
        }
    }

    /// It is so many minutes past nine.
    pub fn set_clock(&mut self, day: NaiveDate, minute: u32) {
        self.today = day;
        self.minute = minute;
        let at = day.and_hms_opt(9, 0, 0).unwrap().and_utc();
        self.office.clock.set(at + chrono::TimeDelta::minutes(minute.into()));
    }

    fn percent(&mut self, of_hundred: u64) -> bool {
        self.chance.below(100) < of_hundred
    }

    pub fn later(&mut self, from: u64, to: u64, of: usize, next: Next) {
        let day = self.today + Days::new(from + self.chance.below(to - from + 1));
        self.plan.entry(day).or_default().push((of, next));
    }

    fn on(&mut self, day: NaiveDate, of: usize, next: Next) {
        self.plan.entry(day.max(self.today + Days::new(1))).or_default().push((of, next));
    }

    fn new_id(&mut self, of: usize, prefix: &'static str) -> String {
        let number = self.numbers.entry(prefix).or_default();
        *number += 1;
        format!("{}-{prefix}-{number}", person(of))
    }

    /// Takes a step, which must be taken.
    async fn step(&mut self, by: &str, of: usize, fields: Value) -> Value {
        self.set_clock(self.today, self.minute + 1);
        let act = fields["act"].as_str().unwrap().to_owned();
        let answer = self.office.step(by, &person(of), fields.clone()).await;
        let said = answer.json();
        assert!(answer.status.is_success(), "{}: {by}: {fields}: {said}", self.today);
        for contact in said["released"].as_array().into_iter().flatten() {
            self.released.push(contact.as_str().unwrap().to_owned());
        }
        self.taken.push((by.to_owned(), act, person(of)));
        said
    }

    async fn letter(&mut self, of: usize, kind: &str, about: &str) {
        let id = self.new_id(of, "L");
        let draft = json!({"act": "draft_letter", "id": id, "kind": kind, "for": about,
                           "why": "It went well."});
        self.step("Bo", of, draft).await;
        self.step("Fi", of, json!({"act": "approve_letter", "letter": id})).await;
        self.step("Ann", of, json!({"act": "send_letter", "letter": id, "means": "post"})).await;
    }

    /// Somebody makes contact, and what is decided is what holds today.
    pub async fn contact(&mut self, of: usize) {
        let id = self.new_id(of, "c");
        self.set_clock(self.today, self.minute + 1);
        let by_phone = self.percent(40);
        let urgent = self.percent(5);
        let from = if by_phone {
            json!({"kind": "phone", "value": format!("07700 90{of:04}")})
        } else {
            json!({"kind": "email", "value": format!("p{of}@home.example")})
        };
        let channel = if by_phone { "telephone" } else { "email" };
        let text = match urgent {
            true => "There is a gas leak, I can smell gas in the hall.",
            false => "Please tell me when the roof is mended.",
        };
        let at = self.today.and_hms_opt(9, 0, 0).unwrap().and_utc()
            + chrono::TimeDelta::minutes(self.minute.into());
        let contact = json!({"id": id, "at": at, "channel": channel, "from": [from], "text": text});
        let decision = self.office.decide(&serde_json::from_value(contact).unwrap()).await;
        let kinds: Vec<&str> =
            self.ledger.in_force(of, self.today).iter().map(|one| one.kind).collect();
        let disposition = decision.disposition.name();
        if urgent {
            // Of whom nothing restricts nothing is looked at.
            assert!(kinds.is_empty() || decision.lane().is_some(), "{decision:?}");
            let kind = if by_phone { Channel::Telephone } else { Channel::Email };
            assert!(decision.goes_on(kind), "{decision:?}");
        } else if kinds.contains(&"channels_only") {
            assert_eq!(disposition, "limit", "{}: {decision:?}", self.today);
        } else if kinds.is_empty() {
            assert_eq!(disposition, "deliver", "{}: {decision:?}", self.today);
        }
        let lane = decision.lane().map(|lane| lane.name());
        self.ledger.contacts.push(Contacted { id, day: self.today, channel, disposition, lane });
    }

    /// Does what is next for somebody.
    pub async fn go_on(&mut self, of: usize, next: Next) {
        match next {
            Next::Incident => self.incident(of, true).await,
            Next::Warn => self.warn(of).await,
            Next::SendWarning(id) => {
                self.letter(of, "warning", &id).await;
                let found = self.ledger.warnings.iter_mut().find(|one| one.id == id).unwrap();
                found.sent = Some(self.today);
                self.later(14, 40, of, Next::GoesOn);
            }
            Next::Offer => self.offer(of).await,
            Next::Answer(id) => self.answer(of, id).await,
            Next::Breach(id) => {
                let what = "Thirty e-mails again.";
                let act = json!({"act": "breach_agreement", "agreement": id, "what": what});
                self.step("Bo", of, act).await;
                self.over(&id);
                self.later(1, 3, of, Next::GoesOn);
            }
            Next::Keep(id) => {
                let act = json!({"act": "close_agreement", "agreement": id, "why": "It held."});
                self.step("Bo", of, act).await;
                self.over(&id);
            }
            Next::GoesOn => {
                self.incident(of, false).await;
                self.later(1, 3, of, Next::Restrict);
            }
            Next::Restrict => self.restrict(of).await,
            Next::Appeal(id) => self.appeal(of, id).await,
            Next::Hear(id) => {
                let act = json!({"act": "assign_hearer", "appeal": id, "name": "Di",
                                 "role": self.hearers});
                self.step("Bo", of, act).await;
                if !self.percent(10) {
                    self.later(3, 32, of, Next::Decide(id));
                }
            }
            Next::Decide(id) => self.decide(of, id).await,
            Next::Notify(id) => {
                self.letter(of, "appeal_outcome", &id).await;
                self.step("Di", of, json!({"act": "notify_appeal", "appeal": id, "means": "post"}))
                    .await;
                let found = self.ledger.appeals.iter_mut().find(|one| one.id == id).unwrap();
                found.notified = Some(self.today);
            }
            Next::Review(id) => self.review(of, id).await,
            Next::TellReview(id) => {
                self.letter(of, "review_outcome", &id).await;
                let found = self.ledger.reviews.iter_mut().find(|one| one.id == id).unwrap();
                found.letter = Some(self.today);
            }
            Next::Lift(id) => self.lift(of, id).await,
        }
    }

    async fn incident(&mut self, of: usize, first: bool) {
        let id = self.new_id(of, "I");
        let at = self.today.and_hms_opt(8, 0, 0).unwrap().and_utc();
        self.step(
            "Ann",
            of,
            json!({
                "act": "record_incident", "id": id, "ground": "persistence", "severity": "ordinary",
                "happened_at": at, "channel": "telephone", "what": "Calls all day, every day."
            }),
        )
        .await;
        let (day, ground) = (self.today, "persistence");
        self.ledger.incidents.push(Incident { person: of, id, day, ground, closed: false });
        if first && self.agreement_first {
            self.later(1, 4, of, Next::Offer);
        } else if first {
            self.later(1, 4, of, Next::Warn);
        }
    }

    /// The last incident of somebody's.
    fn incident_of(&self, of: usize) -> String {
        let mut known = self.ledger.incidents.iter().rev();
        known.find(|one| one.person == of).unwrap().id.clone()
    }

    async fn warn(&mut self, of: usize) {
        let id = self.new_id(of, "W");
        let written = self.percent(60);
        let medium = if written { "written" } else { "verbal" };
        let incident = self.incident_of(of);
        self.step(
            "Bo",
            of,
            json!({
                "act": "give_warning", "id": id, "incidents": [incident], "kind": "formal",
                "medium": medium, "behaviour": "You called all day.",
                "must_change": "Please call once a day.", "consequences": "We may limit your calls."
            }),
        )
        .await;
        let (day, ground) = (self.today, "persistence");
        let warning = Warning { person: of, id: id.clone(), day, ground, written, sent: None };
        self.ledger.warnings.push(warning);
        let (works, goes) = (self.percent(30), !self.percent(15));
        if works {
            let incident = self.incident_of(of);
            let act = json!({"act": "close_incident", "incident": incident,
                             "outcome": "answered", "why": "They were warned."});
            self.step("Cy", of, act).await;
            let found = self.ledger.incidents.iter_mut().find(|one| one.id == incident).unwrap();
            found.closed = true;
        } else if written && goes {
            self.later(0, 5, of, Next::SendWarning(id));
        } else if !written {
            self.later(14, 40, of, Next::GoesOn);
        }
    }

    async fn offer(&mut self, of: usize) {
        let id = self.new_id(of, "G");
        let until = self.today + Days::new(60);
        let act = json!({"act": "offer_agreement", "id": id, "terms": "One call a week.",
                         "until": until});
        self.step("Bo", of, act).await;
        self.ledger.agreements.push(Agreement { id: id.clone(), until, over: None });
        if self.percent(80) {
            self.later(1, 7, of, Next::Answer(id));
        } else {
            // Unanswered, it counts as tried after ten working days.
            self.later(20, 30, of, Next::GoesOn);
        }
    }

    async fn answer(&mut self, of: usize, id: String) {
        let accepted = self.percent(60);
        let act = json!({"act": "answer_agreement", "agreement": id, "accepted": accepted});
        self.step("Bo", of, act).await;
        if !accepted {
            self.over(&id);
            self.later(10, 20, of, Next::GoesOn);
        } else if self.percent(60) {
            self.later(10, 40, of, Next::Breach(id));
        } else {
            self.later(50, 70, of, Next::Keep(id));
        }
    }

    fn over(&mut self, id: &str) {
        let today = self.today;
        let found = self.ledger.agreements.iter_mut().find(|one| one.id == id).unwrap();
        found.over = Some(today);
    }
}
