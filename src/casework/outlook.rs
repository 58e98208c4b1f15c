//! What a person could and could not do with a restriction in force: the production decision over a week of
//! made-up contacts, before anything is imposed.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::replay::Replay;
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, SenderIdentifier};
use crate::domain::decision::{Decision, Disposition};
use crate::domain::identifier::{Assurance, IdentifierKind};
use crate::domain::moment::{self, next_day};
use crate::domain::organisation::Organisation;
use crate::domain::person::{ListedIdentifier, Person};
use crate::domain::queue;
use crate::domain::restriction::{Kind, Restriction, Window, WindowEnd};
use crate::domain::safeguard::Lane;
use crate::runtime::limits::{OUTLOOK_CONTACTS_MAX, OUTLOOK_STEP_MINUTES};

const DAYS: usize = 7;
const DAY_MINUTES: u32 = 24 * 60;

/// What becomes of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It reaches its recipients, or the point of contact.
    Through {
        to: Option<String>,
    },
    /// It is kept for somebody who looks whether there is something new in it.
    Looked {
        queue: String,
    },
    Limited,
    Filed,
}

/// A time of a day in which contacts get through, in minutes of the local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub day: NaiveDate,
    pub from: u32,
    pub to: u32,
}

/// One channel over a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByChannel {
    pub channel: Channel,
    /// What becomes of a contact when it gets through, or at any time where it never does.
    pub fate: Fate,
    /// What becomes of it at other times.
    pub otherwise: Option<Fate>,
    /// When it gets through; empty: never, or always.
    pub open: Vec<Open>,
    /// How many get through one after the other, and what becomes of the next; absent: there is no end.
    pub then: Option<(usize, Fate)>,
    /// What becomes of the same message sent again.
    pub again: Option<Fate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    pub first: NaiveDate,
    pub channels: Vec<ByChannel>,
    /// Whether what must always get through does, by lane.
    pub always: Vec<(Lane, bool)>,
}

/// What everybody may always write about, in words that the lane knows.
const ALWAYS: [(Lane, &str); 6] = [
    (Lane::Emergency, "There is a gas leak in my kitchen, I can smell gas."),
    (Lane::Safeguarding, "He hits me and I am afraid for my children, please help us."),
    (
        Lane::Statutory,
        "This is a subject access request: send me a copy of all data that you hold about me.",
    ),
    (Lane::Legal, "My solicitor has sent you a letter before action, please reply to it."),
    (Lane::Appeal, "I want to appeal against the decision to restrict my contact."),
    (
        Lane::Adjustment,
        "I am disabled and ask for a reasonable adjustment: letters in large print.",
    ),
];

/// Looks a week ahead from a day, with the restriction in force in addition to the person's present ones.
pub fn outlook(
    organisation: &Organisation,
    person: &Person,
    draft: &Restriction,
    first: NaiveDate,
) -> Outlook {
    let week = Week::new(organisation, person, draft, first);
    Outlook {
        first,
        channels: Channel::ALL.into_iter().map(|channel| week.channel(channel)).collect(),
        always: ALWAYS.into_iter().map(|(lane, text)| (lane, week.meets(lane, text))).collect(),
    }
}

struct Week<'a> {
    organisation: &'a Organisation,
    replay: Replay,
    first: NaiveDate,
    /// Minutes of a day at which something may change.
    edges: Vec<u32>,
}

impl<'a> Week<'a> {
    fn new(
        organisation: &'a Organisation,
        person: &Person,
        draft: &Restriction,
        first: NaiveDate,
    ) -> Self {
        let mut person = person.clone();
        person.restrictions.retain(|one| one.id != draft.id);
        person.restrictions.push(draft.clone());
        // Contacts come from an identifier that is nobody else's.
        person.identifiers.extend(OWN.map(|(kind, value)| ListedIdentifier {
            kind,
            value: value.to_owned(),
            shared: false,
        }));
        let edges = edges(&person);
        let replay = Replay::new(organisation.clone(), vec![person]);
        Week { organisation, replay, first, edges }
    }

    fn at(&self, day: NaiveDate, minute: u32) -> DateTime<Utc> {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0);
        let wall = NaiveDateTime::new(day, time.unwrap_or_default());
        moment::local(self.organisation.profile.timezone, wall)
    }

    fn days(&self) -> impl Iterator<Item = NaiveDate> {
        std::iter::successors(Some(self.first), |day| Some(next_day(*day))).take(DAYS)
    }

    fn channel(&self, channel: Channel) -> ByChannel {
        let mut open: Vec<Open> = Vec::new();
        let (mut through, mut shut, mut first) = (None, None, None);
        for day in self.days() {
            for (index, from) in self.edges.iter().enumerate() {
                let to = self.edges.get(index + 1).copied().unwrap_or(DAY_MINUTES);
                let at = self.at(day, *from);
                let fate = fate(&self.decide(&mut self.replay.clone(), channel, at, QUESTION, 0));
                if matches!(fate, Fate::Through { .. }) {
                    first.get_or_insert(at);
                    through.get_or_insert(fate);
                    add(&mut open, day, *from, to);
                } else {
                    shut.get_or_insert(fate);
                }
            }
        }
        let always = shut.is_none();
        let start = first.unwrap_or_else(|| self.at(self.first, DAY_MINUTES / 2));
        let (fate, otherwise) = match (through, shut) {
            (Some(through), shut) => (through, shut),
            (None, Some(shut)) => (shut, None),
            (None, None) => (Fate::Through { to: None }, None),
        };
        if always {
            open.clear();
        }
        let passes = matches!(fate, Fate::Through { .. });
        let then = passes.then(|| self.how_many(channel, start)).flatten();
        let again = self.again(channel, start).filter(|again| *again != fate && then.is_none());
        ByChannel { channel, fate, otherwise, open, then, again }
    }

    fn decide(
        &self,
        replay: &mut Replay,
        channel: Channel,
        at: DateTime<Utc>,
        text: &str,
        number: usize,
    ) -> Decision {
        let kind = match channel {
            Channel::Telephone | Channel::Sms | Channel::Whatsapp => IdentifierKind::Phone,
            _ => IdentifierKind::Email,
        };
        let own = OWN.iter().find(|(one, _)| *one == kind).map_or("", |(_, value)| *value);
        let contact = Contact {
            from: vec![SenderIdentifier {
                kind,
                value: own.to_owned(),
                assurance: Assurance::Proven,
            }],
            text: Some(text.to_owned()),
            ..Contact::new(format!("outlook-{number}"), channel, at)
        };
        replay.decide(&contact).decision
    }

    /// One after the other within minutes: how many get through, and what becomes of the next.
    fn how_many(&self, channel: Channel, start: DateTime<Utc>) -> Option<(usize, Fate)> {
        let mut replay = self.replay.clone();
        (0..OUTLOOK_CONTACTS_MAX).find_map(|number| {
            let at = start + TimeDelta::seconds(i64::try_from(number).unwrap_or_default());
            let text = format!("{QUESTION} {}", OTHERS.get(number % OTHERS.len()).unwrap_or(&""));
            let fate = fate(&self.decide(&mut replay, channel, at, &text, number));
            (!matches!(fate, Fate::Through { .. })).then_some((number, fate))
        })
    }

    fn again(&self, channel: Channel, start: DateTime<Utc>) -> Option<Fate> {
        let mut replay = self.replay.clone();
        self.decide(&mut replay, channel, start, QUESTION, 0);
        let later = start + TimeDelta::minutes(1);
        Some(fate(&self.decide(&mut replay, channel, later, QUESTION, 1)))
    }

    fn meets(&self, lane: Lane, text: &str) -> bool {
        let at = self.at(self.first, DAY_MINUTES / 2);
        let decision = self.decide(&mut self.replay.clone(), Channel::Email, at, text, 0);
        decision.reasons.iter().any(|reason| reason.code.lane() == Some(lane))
    }
}

/// Identifiers that belong to nobody (RFC 2606, and Ofcom's numbers for drama).
const OWN: [(IdentifierKind, &str); 2] =
    [(IdentifierKind::Email, "outlook@person.invalid"), (IdentifierKind::Phone, "+447700900999")];

/// Something that anybody may ask.
const QUESTION: &str = "When is somebody coming to look at the window in the hall?";
/// What makes one message another.
const OTHERS: [&str; 8] = [
    "The frame has come loose since the storm.",
    "Nobody answered the bell when your colleague was here.",
    "I am at home on Tuesday afternoon and all day on Thursday.",
    "The glass has a crack from one corner to the other.",
    "My neighbour below has water on the ceiling.",
    "The handle fell off and lies on the sill.",
    "It was measured twice last winter already.",
    "A board is nailed over it for now.",
];

/// Minutes of a day: each step, and each edge of a window.
fn edges(person: &Person) -> Vec<u32> {
    use chrono::Timelike;
    let minute = |time: NaiveTime| time.num_seconds_from_midnight() / 60;
    let mut edges: Vec<u32> = (0..DAY_MINUTES).step_by(OUTLOOK_STEP_MINUTES).collect();
    let windows = person.restrictions.iter().flat_map(|one| match &one.kind {
        Kind::HoursOnly(hours) => hours.windows.as_slice(),
        _ => &[],
    });
    for Window { from, to, .. } in windows {
        edges.push(minute(*from));
        if let WindowEnd::At(to) = to {
            edges.push(minute(*to));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn add(open: &mut Vec<Open>, day: NaiveDate, from: u32, to: u32) {
    match open.last_mut() {
        Some(last) if last.day == day && last.to == from => last.to = to,
        _ => open.push(Open { day, from, to }),
    }
}

fn fate(decision: &Decision) -> Fate {
    // A restriction that is only observed is shown as if enforced.
    match decision.would.unwrap_or(decision.disposition) {
        Disposition::Deliver => Fate::Through { to: None },
        Disposition::Route => match &decision.route {
            Some(route) if LOOKED.contains(&route.queue.as_str()) => {
                Fate::Looked { queue: route.queue.clone() }
            }
            Some(route) => Fate::Through {
                to: Some(route.name.clone().unwrap_or_else(|| route.queue.clone())),
            },
            None => Fate::Through { to: None },
        },
        Disposition::Limit => Fate::Limited,
        Disposition::File => Fate::Filed,
    }
}

/// Queues on which somebody looks first whether there is something new.
const LOOKED: [&str; 2] = [queue::REVIEW, queue::HEAD_OF_SERVICE];

#[cfg(test)]
mod tests;
