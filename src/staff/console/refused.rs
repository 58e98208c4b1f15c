//! Why a record can't be merged, parted or erased: in both languages, with what would be right.

use super::case::{Refusal, Two, plain, two};
use crate::domain::broken::Broken;
use crate::domain::language::Language;
use crate::domain::refusal_code::RefusalCode;

/// Each broken rule as a page lists it. The key of the domain is the id of the field.
pub(super) fn refusals(broken: &[Broken], language: Language) -> Vec<Refusal> {
    broken.iter().map(|one| refusal(one, language)).collect()
}

fn refusal(broken: &Broken, language: Language) -> Refusal {
    let known = known(broken.code);
    let (sentence, right) = match &known {
        Some((sentence, right)) => (sentence.of(language).to_owned(), right.of(language)),
        None => (plain(&broken.what), ""),
    };
    // The fields of the forms on which these rules are met.
    const FIELDS: [&str; 3] = ["why", "clause", "despite"];
    let field = broken.key.as_deref().filter(|key| FIELDS.contains(key));
    Refusal {
        href: field.map(|field| format!("#{field}")),
        sentence,
        right,
        clause: broken.clause.clone(),
        // Which one it is; what would be right is said above.
        detail: (known.is_some() && NAMES_MORE.contains(&broken.code))
            .then(|| plain(broken.what.split(';').next().unwrap_or(&broken.what))),
    }
}

/// Rules of which the domain names more than the sentence does.
const NAMES_MORE: [RefusalCode; 5] = [
    RefusalCode::MergeAlready,
    RefusalCode::MergeSameRestriction,
    RefusalCode::ErasureInForce,
    RefusalCode::ErasureAppealOpen,
    RefusalCode::ClockDoubtful,
];

#[expect(clippy::too_many_lines, reason = "one entry per code, in both languages")]
fn known(code: RefusalCode) -> Option<(Two, Two)> {
    Some(match code {
        RefusalCode::FieldMissing => (
            two("It does not say why", "Nid yw'n dweud pam"),
            two("Write a sentence.", "Ysgrifennwch frawddeg."),
        ),
        RefusalCode::MergeSame => (
            two("Both are the same record", "Yr un cofnod yw'r ddau"),
            two("Choose another record.", "Dewiswch gofnod arall."),
        ),
        RefusalCode::MergeAlready => (
            two(
                "One of the records is merged already",
                "Mae un o'r cofnodion wedi'i gyfuno eisoes",
            ),
            two("Part it first.", "Gwahanwch ef yn gyntaf."),
        ),
        RefusalCode::MergeSameRestriction => (
            two(
                "Both records have a restriction with the same reference",
                "Mae gan y ddau gofnod gyfyngiad â'r un cyfeirnod",
            ),
            two("Lift one of them first.", "Codwch un ohonynt yn gyntaf."),
        ),
        RefusalCode::MergeRepresents => (
            two("One of them represents the other", "Mae un ohonynt yn cynrychioli'r llall"),
            two(
                "They are two people. Do not merge them.",
                "Dau berson ydynt. Peidiwch â'u cyfuno.",
            ),
        ),
        RefusalCode::MergeTooMany => (
            two(
                "Too many records are merged into this one",
                "Mae gormod o gofnodion wedi'u cyfuno â hwn",
            ),
            two(
                "Ask the people who run the gateway.",
                "Gofynnwch i bwy bynnag sy'n rhedeg y porth.",
            ),
        ),
        RefusalCode::OpenWayNone => (
            two(
                "No staffed way of contact would stay open",
                "Ni fyddai unrhyw ffordd o gysylltu â staff yn aros ar agor",
            ),
            two("Lift or vary a restriction first.", "Codwch neu amrywiwch gyfyngiad yn gyntaf."),
        ),
        RefusalCode::StateWrong => (
            two("The records are parted already", "Mae'r cofnodion wedi'u gwahanu eisoes"),
            two("There is nothing left to do.", "Nid oes dim ar ôl i'w wneud."),
        ),
        RefusalCode::ErasureMerged => (
            two("The record is merged with another", "Mae'r cofnod wedi'i gyfuno ag un arall"),
            two("Part them first.", "Gwahanwch hwy yn gyntaf."),
        ),
        RefusalCode::ErasureHeld => (
            two("The record is held", "Mae'r cofnod yn cael ei ddal"),
            two(
                "End the hold first (UK GDPR Art. 17(3)(e)).",
                "Mae pwy bynnag sy'n ei ddal yn terfynu hynny yn gyntaf (UK GDPR Erthygl 17(3)(e)).",
            ),
        ),
        RefusalCode::ErasureInForce => (
            two("A restriction is in force", "Mae cyfyngiad mewn grym"),
            two(
                "Say in the request why the record must be erased anyway, or lift it first.",
                "Dywedwch yn y cais pam mae'r cofnod yn mynd er hynny, neu codwch ef yn gyntaf.",
            ),
        ),
        RefusalCode::ErasureAppealOpen => (
            two("An appeal is open", "Mae apêl ar agor"),
            two(
                "Say in the request why the record must be erased anyway, or decide the appeal first.",
                "Dywedwch yn y cais pam mae'r cofnod yn mynd er hynny, neu penderfynwch yr apêl yn gyntaf.",
            ),
        ),
        RefusalCode::ErasureClause => (
            two("It does not name the clause", "Nid yw'n enwi'r cymal"),
            two("Name the clause by which it is due.", "Enwch y cymal y mae'n ddyledus yn ei ôl."),
        ),
        RefusalCode::ErasureSamePerson | RefusalCode::RetentionSamePerson => (
            two(
                "The person who asked for it can't approve it",
                "Ni all pwy bynnag a ofynnodd amdano ei gymeradwyo",
            ),
            two("Ask a colleague to approve it.", "Gofynnwch i gydweithiwr ei gymeradwyo."),
        ),
        RefusalCode::ClockDoubtful => (
            two("The gateway's clock may be wrong", "Efallai fod cloc y porth yn anghywir"),
            two(
                "Nothing can be removed until that is settled. Ask the people who run the gateway.",
                "Ni ellir dileu dim nes bod hynny wedi'i ddatrys. Gofynnwch i bwy bynnag sy'n rhedeg y porth.",
            ),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_records_has_a_sentence_in_both_languages() {
        // Merging and erasing use these codes of steps as well.
        let shared = [RefusalCode::FieldMissing, RefusalCode::OpenWayNone];
        for code in shared.iter().chain(RefusalCode::OF_RECORDS).copied() {
            let (sentence, right) = known(code).unwrap_or_else(|| panic!("{code}"));
            for text in [sentence, right] {
                assert_ne!(text.of(Language::English), text.of(Language::Welsh), "{code}");
            }
        }
    }
}
