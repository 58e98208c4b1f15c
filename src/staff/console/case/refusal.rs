//! A refusal as people read it: the fault, the remedy, the clause.

use super::describe::{StepForm, Two, two};
use crate::domain::broken::Broken;
use crate::domain::capital::first_upper;
use crate::domain::language::Language;
use crate::domain::refusal_code::RefusalCode;

/// One refusal.
pub(in crate::staff::console) struct Refusal {
    /// The field that it is about.
    pub href: Option<String>,
    pub sentence: String,
    pub right: &'static str,
    pub clause: Option<String>,
    /// What only the domain knows of it, in English.
    pub detail: Option<String>,
}

/// In words.
pub(super) fn of(
    broken: &Broken,
    step: &StepForm,
    href: Option<String>,
    language: Language,
) -> Refusal {
    let (sentence, right, detailed) = known(broken.code);
    let mut text = sentence.of(language).to_owned();
    if broken.code == RefusalCode::FieldMissing
        && let Some(label) = label_of(step, broken.key.as_deref(), language)
    {
        text = format!("{text}: {label}");
    }
    Refusal {
        href,
        sentence: text,
        right: right.of(language),
        clause: broken.clause.clone(),
        detail: detailed.then(|| plain(&broken.what)),
    }
}

/// What a field of the step is called, by the domain's key for it.
fn label_of(step: &StepForm, key: Option<&str>, language: Language) -> Option<&'static str> {
    let key = key?;
    let field = step.fields.iter().find(|one| one.key == key || one.key.ends_with(key));
    field.map(|field| field.label.of(language))
}

/// Without marks and underscores, as a sentence.
pub(in crate::staff::console) fn plain(what: &str) -> String {
    let mut out = String::with_capacity(what.len());
    let mut inside = false;
    for c in what.chars() {
        match c {
            '`' => {
                out.push(if inside { '”' } else { '“' });
                inside = !inside;
            }
            '_' => out.push(' '),
            c => out.push(c),
        }
    }
    let mut sentence = first_upper(&out);
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// What each code says, what would be right, and whether the domain says more of it.
#[expect(clippy::too_many_lines, reason = "one entry per code, in both languages")]
fn known(code: RefusalCode) -> (Two, Two, bool) {
    let nothing = two("", "");
    match code {
        RefusalCode::FieldMissing => (
            two("Something is missing", "Mae rhywbeth ar goll"),
            two("Fill it in.", "Llenwch ef."),
            false,
        ),
        RefusalCode::StateWrong => (
            two("This is not possible any more", "Nid yw hyn yn bosibl mwyach"),
            two("Look at the case as it is now.", "Edrychwch ar yr achos fel y mae nawr."),
            true,
        ),
        RefusalCode::ReferenceUnknown => (
            two(
                "Something that is named here is not on this person's file",
                "Nid yw rhywbeth a enwir yma ar ffeil y person hwn",
            ),
            two("Choose something that is.", "Dewiswch rywbeth sydd."),
            true,
        ),
        RefusalCode::RoleNotAllowed => (
            two("Your role does not include this", "Nid yw eich rôl yn cynnwys hyn"),
            two("Ask somebody whose role does.", "Gofynnwch i rywun y mae eu rôl yn ei gynnwys."),
            true,
        ),
        RefusalCode::KindNotAllowed => (
            two(
                "Your policy does not allow this kind of restriction",
                "Nid yw eich polisi yn caniatáu'r math hwn o gyfyngiad",
            ),
            two("Choose a kind that it allows.", "Dewiswch fath y mae'n ei ganiatáu."),
            false,
        ),
        RefusalCode::KindUnset => (
            two(
                "Your policy does not mention this kind of restriction",
                "Nid yw eich polisi yn sôn am y math hwn o gyfyngiad",
            ),
            two(
                "Choose another kind, or have the organisation decide on this one.",
                "Dewiswch fath arall, neu gofynnwch i'r sefydliad benderfynu ar hwn.",
            ),
            false,
        ),
        RefusalCode::ProfileUnset => (
            two(
                "Your organisation has not chosen something that this needs",
                "Nid yw eich sefydliad wedi dewis rhywbeth sydd ei angen ar hyn",
            ),
            two(
                "The people who keep the settings choose it, and your policy is silent until then.",
                "Mae pwy bynnag sy'n cadw'r gosodiadau yn ei ddewis; mae eich polisi yn dawel tan hynny.",
            ),
            true,
        ),
        RefusalCode::GroundsMissing => (
            two("The grounds are not those of your policy", "Nid seiliau eich polisi yw'r rhain"),
            two(
                "Choose one of the grounds that your policy lists.",
                "Dewiswch un o'r seiliau y mae eich polisi yn eu rhestru.",
            ),
            false,
        ),
        RefusalCode::ClauseMissing => (
            two("No clause of the policy supports it", "Nid oes cymal o'r polisi y tu ôl iddo"),
            two("Name the clause that allows it.", "Enwch y cymal sy'n ei ganiatáu."),
            false,
        ),
        RefusalCode::IncidentMissing => (
            two("No incident is named", "Nid enwir digwyddiad"),
            two(
                "Choose at least one incident that is on file.",
                "Dewiswch o leiaf un digwyddiad sydd ar ffeil.",
            ),
            false,
        ),
        RefusalCode::LesserMissing => (
            two(
                "It does not say why nothing lesser would do",
                "Nid yw'n dweud pam na fyddai dim llai yn ddigon",
            ),
            two(
                "Say what was tried or considered, and why it was not enough.",
                "Dywedwch beth y rhoddwyd cynnig arno neu a ystyriwyd, a pham nad oedd yn ddigon.",
            ),
            false,
        ),
        RefusalCode::AdjustmentsNotConsidered => (
            two(
                "It does not give the result of considering adjustments",
                "Nid yw'n dweud beth ddaeth o ystyried addasiadau",
            ),
            two(
                "Consider them for this person now, and write down what you conclude.",
                "Ystyriwch nhw ar gyfer y person hwn nawr, ac ysgrifennwch eich casgliad.",
            ),
            false,
        ),
        RefusalCode::AdjustmentsClash => (
            two(
                "It clashes with an adjustment that is on record",
                "Mae'n gwrthdaro ag addasiad sydd ar gofnod",
            ),
            two(
                "Choose another form, or record how the two go together.",
                "Dewiswch ffurf arall, neu cofnodwch sut mae'r ddau yn cyd-fynd.",
            ),
            true,
        ),
        RefusalCode::WarningMissing => (
            two("No warning came first", "Ni ddaeth rhybudd yn gyntaf"),
            two(
                "Give a warning, and propose a restriction only if it goes on afterwards. Choose an incident from after the warning.",
                "Rhowch rybudd, a chynigiwch gyfyngiad dim ond os yw'n parhau wedyn. Dewiswch ddigwyddiad o ar ôl y rhybudd.",
            ),
            false,
        ),
        RefusalCode::AgreementMissing => (
            two("No agreement was tried first", "Ni roddwyd cynnig ar gytundeb yn gyntaf"),
            two(
                "Offer an agreement. It counts as tried when it is refused, breached, or left unanswered for 10 working days.",
                "Cynigiwch gytundeb. Mae'n cyfrif pan gaiff ei wrthod, ei dorri, neu ei adael heb ateb am 10 diwrnod gwaith.",
            ),
            false,
        ),
        RefusalCode::MediumNotAllowed => (
            two("Your policy does not warn in this way", "Nid yw eich polisi yn rhybuddio fel hyn"),
            two("Choose the other way.", "Dewiswch y ffordd arall."),
            true,
        ),
        RefusalCode::SignOffMissing => (
            two("It is not signed off", "Nid yw wedi'i gymeradwyo"),
            two(
                "Somebody in the right role signs it, who did not propose it.",
                "Mae rhywun yn y rôl gywir yn ei gymeradwyo, nad oedd wedi'i gynnig.",
            ),
            true,
        ),
        RefusalCode::SignOffRole => (
            two("The signature is not from the right role", "Nid o'r rôl gywir y daw'r llofnod"),
            two(
                "Somebody in the role that your policy names signs it.",
                "Mae rhywun yn y rôl y mae eich polisi yn ei henwi yn ei gymeradwyo.",
            ),
            true,
        ),
        RefusalCode::SignOffProposer => (
            two(
                "The person who proposed it can't sign it off as well",
                "Ni all pwy bynnag a'i cynigiodd ei gymeradwyo hefyd",
            ),
            two("Ask a colleague to sign it.", "Gofynnwch i gydweithiwr ei gymeradwyo."),
            false,
        ),
        RefusalCode::ExceptionNotAllowed => (
            two(
                "Your policy does not allow this exception here",
                "Nid yw eich polisi yn caniatáu'r eithriad hwn yma",
            ),
            two(
                "Leave the exception out, and meet the rule.",
                "Hepgorwch yr eithriad, a chadwch at y rheol.",
            ),
            true,
        ),
        RefusalCode::ExceptionUnsigned => (
            two("An exception has no valid signature", "Nid oes llofnod dilys ar eithriad"),
            two(
                "Each exception is signed by somebody in its role; two exceptions need two people.",
                "Llofnodir pob eithriad gan rywun yn ei rôl; mae angen dau berson ar ddau eithriad.",
            ),
            true,
        ),
        RefusalCode::DatesOrder => (
            two("The dates are not in order", "Nid yw'r dyddiadau mewn trefn"),
            two("Check which day comes first.", "Gwiriwch pa ddiwrnod sy'n dod gyntaf."),
            true,
        ),
        RefusalCode::DatesTooLong => (
            two(
                "It lasts longer than your policy allows",
                "Mae'n para'n hirach nag y mae eich polisi yn ei ganiatáu",
            ),
            two(
                "Choose an earlier day, or ask for the exception.",
                "Dewiswch ddiwrnod cynharach, neu gofynnwch am yr eithriad.",
            ),
            true,
        ),
        RefusalCode::ReviewMissing => (
            two("It has no day of review", "Nid oes ganddo ddiwrnod adolygu"),
            two(
                "Choose a day on which it is reviewed or ends.",
                "Dewiswch ddiwrnod pan gaiff ei adolygu neu pan ddaw i ben.",
            ),
            false,
        ),
        RefusalCode::LetterMissing => (
            two(
                "No letter to the person is drafted",
                "Nid oes llythyr i'r person wedi'i ddrafftio",
            ),
            two(
                "Draft the letter, have it approved, and send it.",
                "Drafftiwch y llythyr, ei gymeradwyo, a'i anfon.",
            ),
            false,
        ),
        RefusalCode::LetterPartMissing => (
            two(
                "The letter does not say something that it must",
                "Nid yw'r llythyr yn dweud rhywbeth y mae'n rhaid iddo",
            ),
            two("Draft it again with this part.", "Drafftiwch ef eto gyda'r rhan hon."),
            true,
        ),
        RefusalCode::LetterNotSent => (
            two(
                "The letter that says this has not been sent",
                "Nid yw'r llythyr sy'n dweud hyn wedi'i anfon",
            ),
            two(
                "Draft it if you have not, have it approved, and send it.",
                "Drafftiwch ef os nad ydych wedi gwneud hynny, ei gymeradwyo, a'i anfon.",
            ),
            true,
        ),
        RefusalCode::LetterNotApproved => (
            two("The letter is not approved", "Nid yw'r llythyr wedi'i gymeradwyo"),
            two("Somebody approves it first.", "Mae rhywun yn ei gymeradwyo yn gyntaf."),
            false,
        ),
        RefusalCode::LetterChanged => (
            two(
                "The letter would differ from the approved one",
                "Ni fyddai'r llythyr yr hyn a gymeradwywyd",
            ),
            two(
                "Something in the case changed since. Approve the letter again.",
                "Newidiodd rhywbeth yn yr achos ers hynny. Cymeradwywch y llythyr eto.",
            ),
            false,
        ),
        RefusalCode::LetterNotReviewed => (
            two(
                "Nobody has approved the wording of this letter in its language",
                "Nid oes neb wedi cymeradwyo geiriad y llythyr hwn yn ei iaith",
            ),
            two(
                "Send it in the other language, or have the wording approved and then approve the letter again.",
                "Anfonwch ef yn yr iaith arall, neu trefnwch i'r geiriad gael ei gymeradwyo ac yna cymeradwywch y llythyr eto.",
            ),
            false,
        ),
        RefusalCode::LetterTemplate => (
            two(
                "The organisation's template for letters has a fault",
                "Mae nam yn nhempled llythyrau'r sefydliad",
            ),
            two(
                "The people who run this service can fix it.",
                "Mae pwy bynnag sy'n rhedeg y gwasanaeth hwn yn ei drwsio.",
            ),
            true,
        ),
        RefusalCode::OpenWayNone => (
            two(
                "No staffed way of contact would stay open",
                "Ni fyddai unrhyw ffordd o gysylltu â staff yn aros ar agor",
            ),
            two(
                "In every 7 days the person must be able to reach somebody. Leave a channel or some hours open.",
                "Ym mhob 7 diwrnod rhaid i'r person allu cyrraedd rhywun. Gadewch sianel neu rai oriau ar agor.",
            ),
            true,
        ),
        RefusalCode::DeciderAccused => (
            two(
                "Somebody who is involved can't decide",
                "Ni all rhywun sy'n gysylltiedig benderfynu",
            ),
            two(
                "Ask a colleague who has no part in it.",
                "Gofynnwch i gydweithiwr nad oes ganddo ran ynddo.",
            ),
            true,
        ),
        RefusalCode::HearerInvolved => (
            two("They had a part in the decision", "Roedd ganddynt ran yn y penderfyniad"),
            two("Choose somebody who took no part.", "Dewiswch rywun na chymerodd ran."),
            true,
        ),
        RefusalCode::HearerRole => (
            two("Their role does not hear appeals", "Nid yw eu rôl yn gwrando apeliadau"),
            two(
                "Choose somebody in the role that your policy names.",
                "Dewiswch rywun yn y rôl y mae eich polisi yn ei henwi.",
            ),
            true,
        ),
        RefusalCode::AppealNotHearer => (
            two("You are not the one who hears this appeal", "Nid chi sy'n gwrando'r apêl hon"),
            two(
                "The person chosen to hear it decides.",
                "Pwy bynnag a ddewiswyd i'w gwrando sy'n penderfynu.",
            ),
            false,
        ),
        RefusalCode::VaryHeavier => (
            two(
                "Some contact that gets through now would not get through afterwards",
                "Ni fyddai rhai cysylltiadau sy'n mynd drwodd nawr yn mynd drwodd wedyn",
            ),
            two("Propose it as a new restriction.", "Cynigiwch ef fel cyfyngiad newydd."),
            false,
        ),
        RefusalCode::ChangesInvalid => (
            two(
                "The changes do not fit this restriction",
                "Nid yw'r newidiadau'n addas i'r cyfyngiad hwn",
            ),
            two("Check what you changed.", "Gwiriwch beth a newidioch."),
            true,
        ),
        RefusalCode::RecordInvalid => (
            two(
                "Something can't be used as it is written",
                "Ni ellir defnyddio rhywbeth fel y mae wedi'i ysgrifennu",
            ),
            two("Check names, numbers and addresses.", "Gwiriwch enwau, rhifau a chyfeiriadau."),
            true,
        ),
        _ => (
            two("A rule of your policy is not met", "Ni fodlonir rheol yn eich polisi"),
            nothing,
            true,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_domain_says_is_plain() {
        assert_eq!(
            plain("the policy leaves `review.every_months` unset"),
            "The policy leaves “review.every months” unset."
        );
    }

    #[test]
    fn every_code_of_the_domain_has_a_sentence() {
        let general = known(RefusalCode::MergeSame).0.of(Language::English);
        for code in RefusalCode::OF_STEPS.iter().copied() {
            assert_ne!(known(code).0.of(Language::English), general, "{code}");
        }
    }
}
