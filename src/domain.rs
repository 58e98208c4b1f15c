//! The pure heart: decisions and their reasons. No async, clock, environment, log or I/O; the same
//! facts give the same decision, so that simulation, back-test and audit replay run this code.
//!
//! The path of one decision: [`roster`] finds who has the identifiers, [`sender`] says how far that
//! is proven, [`decide`] walks the decision order on person, contact and [`ledger`], [`explain`]
//! says it to staff and auditor, and [`notice`] to the customer.

pub mod account;
pub mod activation;
pub mod answered_by;
pub mod api_token;
pub mod audit;
pub mod broken;
pub mod calendar;
pub mod case;
pub mod channel;
pub mod contact;
pub mod decide;
pub mod decision;
pub mod diary;
pub mod digest;
mod disposition;
pub mod doubt;
pub mod duty;
pub mod enforced;
pub mod erasure;
pub mod event;
pub mod evidence;
pub mod explain;
mod fingerprints;
pub mod flag;
mod folding;
pub mod hours;
pub mod identifier;
mod in_force;
pub mod instant;
pub mod invisible;
mod issue;
pub mod lane;
pub mod language;
pub mod ledger;
pub mod letter;
pub mod lifecycle;
pub mod may_contact;
pub mod mention;
pub mod merge;
pub mod moment;
pub mod nation;
pub mod notice;
pub mod open_way;
pub mod organisation;
pub mod outbound;
pub mod own_record;
pub mod past;
pub mod percent;
pub mod permission;
pub mod person;
pub mod point_of_contact;
pub mod profile;
pub mod provider;
pub mod queue;
mod queue_names;
pub mod quota;
pub mod reach;
mod read_by;
pub mod reading;
pub mod reason_code;
pub mod refusal_code;
pub mod replay;
pub mod report;
pub mod restriction;
pub mod retention;
pub mod roster;
pub mod row;
pub mod safeguard;
pub mod sender;
pub mod tally;
pub mod templates;
pub mod token_life;
