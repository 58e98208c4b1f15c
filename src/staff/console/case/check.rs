//! A proposal, to be checked before it is sent, signed or put in force: what is missing, what it says, what it
//! would do, what stays open, what it would have done, and its letter.

mod facts;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};

use self::facts::{BackTested, LetterPart, SettingAnswer, Way};
use super::cards::{self, Card, Maker};
use super::describe::{self, two};
use super::letter::sheet;
use super::offered::{self, StepLink, Trial, Tried};
use super::page::said;
use super::refusal::{self, Refusal};
use super::setting::Desktop;
use crate::casework::outlook::outlook;
use crate::domain::case::anchors::will_hold;
use crate::domain::case::proposal::Proposal;
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::Restriction;
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::form::quoted;
use crate::staff::console::frame::{Frame, Page, Section, page};
use crate::staff::console::person::head::Head;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::console::{say, words};
use crate::staff::permit::RecordsCases;

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    f: Frame,
    s: &'static words::Steps,
    c: &'static words::Check,
    head: Head,
    back: String,
    card: Card,
    is_open: bool,
    missing: Vec<Refusal>,
    steps: Vec<StepLink>,
    more: Vec<StepLink>,
    shut: Vec<Refusal>,
    answers: Vec<SettingAnswer>,
    channels: Vec<(&'static str, Vec<String>)>,
    always: Vec<(&'static str, bool)>,
    way: Way,
    tested: BackTested,
    letter: LetterPart,
}

/// The proposal that a page is about, with the restriction as it would hold from now.
pub(super) struct Checked<'a> {
    pub visit: &'a Visit,
    pub desktop: &'a Desktop,
    pub proposal: &'a Proposal,
    pub restriction: Restriction,
}

fn checked<'a>(
    staff: &Staff,
    visit: &'a Visit,
    desktop: &'a Desktop,
    id: &str,
) -> Result<Checked<'a>, Trouble> {
    let proposal = desktop.read.file.proposal(id).ok_or(Trouble::NotFound)?;
    let profile = &visit.organisation.profile;
    let today = staff.casework(visit).desk.today(&visit.organisation);
    let restriction = will_hold(profile, &desktop.read.file, proposal, today);
    Ok(Checked { visit, desktop, proposal, restriction })
}

pub(in crate::staff::console) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, proposal)): Path<(String, String)>,
    asked: Asked,
) -> Page {
    let desktop = Desktop::open(&staff, &visit, &person).await?;
    let it = checked(&staff, &visit, &desktop, &proposal)?;
    let language = visit.language();
    let make = Maker::new(&visit, &desktop);
    let tested = facts::back_tested(&staff, &it).await?;
    let today = staff.casework(&visit).desk.today(&visit.organisation);
    // Two records of one person are decided on together.
    let desk = &staff.casework(&visit).desk;
    let whole = desk.as_one(&visit.organisation.id, &desktop.read.person.id).await?;
    let ahead = outlook(&visit.organisation, &whole, &it.restriction, today);
    let channels = ahead.channels.iter();
    let channels =
        channels.map(|one| (say::channel(one.channel, language), say::outlook(one, language)));
    let mut card = cards::proposal(make, it.proposal);
    card.steps.clear();
    let head = Head::of(&visit, &desktop.read.person, None, None);
    let (steps, more, shut) = steps(&it);
    let c = words::Check::of(language);
    let title = format!("{}: {} – {}", c.title, card.title, head.name);
    page(&CheckPage {
        f: Frame::of(&staff, &visit, Section::People, &title)
            .saying(said(&visit, &asked).as_deref()),
        s: words::Steps::of(language),
        c,
        back: format!("/people/{}/case?tab=case", quoted(&person)),
        is_open: it.proposal.is_open(),
        missing: missing(&it),
        steps,
        more,
        shut,
        answers: facts::answers(&it),
        channels: channels.collect(),
        always: ahead
            .always
            .iter()
            .map(|(lane, open)| (say::lane(*lane, language), *open))
            .collect(),
        way: facts::way(&it),
        tested,
        letter: facts::letter(&it),
        card,
        head,
    })
}

/// Everything that keeps the proposal from being put in force: the step itself says it.
fn missing(it: &Checked<'_>) -> Vec<Refusal> {
    let Some(step) = describe::step("put_in_force").filter(|_| it.proposal.is_open()) else {
        return Vec::new();
    };
    let trial = Trial { step, about: &it.proposal.id, more: &[], text: None };
    let broken = offered::broken(it.visit, it.desktop, &trial);
    // Who looks at the page may be somebody who does not put it in force.
    let own = [RefusalCode::RoleNotAllowed, RefusalCode::DeciderAccused];
    let broken =
        broken.iter().filter(|one| !(own.contains(&one.code) && one.key.as_deref() == Some("by")));
    let mut seen: Vec<(RefusalCode, &str)> = Vec::new();
    let broken = broken.filter(|one| {
        let known = seen.contains(&(one.code, one.what.as_str()));
        seen.push((one.code, one.what.as_str()));
        !known
    });
    broken.map(|one| refusal::of(one, step, None, it.visit.language())).collect()
}

fn steps(it: &Checked<'_>) -> (Vec<StepLink>, Vec<StepLink>, Vec<Refusal>) {
    let (visit, desktop, id) = (it.visit, it.desktop, it.proposal.id.as_str());
    let (mut steps, mut more, mut shut) = (Vec::new(), Vec::new(), Vec::new());
    if !it.proposal.is_open() {
        return (steps, more, shut);
    }
    for act in ["submit", "put_in_force"] {
        steps.extend(offered::open(visit, desktop, act, id));
    }
    let signs = it.proposal.signature.is_none().then_some(None);
    let exceptions = it.proposal.unsigned_exceptions();
    let signs = signs.into_iter().chain(exceptions.map(|one| Some(one.exception)));
    for exception in signs {
        let Some(step) = describe::step("sign_off") else { continue };
        let named = exception.map(|one| [("exception", one.name())]);
        let text = exception.map(|_| two("Sign the exception", "Llofnodi'r eithriad"));
        let more = named.as_ref().map_or(&[][..], |named| &named[..]);
        match offered::tried(visit, desktop, &Trial { step, about: id, more, text }) {
            Tried::Open(link) => steps.push(link),
            Tried::Shut(why) => shut.extend(why),
            Tried::Closed => {}
        }
    }
    steps.extend(facts::letter_step(it));
    for act in ["send_back", "withdraw_proposal"] {
        more.extend(offered::open(visit, desktop, act, id));
    }
    if let Some(link) = facts::change_link(it) {
        more.push(link);
    }
    (steps, more, shut)
}

/// What the letter would say, before one is drafted.
pub(in crate::staff::console) async fn letter_preview(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, proposal)): Path<(String, String)>,
) -> Page {
    let desktop = Desktop::open(&staff, &visit, &person).await?;
    let it = checked(&staff, &visit, &desktop, &proposal)?;
    let written = facts::written(&it).ok_or(Trouble::NotFound)?;
    Ok(sheet(written.html))
}
