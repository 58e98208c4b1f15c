//! What a provider's webhook is about, in the gateway's own words.

use chrono::{DateTime, Utc};

use super::first::Stage;
use super::script::Next;
use crate::domain::channel::Channel;
use crate::domain::contact::{Attachment, Contact, ID_BYTES_MAX, SenderIdentifier, id_fault};
use crate::domain::lane::AskedLane;
use crate::runtime::tokens::{hex, sha256};

/// Room in an id for the suffix of a contact that a caller makes by a key, after the call's own id.
const LANE_BYTES_MAX: usize = 40;

/// What a webhook asks for.
pub enum Event {
    /// A call comes in and waits for an answer.
    Call(Call),
    /// A decided call has reached its next step.
    Next(Next, Call),
    /// A text message came in.
    Text(Text),
    /// Another system's contact, whole.
    Handed(Box<Contact>),
    /// What it is about can't be read, for this reason.
    Unread(String),
    /// Something learnt about a submitted call or message: the contact's id, and what.
    Noted(String, Vec<Note>),
    /// A status report at the address where calls come in: not a contact, and nobody waits
    /// for an answer.
    Told(Call),
    /// Something else on the way of a call: of one that was decided here, a step of the existing call
    /// flow; of any other, no contact.
    UnderWay(Call),
    /// A step of the existing call flow, which is not ours.
    PassOn,
}

impl Event {
    /// What a webhook about a call is by its stage.
    pub fn at(stage: Stage, call: Call) -> Self {
        match stage {
            Stage::First => Event::Call(call),
            Stage::UnderWay => Event::UnderWay(call),
            Stage::Report => Event::Told(call),
        }
    }

    /// With ids that can be a contact's, whatever the provider or a SIP client wrote into its own.
    pub fn fitted(self) -> Self {
        match self {
            Event::Call(call) => Event::Call(Call { id: fitted(call.id), ..call }),
            Event::Next(next, call) => Event::Next(next, Call { id: fitted(call.id), ..call }),
            Event::Text(text) => Event::Text(Text { id: fitted(text.id), ..text }),
            Event::Noted(id, notes) => Event::Noted(fitted(id), notes),
            Event::Told(call) => Event::Told(Call { id: fitted(call.id), ..call }),
            Event::UnderWay(call) => Event::UnderWay(Call { id: fitted(call.id), ..call }),
            // Of an API: what can't be an id was refused.
            Event::Handed(_) | Event::Unread(_) | Event::PassOn => self,
        }
    }
}

/// An id of a provider's with room for a lane's name, or the digest of one that can't be an id.
fn fitted(id: String) -> String {
    if id_fault(&id).is_none() && id.len() + LANE_BYTES_MAX <= ID_BYTES_MAX {
        return id;
    }
    format!("call-sha256-{}", hex(&sha256(id.as_bytes())))
}

/// A call.
#[derive(Clone)]
pub struct Call {
    /// The contact's id: provider, account and call.
    pub id: String,
    /// The provider's id of the call.
    pub call_id: String,
    /// Empty: withheld.
    pub from: Vec<SenderIdentifier>,
    pub to: Vec<String>,
    /// The call begins with this webhook.
    pub began: bool,
    /// Seconds, as the provider writes them.
    pub length_seconds: Option<String>,
    /// How the step, or the call, went, in the provider's words.
    pub result: Option<String>,
    /// The dialled party took the call.
    pub answered: bool,
    /// The key that was pressed.
    pub key: Option<String>,
    /// The address of a recording.
    pub recording: Option<String>,
}

/// A text message.
#[derive(Clone)]
pub struct Text {
    /// The contact's id: provider, account and message.
    pub id: String,
    pub channel: Channel,
    pub from: Vec<SenderIdentifier>,
    pub to: Vec<String>,
    pub text: Option<String>,
    pub attachments: Vec<Attachment>,
}

impl Call {
    pub fn contact(&self, at: DateTime<Utc>) -> Contact {
        Contact {
            call_id: Some(self.call_id.clone()),
            ..contact(self.id.clone(), Channel::Telephone, at, &self.from, &self.to)
        }
    }

    /// The contact that a caller makes by a key: it goes to the lane that the key names.
    pub fn asked(&self, lane: AskedLane, at: DateTime<Utc>) -> Contact {
        Contact { id: self.asked_id(lane), lane: Some(lane), ..self.contact(at) }
    }

    /// The id of that contact.
    pub fn asked_id(&self, lane: AskedLane) -> String {
        format!("{}-{}", self.id, lane.name())
    }
}

impl Text {
    pub fn contact(&self, at: DateTime<Utc>) -> Contact {
        Contact {
            text: self.text.clone(),
            attachments: self.attachments.clone(),
            ..contact(self.id.clone(), self.channel, at, &self.from, &self.to)
        }
    }
}

fn contact(
    id: String,
    channel: Channel,
    at: DateTime<Utc>,
    from: &[SenderIdentifier],
    to: &[String],
) -> Contact {
    Contact { from: from.to_vec(), to: to.to_vec(), ..Contact::new(id, channel, at) }
}

/// Something learnt at a step, to be noted on the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub name: &'static str,
    pub value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edges_own_ids_always_fit_and_a_retry_has_the_same() {
        let plain = "call-twilio-AC1-CA1".to_owned();
        assert_eq!(fitted(plain.clone()), plain);
        for foreign in ["call-sip-a b\u{7}@h".to_owned(), format!("call-sip-{}", "x".repeat(5_000))]
        {
            let once = fitted(foreign.clone());
            assert_eq!(id_fault(&once), None);
            assert_eq!(once, fitted(foreign));
        }
        let longest = "x".repeat(ID_BYTES_MAX);
        assert!(fitted(longest).len() + LANE_BYTES_MAX <= ID_BYTES_MAX);
    }
}
