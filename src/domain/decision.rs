//! What was decided for one contact, and why.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
pub use super::disposition::Disposition;
use super::flag::Flag;
use super::lane::Lane;
use super::language::Language;
use super::notice::NoticePart;
use super::reason_code::ReasonCode;
use super::restriction::Mode;

/// The decision on one contact: the published JSON shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub contact: String,
    pub person: Option<String>,
    pub disposition: Disposition,
    pub mode: Mode,
    pub route: Option<Route>,
    pub reasons: Vec<Reason>,
    pub flags: Vec<Flag>,
    pub quotas: Vec<QuotaState>,
    pub notice: Option<Notice>,
    /// What observed restrictions would have done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would: Option<Disposition>,
    /// Decided on the last known restrictions, the store being away.
    pub stale: bool,
}

/// Where a routed contact goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub queue: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The contact's own SIP URI, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<String>,
    /// Who is tried on no answer: the deputies present, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Fallback>,
}

impl Decision {
    /// The safeguard lane that settled it.
    pub fn lane(&self) -> Option<Lane> {
        self.reasons.first().and_then(|reason| reason.code.lane())
    }

    /// Whether the contact waits on a queue, whatever else is done with it.
    pub const fn is_queued(&self) -> bool {
        !matches!(self.disposition, Disposition::Deliver)
    }

    /// Whether only the contact's text was kept when it was decided, for want of room for its original.
    pub fn lacks_original(&self) -> bool {
        self.flags.contains(&Flag::OriginalNotKept)
    }

    /// Whether the contact goes on to its recipients, as if nothing were restricted. It does where it is
    /// delivered; and where a safeguard routes it to a queue that has nothing to reach anybody by on this
    /// channel: a safeguard is never only held on a queue.
    pub fn goes_on(&self, channel: Channel) -> bool {
        match self.disposition {
            Disposition::Deliver => true,
            Disposition::Route => {
                let reaches = self.route.as_ref().is_some_and(|route| route.reaches(channel));
                self.lane().is_some() && !reaches
            }
            Disposition::Limit | Disposition::File => false,
        }
    }
}

impl Route {
    /// Whether it names somebody who can receive a contact on this channel.
    pub fn reaches(&self, channel: Channel) -> bool {
        match channel {
            Channel::Telephone => {
                let rings =
                    |phone: &Option<String>, sip: &Option<String>| phone.is_some() || sip.is_some();
                rings(&self.phone, &self.sip)
                    || self.then.iter().any(|next| rings(&next.phone, &next.sip))
            }
            Channel::Email
            | Channel::WebForm
            | Channel::Sms
            | Channel::Whatsapp
            | Channel::Letter
            | Channel::InPerson
            | Channel::Social
            | Channel::WebChat => self.email.is_some(),
        }
    }
}

/// Shows only the queue.
impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Route({})", self.queue)
    }
}

/// A deputy to try if the first of a route does not answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<String>,
}

impl std::fmt::Debug for Fallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fallback")
    }
}

/// One reason for a decision. Codes are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub code: ReasonCode,
    pub restriction: Option<String>,
    pub clause: Option<String>,
    /// One line for staff, in plain English.
    pub text: String,
}

/// A quota's count after this contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaState {
    pub restriction: String,
    pub used: u32,
    pub limit: u32,
    /// The next period's start (calendar), or when the next slot opens (rolling; null where
    /// nothing is used).
    #[serde(serialize_with = "super::instant::written_if_any")]
    pub resets_at: Option<DateTime<Utc>>,
}

/// The notice to a limited sender, at most once per period if it is sent afterwards.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    pub text: String,
    /// What decisions made before notices had parts said in Welsh with `text`; none is made any
    /// more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub welsh: Option<String>,
    /// The languages that the sender is written and spoken to in, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Language>,
    /// What `text` says, part by part, for channels that say it in their own way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<NoticePart>,
    /// The first instant at which every row would admit the contact; null: none is known.
    #[serde(serialize_with = "super::instant::written_if_any")]
    pub next_slot: Option<DateTime<Utc>>,
}

/// A notice is addressed to one person: `Debug` leaves its text out.
impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notice(next slot {:?})", self.next_slot)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_route_reaches_by_mail_or_by_any_line_of_its_own_or_of_a_deputy() {
        for (ways, by_mail, by_telephone) in [
            (json!({}), false, false),
            (json!({"email": "ann@x.example"}), true, false),
            (json!({"phone": "0191 498 0123"}), false, true),
            (json!({"sip": "sip:ann@x.example"}), false, true),
            (json!({"then": [{"name": "Bo"}]}), false, false),
            (json!({"then": [{"name": "Bo", "phone": "0191 498 0124"}]}), false, true),
            (json!({"then": [{"name": "Bo", "sip": "sip:bo@x.example"}]}), false, true),
        ] {
            let mut route = json!({"queue": "q", "name": null, "email": null, "phone": null});
            route.as_object_mut().unwrap().extend(ways.as_object().unwrap().clone());
            let route: Route = serde_json::from_value(route).unwrap();
            assert_eq!(route.reaches(Channel::Telephone), by_telephone, "{ways}");
            for channel in [Channel::Email, Channel::Letter, Channel::Sms] {
                assert_eq!(route.reaches(channel), by_mail, "{ways}");
            }
        }
    }

    /// A decision on a contact, routed by e-mail to nobody.
    fn decided(more: Value) -> Decision {
        let mut decision = json!({"contact": "c-1", "person": "P-1", "disposition": "route", "mode": "enforce",
            "route": {"queue": "q", "name": null, "email": null, "phone": null}, "reasons": [], "flags": [],
            "quotas": [], "notice": null, "stale": false});
        decision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(decision).unwrap()
    }

    #[test]
    fn a_contact_goes_on_if_delivered_or_if_a_safeguard_routes_it_to_nobody() {
        let reason =
            |code: &str| json!([{"code": code, "restriction": null, "clause": null, "text": "x"}]);
        let (safe, quota) = (reason("safeguard.legal"), reason("contact_quota.over"));
        let by_mail = json!({"queue": "q", "name": null, "email": "ann@x.example", "phone": null});
        for (more, lane, is_queued, by_email, by_telephone) in [
            (json!({"disposition": "deliver"}), None, false, true, true),
            (
                json!({"disposition": "limit", "reasons": safe}),
                Some(Lane::Legal),
                true,
                false,
                false,
            ),
            (json!({"disposition": "file", "reasons": quota}), None, true, false, false),
            (json!({"reasons": quota}), None, true, false, false),
            (json!({"reasons": safe}), Some(Lane::Legal), true, true, true),
            (json!({"reasons": safe, "route": null}), Some(Lane::Legal), true, true, true),
            (json!({"reasons": safe, "route": by_mail}), Some(Lane::Legal), true, false, true),
        ] {
            let one = decided(more.clone());
            assert_eq!((one.lane(), one.is_queued()), (lane, is_queued), "{more}");
            let goes_on = [Channel::Email, Channel::Telephone].map(|channel| one.goes_on(channel));
            assert_eq!(goes_on, [by_email, by_telephone], "{more}");
        }
    }

    #[test]
    fn a_decision_says_whether_its_original_was_kept_and_shows_a_log_no_address_or_text() {
        assert!(decided(json!({"flags": ["unread", "original_not_kept"]})).lacks_original());
        assert!(!decided(json!({"flags": ["unread"]})).lacks_original());
        let then = json!([{"name": "Bo Carr", "phone": "0191 498 0124"}]);
        let route = json!({"queue": "q", "name": "Ann Bell", "email": "ann@x.example", "phone": null, "then": then});
        let notice = json!({"text": "Dear Jo", "next_slot": null});
        let one = decided(json!({"route": route, "notice": notice}));
        let route = one.route.unwrap();
        assert_eq!(format!("{route:?} {:?}", route.then), "Route(q) [Fallback]");
        assert_eq!(format!("{:?}", one.notice.unwrap()), "Notice(next slot None)");
    }
}
