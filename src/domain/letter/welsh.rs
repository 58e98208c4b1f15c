//! The sentences of letters in Welsh. No Welsh speaker has approved them yet: letters in Welsh are
//! not sent before somebody has (`Templates::is_approved`). What staff wrote stays as they wrote it.

mod grounds;
mod terms;

use self::grounds::{by_itself, denied};
use self::terms::means;
use super::say::{Saying, Says};
use super::{Behaviour, Concerns, Considered, Lasting, Opening, Outcome, Part, Reasons, Said};
use crate::domain::case::letter::LetterKind;
use crate::domain::notice::phrases::{Phrases, joined};
use crate::domain::notice::{Line, NoticePart, Policy};
use crate::domain::profile::Length;

pub(super) struct Welsh;

impl Says for Welsh {
    fn title(&self, kind: LetterKind, concerns: Concerns) -> &'static str {
        match (kind, concerns) {
            (LetterKind::Warning, _) => "Rhybudd am eich ymddygiad",
            (LetterKind::Restriction, Concerns::Contact) => {
                "Sut y gallwch gysylltu â ni: ein penderfyniad"
            }
            (LetterKind::Restriction, Concerns::Meeting) => {
                "Sut y byddwn yn cwrdd â chi: ein penderfyniad"
            }
            (LetterKind::Variation, Concerns::Contact) => {
                "Newid i'r ffordd y gallwch gysylltu â ni"
            }
            (LetterKind::Variation, Concerns::Meeting) => {
                "Newid i'r ffordd y byddwn yn cwrdd â chi"
            }
            (LetterKind::Lifted, Concerns::Contact) => {
                "Mae'r terfyn ar eich cyswllt wedi dod i ben"
            }
            (LetterKind::Lifted, Concerns::Meeting) => {
                "Mae ein penderfyniad am ymweliadau wedi dod i ben"
            }
            (LetterKind::UpcomingReview, _) => "Byddwn yn edrych ar ein penderfyniad eto yn fuan",
            (LetterKind::ReviewOutcome, _) => "Rydym wedi edrych ar ein penderfyniad eto",
            (LetterKind::AppealAcknowledged, _) => "Mae eich apêl gennym",
            (LetterKind::AppealOutcome, _) => "Ein penderfyniad ar eich apêl",
            (LetterKind::ContactEnded, _) => "Ein penderfyniad i roi'r gorau i gysylltu â chi",
            (LetterKind::NoNotificationRecord, _) => "Cofnod o benderfyniad nad yw wedi ei anfon",
        }
    }

    fn heading(&self, part: Part, kind: LetterKind) -> &'static str {
        match part {
            Part::Opening => "Pam rydym yn ysgrifennu",
            Part::Outcome => match kind {
                LetterKind::UpcomingReview => "Beth fydd yn digwydd",
                LetterKind::AppealAcknowledged => "Beth sy'n digwydd nawr",
                LetterKind::NoNotificationRecord => "Pam na ddywedwyd wrth y person",
                _ => "Beth rydym wedi ei benderfynu",
            },
            Part::Restrictions => match kind {
                LetterKind::AppealAcknowledged | LetterKind::UpcomingReview => "Y penderfyniad",
                LetterKind::ReviewOutcome | LetterKind::AppealOutcome => {
                    "Beth sy'n berthnasol nawr"
                }
                LetterKind::NoNotificationRecord => "Beth fyddai llythyr yn ei ddweud",
                _ => "Ein penderfyniad, a beth mae'n ei olygu i chi",
            },
            Part::Duration => "Pa mor hir y bydd hyn yn para",
            Part::Behaviour => "Beth ddigwyddodd",
            Part::MustChange => "Beth sydd angen newid",
            Part::Consequences => "Beth allai ddigwydd nesaf",
            Part::Reasons => "Pam rydym wedi penderfynu hyn",
            Part::Considered => "Beth rydym wedi ei ystyried",
            Part::Monitoring => "Sut rydym yn cadw golwg ar hyn",
            Part::HowToReach => "Sut i gysylltu â ni",
            Part::AlwaysOpen => "Beth y gallwch gysylltu â ni amdano bob amser",
            Part::HowToAppeal => "Sut i apelio",
            Part::Ombudsman => "Yr ombwdsmon",
            Part::PolicyCopy => "Ein polisi",
        }
    }

    fn dear(&self, name: &str) -> String {
        match name {
            "" => "Annwyl gwsmer".to_owned(),
            name => format!("Annwyl {name}"),
        }
    }

    fn closing(&self) -> &'static str {
        "Yn gywir"
    }

    fn our_reference(&self, reference: &str) -> String {
        format!("Eich cyfeirnod: {reference}")
    }

    fn signing(&self, role: &str) -> String {
        match role {
            "manager" => "Rheolwr",
            "head_of_service" => "Pennaeth Gwasanaeth",
            "director" => "Cyfarwyddwr",
            "chief_executive" => "Prif Weithredwr",
            "executive_team" => "Y tîm gweithredol",
            "customer_experience_team" => "Y tîm profiad cwsmeriaid",
            _ => "Uwch aelod o staff",
        }
        .to_owned()
    }

    fn say(&self, said: &Said, kind: LetterKind, to: &mut Saying) {
        match said {
            Said::Opening(opening) => to.p(opens(opening, to.say)),
            Said::Outcome { outcome } => came_of_it(outcome, to),
            Said::Restrictions { terms } => means(terms, to),
            Said::Duration(lasting) => lasts(lasting, to),
            Said::Behaviour(behaviour) => happened(behaviour, to),
            Said::MustChange { what } => to.own(what),
            Said::Consequences { what: Some(what) } => to.own(what),
            Said::Consequences { what: None } => {
                to.p(
                    "Os bydd hyn yn parhau, efallai y byddwn yn cyfyngu ar sut y gallwch gysylltu \
                      â ni.",
                );
            }
            Said::Reasons(reasons) => because(reasons, kind, to),
            Said::Considered(considered) => weighed(considered, to),
            Said::Monitoring { every_months } => followed(*every_months, to),
            Said::HowToReach { ways, others } => {
                if let Some(ways) = ways {
                    to.notice(ways);
                }
                if *others {
                    to.p(
                        "Rydym wedi ysgrifennu atoch am benderfyniad arall o'r blaen. Mae hwnnw'n \
                          dal yn berthnasol.",
                    );
                }
                to.p("Rhowch wybod i ni os oes angen ein llythyrau arnoch mewn print bras, mewn \
                      iaith arall neu mewn ffordd arall.");
            }
            Said::AlwaysOpen { emergency } => {
                to.notice(emergency);
                to.notice(&NoticePart::AlwaysOpen);
            }
            Said::HowToAppeal(right) => {
                to.notice(&right.right);
                let mut lines = Vec::new();
                if let Some(day) = right.last_day {
                    lines.push(Line::words(format!(
                        "Y diwrnod olaf i apelio yw {}.",
                        to.say.date(day)
                    )));
                }
                if let Some(length) = right.answer {
                    lines.push(Line::words(format!(
                        "Byddwn yn ateb o fewn {} i gael eich apêl.",
                        for_long(length)
                    )));
                }
                lines.push(Line::words(match right.holds_during {
                    Some(true) => {
                        "Mae ein penderfyniad yn berthnasol tra byddwn yn edrych ar eich apêl."
                    }
                    Some(false) => {
                        "Nid yw ein penderfyniad yn berthnasol tra byddwn yn edrych ar eich apêl."
                    }
                    None => {
                        "Byddwn yn dweud wrthych a yw ein penderfyniad yn berthnasol tra byddwn yn \
                         edrych ar eich apêl."
                    }
                }));
                to.lines(lines);
            }
            Said::Ombudsman { named } => to.notice(named),
            Said::PolicyCopy { policy, enclosed } => to.line(copy(policy, *enclosed)),
            Said::Own { .. } => {}
        }
    }
}

fn for_long(length: Length) -> String {
    match length {
        Length::WorkingDays(days) => format!("{days} diwrnod gwaith"),
        Length::Months(months) => format!("{months} mis"),
    }
}

fn followed(every_months: Option<u32>, to: &mut Saying) {
    to.p("Rydym yn cadw nodyn o'r penderfyniad hwn, fel bod ein staff yn gwybod amdano. \
          Byddwn hefyd yn nodi sut mae pethau'n mynd.");
    if let Some(months) = every_months {
        to.p(format!("Rydym yn edrych ar bob penderfyniad fel hwn o leiaf bob {months} mis."));
    }
}

fn opens(opening: &Opening, say: &dyn Phrases) -> String {
    let explains = "Mae'r llythyr hwn yn dweud wrthych beth rydym wedi ei benderfynu, pam, a sut y \
                    gallwch apelio.";
    let about = |concerns: &Concerns| match concerns {
        Concerns::Contact => "sut y gallwch gysylltu â ni",
        Concerns::Meeting => "sut y byddwn yn cwrdd â chi",
    };
    match opening {
        Opening::Warning { formal: true } => {
            "Rydym yn ysgrifennu am y ffordd yr ydych wedi ymddwyn tuag atom. Rhybudd ffurfiol yw'r \
             llythyr hwn. Rydym am ddatrys hyn gyda chi, fel na fydd angen i ni wneud mwy."
                .to_owned()
        }
        Opening::Warning { formal: false } => {
            "Rydym yn ysgrifennu am y ffordd yr ydych wedi ymddwyn tuag atom. Rydym am ddatrys hyn \
             gyda chi, fel na fydd angen i ni wneud mwy."
                .to_owned()
        }
        Opening::Restriction { concerns: Concerns::Contact } => {
            format!("Rydym wedi penderfynu cyfyngu ar sut y gallwch gysylltu â ni. {explains}")
        }
        Opening::Restriction { concerns: Concerns::Meeting } => {
            format!("Rydym wedi gwneud penderfyniad am sut y byddwn yn cwrdd â chi. {explains}")
        }
        Opening::Variation { concerns } => {
            format!("Rydym wedi newid ein penderfyniad am {}. {explains}", about(concerns))
        }
        Opening::Lifted { concerns } => {
            format!("Rydym wedi dod â'n penderfyniad am {} i ben.", about(concerns))
        }
        Opening::UpcomingReview { concerns } => {
            format!("Byddwn yn edrych eto yn fuan ar ein penderfyniad am {}.", about(concerns))
        }
        Opening::ReviewOutcome { concerns } => {
            format!("Rydym wedi edrych eto ar ein penderfyniad am {}.", about(concerns))
        }
        Opening::AppealAcknowledged { received, channel } => format!(
            "Diolch am eich apêl. Cawsom hi {} ar {}.",
            say.by(*channel),
            say.date(*received)
        ),
        Opening::AppealOutcome { received, channel } => format!(
            "Cawsom eich apêl {} ar {}. Rydym bellach wedi penderfynu arni.",
            say.by(*channel),
            say.date(*received)
        ),
        Opening::ContactEnded => {
            format!("Rydym wedi penderfynu rhoi'r gorau i gysylltu â chi. {explains}")
        }
        Opening::NoNotificationRecord => {
            "Cofnod ar gyfer ein ffeiliau ni yw hwn. Nid llythyr ydyw, ac nid oes neb yn ei anfon."
                .to_owned()
        }
    }
}

fn came_of_it(outcome: &Outcome, to: &mut Saying) {
    let again = |next: &Option<chrono::NaiveDate>, say: &dyn Phrases| match next {
        Some(next) => format!(" Byddwn yn edrych arno eto erbyn {}.", say.date(*next)),
        None => String::new(),
    };
    match outcome {
        Outcome::Lifted { on, why } => {
            match on {
                Some(day) => to.p(format!("Daeth i ben ar {}.", to.say.date(*day))),
                None => to.p("Nid yw'n berthnasol mwyach."),
            }
            if let Some(why) = why {
                to.own(why);
            }
        }
        Outcome::Upcoming { by } => {
            match by {
                Some(day) => to.p(format!("Byddwn yn gwneud hyn erbyn {}.", to.say.date(*day))),
                None => to.p("Gallwch ofyn i ni am y dyddiad."),
            }
            to.p("Dywedwch wrthym cyn hynny sut mae pethau wedi mynd i chi. Dywedwch wrthym hefyd os \
                  yw ein penderfyniad yn achosi problemau i chi.");
        }
        Outcome::Kept { why, next } => {
            to.p(format!("Mae ein penderfyniad yn aros.{}", again(next, to.say)));
            to.own(why);
        }
        Outcome::Eased { why, next } => {
            to.p(format!(
                "Rydym wedi gwneud ein penderfyniad yn llai llym.{}",
                again(next, to.say)
            ));
            to.own(why);
        }
        Outcome::EndedByReview { why } => {
            to.p("Rydym wedi dod ag ef i ben. Nid yw'n berthnasol mwyach.");
            to.own(why);
        }
        Outcome::Acknowledged { .. } => acknowledged(outcome, to),
        Outcome::Upheld => to.p("Cawsom fod ein penderfyniad yn gywir. Mae'n aros."),
        Outcome::Varied => to.p("Rydym wedi gwneud ein penderfyniad yn llai llym."),
        Outcome::Quashed => to.p(
            "Cawsom fod ein penderfyniad yn anghywir. Mae wedi dod i ben. Byddwn yn edrych eto ar \
             negeseuon gennych y gwnaethom eu dal yn ôl o'i herwydd.",
        ),
        Outcome::Open => to.p("Nid ydym wedi penderfynu eto."),
        Outcome::NotTold { why, signed_by, review } => {
            if let Some(why) = why {
                to.own(why);
            }
            if let Some(role) = signed_by {
                to.p(format!("Cymeradwywyd hyn gan {}.", to.say.role(&role.0)));
            }
            if let Some(day) = review {
                let day = to.say.date(*day);
                to.p(format!("Erbyn {day} byddwn yn gofyn eto a ellir dweud wrth y person."));
            }
        }
    }
}

fn acknowledged(outcome: &Outcome, to: &mut Saying) {
    let Outcome::Acknowledged { heard_by, answer_by, holds, late } = outcome else { return };
    if *late {
        to.p("Daeth eich apêl ar ôl y diwrnod olaf ar gyfer apelio. Byddwn yn dweud wrthych \
              a allwn edrych arni o hyd.");
    }
    if let Some(role) = heard_by {
        to.p(format!("Bydd eich apêl yn mynd at {}.", to.say.role(&role.0)));
    }
    if let Some(day) = answer_by {
        to.p(format!("Byddwn yn eich ateb erbyn {}.", to.say.date(*day)));
    }
    to.p(if *holds {
        "Tan hynny, mae ein penderfyniad yn berthnasol."
    } else {
        "Tan hynny, nid yw ein penderfyniad yn berthnasol."
    });
}

fn lasts(lasting: &Lasting, to: &mut Saying) {
    let say = to.say;
    let mut lines = Vec::new();
    if let Some(from) = lasting.from {
        lines.push(Line::words(format!("Mae hyn yn dechrau ar {}.", say.date(from.day))));
    }
    lines.extend(lasting.until.iter().map(|until| say.until(*until)));
    if lasting.lapses {
        lines.push(Line::words("Os na fyddwn wedi gwneud hynny erbyn y dyddiad, daw i ben."));
    }
    if lasting.earlier {
        lines.push(Line::words(
            "Os bydd pethau'n mynd yn dda, efallai y byddwn yn edrych arno'n gynt.",
        ));
    }
    to.lines(lines);
}

fn happened(behaviour: &Behaviour, to: &mut Saying) {
    if let Some(own) = &behaviour.own {
        to.own(own);
    }
    if !behaviour.events.is_empty() {
        to.p(if behaviour.own.is_some() { "Digwyddodd ar:" } else { "Dyma beth ddigwyddodd:" });
    }
    for event in &behaviour.events {
        let when = format!("{}, {}", to.say.date(event.day), to.say.by(event.channel));
        match &event.what {
            Some(what) => to.own_item(when, what),
            None => to.item(Line::words(when)),
        }
    }
    match behaviour.grounds.as_slice() {
        [] => {}
        grounds @ ([_] | [_, _]) => {
            to.p(format!("Nid yw ein polisi yn caniatáu {}.", denied(grounds)));
        }
        // In one sentence they would be too many words.
        several => {
            to.p("Nid yw ein polisi yn caniatáu:");
            several.iter().for_each(|one| to.item(Line::words(by_itself(one))));
        }
    }
}

fn because(reasons: &Reasons, kind: LetterKind, to: &mut Saying) {
    if let Some(why) = &reasons.why {
        to.own(why);
    }
    if kind == LetterKind::AppealOutcome {
        return;
    }
    let policy = to.say.under(&reasons.policy, reasons.clause.as_deref());
    if reasons.why.is_none() {
        let line = "Gwnaethom y penderfyniad hwn oherwydd yr hyn a ddigwyddodd. ";
        to.line(Line::words(line).and(policy));
    } else {
        to.line(policy);
    }
    if !reasons.warned.is_empty() {
        let days: Vec<String> = reasons.warned.iter().map(|day| to.say.date(*day)).collect();
        to.p(format!("Gwnaethom eich rhybuddio ar {}.", joined(&days, "a")));
    }
    if let Some(aim) = &reasons.aim {
        to.p("Dyma beth rydym am ei gyflawni:");
        to.own(aim);
    }
}

fn weighed(considered: &Considered, to: &mut Saying) {
    to.p("Gwnaethom feddwl am beth sydd ei angen arnoch, ac am unrhyw help sydd ei angen arnoch \
          oherwydd anabledd.");
    if let Some(adjustments) = &considered.adjustments {
        to.own(adjustments);
    }
    if let Some(lesser) = &considered.why_no_lesser {
        to.p("Gwnaethom hefyd feddwl am wneud llai na hyn:");
        to.own(lesser);
    }
}

fn copy(policy: &Policy, enclosed: bool) -> Line {
    let title = policy.welsh_title.as_deref().unwrap_or("polisi");
    let line = match (enclosed, &policy.url) {
        (true, _) => Line::words(format!("Mae copi o'n {title} gyda'r llythyr hwn.")),
        (false, Some(_)) => Line::words(format!("Rydym yn dilyn ein {title}.")),
        (false, None) => {
            Line::words(format!("Rydym yn dilyn ein {title}. Gofynnwch i ni os hoffech gopi."))
        }
    };
    match &policy.url {
        Some(url) => line.then(" Gallwch ei ddarllen yn ").link(url).then("."),
        None => line,
    }
}
