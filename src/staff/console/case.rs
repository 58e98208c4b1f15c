//! A person's case in the browser: the file, and a page for each step.
//!
//! A step is described once ([`describe`]); its page, its reading and its refusals are made from that. What
//! may be done now the production step says itself ([`offered`]).

mod ask;
mod cards;
pub(super) mod check;
mod choose;
mod describe;
mod due;
mod form;
pub(super) mod letter;
mod offered;
mod page;
mod read;
mod refusal;
mod setting;
mod step_request;
mod values;

pub(super) use self::ask::short;
pub(super) use self::cards::{anchor, proposal_href};
pub(super) use self::describe::{ALL, StepForm, Two, two};
pub(super) use self::due::{
    DueLine, href_from_afar as due_href, state as due_state, who as due_who,
};
pub(super) use self::form::{show, take};
pub(super) use self::page::show as show_case;
pub(super) use self::refusal::{Refusal, plain};
