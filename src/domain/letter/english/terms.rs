//! What each restriction means, in English.

use crate::domain::letter::say::Saying;
use crate::domain::letter::terms::Terms;
use crate::domain::notice::phrases::joined;
use crate::domain::notice::{Limit, Line};

/// What happens to contact that the terms keep back.
const KEPT_BACK: &str = "We will not answer other contact. We keep other messages, and one of our \
                         staff will read each by the end of the next working day.";

#[expect(clippy::too_many_lines, reason = "a table: a row of sentences for each kind")]
pub(super) fn means(terms: &Terms, to: &mut Saying) {
    let say = to.say;
    match terms {
        Terms::PointOfContact { name, details, hours, deputies } => {
            to.p(format!("{name} is your contact for everything you need from us."));
            for detail in details {
                to.item(Line::default().detail(detail));
            }
            if !hours.is_empty() {
                let hours: Vec<String> = hours.iter().map(|one| say.hours(one)).collect();
                to.p(format!("You can reach them at these times: {}.", hours.join("; ")));
            }
            if !deputies.is_empty() {
                to.p(format!("If they are away, you can speak to {}.", joined(deputies, "or")));
            }
            to.p("If you contact somebody else here, we will pass it on to your contact.");
        }
        Terms::OnlyChannels { ways } => {
            to.p(match ways.len() {
                1 => "You can only contact us in this way:",
                _ => "You can only contact us in these ways:",
            });
            for way in ways {
                to.item(say.way(way));
            }
        }
        Terms::OnlyHours { channels, hours, bank_holidays } => {
            let by: Vec<&str> = channels.iter().map(|one| say.by(*one)).collect();
            to.p(format!("You can only contact us {} at these times:", joined(&by, "or")));
            for one in hours {
                to.item(Line::words(say.hours(one)));
            }
            to.p(if *bank_holidays {
                "These times are the same on bank holidays."
            } else {
                "We are not there for you at these times on bank holidays."
            });
        }
        Terms::Contacts { quota, channels } => {
            to.line(say.limit(&Limit::Contacts { quota: *quota, channels: channels.clone() }));
        }
        Terms::Issues { quota } => to.line(say.limit(&Limit::Issues { quota: *quota })),
        Terms::IssueClosed { issues } => {
            to.p("We have looked at this and given you our answer. We will not look at it again, \
                  unless you send us something new.");
            matters(issues, to);
        }
        Terms::ComplaintClosed { issues } => {
            to.line(say.limit(&Limit::ComplaintEnded));
            to.p("We will not look at your complaint again, unless you send us something new.");
            matters(issues, to);
        }
        Terms::ReadAndFile { issues } => {
            to.p(
                "We will read what you send us and keep it, but we will not reply. If you tell us \
                  something new, we will look at it.",
            );
            matters(issues, to);
        }
        Terms::OnlyRepresentative { names } => {
            to.line(say.limit(&Limit::OnlyRepresentative));
            match names.as_slice() {
                [] => to
                    .p("You choose who this is. Please tell us who it is and how we can reach \
                            them."),
                names => to.p(format!("This is {}.", joined(names, "or"))),
            }
        }
        Terms::ContactEnded { engages } => {
            to.p("We will no longer reply when you contact us. We will keep what you send us.");
            let roles: Vec<String> = engages.iter().map(|role| say.role(&role.0)).collect();
            let who = match roles.as_slice() {
                [] => "a senior member of staff".to_owned(),
                roles => joined(roles, "or"),
            };
            to.p(format!("If you write about something new, {who} will decide if we reply."));
        }
        Terms::CallLength { minutes } => {
            to.p(format!(
                "Each phone call with us can last up to {minutes} minutes. After that, we will end \
                 the call."
            ));
        }
        Terms::VisitsInPairs => to.p(
            "When we visit you, two of our staff will come together. This does not change how you \
             can contact us.",
        ),
        Terms::AppointmentOnly => to.p(
            "You can only see us in person if you agree a time with us first. Please contact us to \
             do this.",
        ),
        Terms::DocumentsReturned { destroyed: false } => {
            to.p("If you send us papers that we do not need, we will send them back to you.");
        }
        Terms::DocumentsReturned { destroyed: true } => to.p(
            "If you send us papers that we do not need, we will destroy them safely. Please do not \
             send us papers that you want back.",
        ),
        Terms::LessThanBefore => to
            .p("The limit on how you contact us is now less strict than it was. Please ask us if \
             anything is not clear."),
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
    to.p("This is about:");
    for issue in issues {
        to.item(Line::words(format!("your case {issue}")));
    }
}
