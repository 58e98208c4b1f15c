//! What has to be chosen before the fields of a step are known: the kind of a restriction, or of a letter.

use askama::Template;

use super::describe::{Ask, Choice, Two, two};
use super::setting::Desktop;
use super::step_request::StepRequest;
use crate::domain::restriction::KindName;
use crate::staff::Staff;
use crate::staff::console::form::quoted;
use crate::staff::console::frame::{Frame, Page, Section, page as shown};
use crate::staff::console::person::head::Head;
use crate::staff::console::visit::Visit;
use crate::staff::console::{say, words};

struct Offer {
    value: &'static str,
    text: String,
    hint: &'static str,
    clause: Option<String>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage {
    f: Frame,
    w: &'static words::Case,
    s: &'static words::Steps,
    head: Head,
    back: String,
    title: &'static str,
    question: &'static str,
    lead: &'static str,
    action: String,
    about: String,
    offers: Vec<Offer>,
    /// What the policy excludes, and what it says nothing of.
    excluded: Vec<(String, Option<String>)>,
    unset: Vec<String>,
}

/// Whether the fields are not known yet.
pub(super) fn is_needed(request: &StepRequest) -> bool {
    match request.step.act {
        "propose" => request.kind().is_none(),
        "draft_letter" => request.letter().is_none(),
        _ => false,
    }
}

pub(super) fn page(staff: &Staff, visit: &Visit, desktop: &Desktop, request: &StepRequest) -> Page {
    let language = visit.language();
    let s = words::Steps::of(language);
    let is_letter = request.step.act == "draft_letter";
    let (mut offers, mut excluded, mut unset) = (Vec::new(), Vec::new(), Vec::new());
    if is_letter {
        offers = letters(request, visit);
    } else {
        let profile = &visit.organisation.profile;
        for kind in KindName::ALL {
            let text = say::kind(kind, language).to_owned();
            match profile.kinds.get(&kind) {
                Some(rule) if rule.allowed => offers.push(Offer {
                    value: kind.name(),
                    text,
                    hint: effect(kind).of(language),
                    clause: rule.clause.clone(),
                }),
                Some(rule) => excluded.push((text, rule.clause.clone())),
                None => unset.push(text),
            }
        }
    }
    let title = request.step.title.of(language);
    let head = Head::of(visit, &desktop.read.person, None, None);
    shown(&ChoosePage {
        f: Frame::of(staff, visit, Section::People, &format!("{title} – {}", head.name)),
        w: words::Case::of(language),
        s,
        head,
        back: format!("/people/{}/case?tab=case", quoted(&request.person)),
        title,
        question: if is_letter { kind_of_letter(request, visit) } else { s.choose_kind },
        lead: if is_letter { request.step.lead.of(language) } else { s.choose_kind_text },
        action: format!("/people/{}/steps/{}", quoted(&request.person), request.step.act),
        about: request.about().to_owned(),
        offers,
        excluded,
        unset,
    })
}

fn kind_of_letter(request: &StepRequest, visit: &Visit) -> &'static str {
    let field = request.step.fields.iter().find(|field| field.key == "kind");
    field.map_or("", |field| field.label.of(visit.language()))
}

fn letters(request: &StepRequest, visit: &Visit) -> Vec<Offer> {
    let field = request.step.fields.iter().find(|field| field.key == "kind");
    let Some(Ask::One(choices)) = field.map(|field| field.ask) else { return Vec::new() };
    let offer = |one: &Choice| Offer {
        value: one.value,
        text: one.text.of(visit.language()).to_owned(),
        hint: "",
        clause: None,
    };
    choices.iter().map(offer).collect()
}

/// What a kind does, in a line.
const fn effect(kind: KindName) -> Two {
    match kind {
        KindName::SinglePointOfContact => two(
            "Everything goes to one named colleague. The addresses that the person knows stay the same.",
            "Mae popeth yn mynd at un cydweithiwr penodol. Mae'r cyfeiriadau y mae'r person yn eu gwybod yn aros yr un fath.",
        ),
        KindName::ChannelsOnly => two(
            "Some ways of contact stay open; what comes by others is kept.",
            "Mae rhai ffyrdd o gysylltu yn aros ar agor; cedwir yr hyn a ddaw drwy eraill.",
        ),
        KindName::HoursOnly => two(
            "Calls and visits at some hours of the week only.",
            "Galwadau ac ymweliadau ar rai oriau o'r wythnos yn unig.",
        ),
        KindName::ContactQuota => two(
            "So many contacts a day, week or month; more are kept.",
            "Hyn a hyn o gysylltiadau'r dydd, yr wythnos neu'r mis; cedwir mwy na hynny.",
        ),
        KindName::IssueClosed => two(
            "Nothing more is considered on a matter that was answered, unless it is new.",
            "Nid ystyrir dim mwy ar fater a atebwyd, oni bai ei fod yn newydd.",
        ),
        KindName::IssueQuota => two(
            "So many new issues a day, week or month.",
            "Hyn a hyn o faterion newydd y dydd, yr wythnos neu'r mis.",
        ),
        KindName::RepresentativeOnly => two(
            "Contact through somebody who acts for the person.",
            "Cysylltu drwy rywun sy'n gweithredu ar ran y person.",
        ),
        KindName::ReadAndFile => two(
            "Everything is read and filed without a reply, unless it is new.",
            "Caiff popeth ei ddarllen a'i ffeilio heb ateb, oni bai ei fod yn newydd.",
        ),
        KindName::ContactEnded => two(
            "Nothing is answered any more but emergencies, statutory requests and appeals.",
            "Nid atebir dim mwyach ond argyfyngau, ceisiadau statudol ac apeliadau.",
        ),
        KindName::ComplaintClosed => two(
            "A complaint that ended is not looked at again, unless there is something new.",
            "Nid edrychir eto ar gŵyn a ddaeth i ben, oni bai bod rhywbeth newydd.",
        ),
        KindName::CallLength => {
            two("Calls end after so many minutes.", "Daw galwadau i ben ar ôl hyn a hyn o funudau.")
        }
        KindName::VisitsInPairs => {
            two("Two colleagues visit together.", "Mae dau gydweithiwr yn ymweld gyda'i gilydd.")
        }
        KindName::AppointmentOnly => {
            two("Visits by appointment only.", "Ymweliadau drwy apwyntiad yn unig.")
        }
        KindName::DocumentsReturned => two(
            "Documents that are sent again are returned or destroyed.",
            "Caiff dogfennau a anfonir eto eu dychwelyd neu eu dinistrio.",
        ),
    }
}
