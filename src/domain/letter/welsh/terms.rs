//! What each restriction means, in Welsh.

use crate::domain::letter::say::Saying;
use crate::domain::letter::terms::Terms;
use crate::domain::notice::phrases::joined;
use crate::domain::notice::{Limit, Line};

/// What happens to contact that the terms keep back.
const KEPT_BACK: &str = "Ni fyddwn yn ateb cyswllt arall. Rydym yn cadw negeseuon eraill, a bydd \
                         aelod o'n staff yn darllen pob un erbyn diwedd y diwrnod gwaith nesaf.";

#[expect(clippy::too_many_lines, reason = "a table: a row of sentences for each kind")]
pub(super) fn means(terms: &Terms, to: &mut Saying) {
    let say = to.say;
    match terms {
        Terms::PointOfContact { name, details, hours, deputies } => {
            to.p(format!("{name} yw eich cyswllt ar gyfer popeth sydd ei angen arnoch gennym."));
            for detail in details {
                to.item(Line::default().detail(detail));
            }
            if !hours.is_empty() {
                let hours: Vec<String> = hours.iter().map(|one| say.hours(one)).collect();
                to.p(format!(
                    "Gallwch gysylltu â'r person hwnnw ar yr adegau hyn: {}.",
                    hours.join("; ")
                ));
            }
            if !deputies.is_empty() {
                to.p(format!(
                    "Os nad yw ar gael, gallwch siarad â'r canlynol: {}.",
                    joined(deputies, "neu")
                ));
            }
            to.p("Os byddwch yn cysylltu â rhywun arall yma, byddwn yn ei anfon ymlaen at eich \
                  cyswllt.");
        }
        Terms::OnlyChannels { ways } => {
            to.p("Dim ond fel hyn y gallwch gysylltu â ni:");
            for way in ways {
                to.item(say.way(way));
            }
        }
        Terms::OnlyHours { channels, hours, bank_holidays } => {
            let by: Vec<&str> = channels.iter().map(|one| say.by(*one)).collect();
            to.p(format!(
                "Dim ond ar yr adegau hyn y gallwch gysylltu â ni {}:",
                joined(&by, "neu")
            ));
            for one in hours {
                to.item(Line::words(say.hours(one)));
            }
            to.p(if *bank_holidays {
                "Mae'r adegau hyn yr un fath ar wyliau banc."
            } else {
                "Nid ydym ar gael i chi ar yr adegau hyn ar wyliau banc."
            });
        }
        Terms::Contacts { quota, channels } => {
            to.line(say.limit(&Limit::Contacts { quota: *quota, channels: channels.clone() }));
        }
        Terms::Issues { quota } => to.line(say.limit(&Limit::Issues { quota: *quota })),
        Terms::IssueClosed { issues } => {
            to.p("Rydym wedi edrych ar hyn ac wedi rhoi ein hateb i chi. Ni fyddwn yn edrych arno \
                  eto, oni bai eich bod yn anfon rhywbeth newydd atom.");
            matters(issues, to);
        }
        Terms::ComplaintClosed { issues } => {
            to.line(say.limit(&Limit::ComplaintEnded));
            to.p("Ni fyddwn yn edrych ar eich cwyn eto, oni bai eich bod yn anfon rhywbeth newydd \
                  atom.");
            matters(issues, to);
        }
        Terms::ReadAndFile { issues } => {
            to.p("Byddwn yn darllen yr hyn a anfonwch atom ac yn ei gadw, ond ni fyddwn yn ateb. Os \
                  byddwch yn dweud rhywbeth newydd wrthym, byddwn yn edrych arno.");
            matters(issues, to);
        }
        Terms::OnlyRepresentative { names } => {
            to.line(say.limit(&Limit::OnlyRepresentative));
            match names.as_slice() {
                [] => to.p("Chi sy'n dewis pwy yw'r person hwn. Dywedwch wrthym pwy ydyw a sut y \
                            gallwn gysylltu."),
                names => to.p(format!("Y person hwn yw: {}.", joined(names, "neu"))),
            }
        }
        Terms::ContactEnded { engages } => {
            to.p("Ni fyddwn yn ateb mwyach pan fyddwch yn cysylltu â ni. Byddwn yn cadw'r hyn a \
                  anfonwch atom.");
            to.p("Os byddwch yn ysgrifennu am rywbeth newydd, bydd rhywun yn penderfynu a fyddwn yn \
                  ateb.");
            if !engages.is_empty() {
                let roles: Vec<String> = engages.iter().map(|role| say.role(&role.0)).collect();
                to.p(format!("Bydd hyn yn mynd at {}.", joined(&roles, "neu")));
            }
        }
        Terms::CallLength { minutes } => to.p(format!(
            "Gall pob galwad ffôn gyda ni bara hyd at {minutes} munud. Ar ôl hynny, byddwn yn dod \
             â'r alwad i ben."
        )),
        Terms::VisitsInPairs => to.p(
            "Pan fyddwn yn ymweld â chi, bydd dau aelod o'n staff yn dod gyda'i gilydd. Nid yw hyn yn \
             newid sut y gallwch gysylltu â ni.",
        ),
        Terms::AppointmentOnly => to.p(
            "Dim ond os byddwch yn cytuno ar amser gyda ni yn gyntaf y gallwch ein gweld wyneb yn \
             wyneb. Cysylltwch â ni i wneud hyn.",
        ),
        Terms::DocumentsReturned { destroyed: false } => to.p(
            "Os byddwch yn anfon papurau atom nad oes eu hangen arnom, byddwn yn eu hanfon yn ôl \
             atoch.",
        ),
        Terms::DocumentsReturned { destroyed: true } => to.p(
            "Os byddwch yn anfon papurau atom nad oes eu hangen arnom, byddwn yn eu dinistrio'n \
             ddiogel. Peidiwch ag anfon papurau yr ydych am eu cael yn ôl.",
        ),
        Terms::LessThanBefore => to.p(
            "Mae'r terfyn ar sut y gallwch gysylltu â ni yn llai llym nag o'r blaen. Gofynnwch i ni \
             os nad yw rhywbeth yn glir.",
        ),
    }
    if terms.keeps_back() {
        to.p(KEPT_BACK);
    }
}

/// What is closed, by the references that the person knows.
fn matters(issues: &[String], to: &mut Saying) {
    if issues.is_empty() {
        return;
    }
    to.p("Mae hyn yn ymwneud â:");
    for issue in issues {
        to.item(Line::words(format!("eich achos {issue}")));
    }
}
