//! The canonical JSON of a profile: what `profile show --json` prints, and what a scenario's
//! partial profile is laid over. `null` is unset.

use serde_json::{Map, Value, json};

use crate::domain::channel::Channel;
use crate::domain::identifier::Assurance;
use crate::domain::lane::Lane;
use crate::domain::profile::{
    Anchor, Appeal, Deadline, Exception, KindRule, Length, LetterRules, OnOverdue, Profile,
    Responsible, Review, Role, StoreAway, WarnFirst,
};
use crate::domain::restriction::KindName;
use crate::domain::safeguard::Safeguards;

/// The whole profile. Reading it back gives the same profile.
pub fn to_canonical_json(profile: &Profile) -> Value {
    json!({
        "name": profile.name,
        "version": profile.version,
        "nation": profile.nation.name(),
        "timezone": profile.timezone.name(),
        "kinds": kinds(profile),
        "channel_groups": profile.channel_groups,
        "warn_first": warn_first(&profile.warn_first),
        "review": review(&profile.review),
        "appeal": appeal(&profile.appeal),
        "letter": letter(&profile.letter),
        "ombudsman": profile.ombudsman,
        "exceptions": exceptions(profile),
        "responsible": responsible(&profile.responsible),
        "safeguards": safeguards(&profile.safeguards),
        "grounds": if profile.grounds.is_empty() { Value::Null } else { json!(profile.grounds) },
        "staffed_hours": profile.staffed_hours,
        "roles": roles(profile),
        "figures": unless_empty(&profile.figures),
        "assurance": assurance(profile),
        "evidence": { "new_text_share": profile.evidence.new_text_share },
        "team": {
            "name": profile.team.name,
            "email": profile.team.email,
            "phone": profile.team.phone,
        },
        "store_away": match profile.store_away {
            StoreAway::Deliver => "deliver",
            StoreAway::Defer => "defer",
        },
        "outbound_answers": profile.outbound_answers,
        "read_within_working_days": profile.read_within_working_days,
        "limited_read_within": { "working_days": profile.limited_read_within },
        "answered_within": profile.answered_within_hours.map(|hours| json!({ "working_hours": hours })),
        "contact_ended": {
            "decide_within_working_days": profile.engagement_within_working_days,
        },
        "clauses": clauses(profile),
        "policy": profile.policy,
        "policy_cy": profile.welsh_policy,
        "languages": languages(profile),
    })
}

/// Every kind. One that a closed list leaves out shows only that; its clause is with the other clauses.
fn kinds(profile: &Profile) -> Value {
    let rules = KindName::ALL.into_iter().map(|kind| {
        let rule = match profile.kinds.get(&kind) {
            Some(KindRule { allowed: true, clause, sign_off }) => {
                json!({ "allowed": true, "clause": clause, "sign_off": sign_off })
            }
            Some(KindRule { allowed: false, .. }) => json!({ "allowed": false }),
            None => Value::Null,
        };
        (kind.name().to_owned(), rule)
    });
    Value::Object(rules.collect())
}

fn clauses(profile: &Profile) -> Value {
    let denied = profile
        .kinds
        .iter()
        .filter(|(_, rule)| !rule.allowed)
        .filter_map(|(kind, rule)| Some((format!("kinds.{kind}"), rule.clause.clone()?)));
    let all = profile.clauses.clone().into_iter().chain(denied);
    Value::Object(all.map(|(path, clause)| (path, Value::String(clause))).collect())
}

fn warn_first(warn_first: &WarnFirst) -> Value {
    json!({
        "required": warn_first.required,
        "except_severe": warn_first.except_severe,
        "media": unless_empty(&warn_first.media),
        "voluntary_agreement": agreement(warn_first),
        "must_say": unless_empty(&warn_first.must_say),
        "mediation": warn_first.mediation,
    })
}

/// Whether an agreement comes first; with the grounds if only for some.
fn agreement(warn_first: &WarnFirst) -> Value {
    if warn_first.agreement_grounds.is_empty() {
        return json!(warn_first.voluntary_agreement);
    }
    json!({ "value": warn_first.voluntary_agreement, "grounds": warn_first.agreement_grounds })
}

/// Each role by its name, with its duties where it says which.
fn roles(profile: &Profile) -> Value {
    let shown = profile.roles.iter().map(|role| match profile.duties.get(role) {
        Some(duties) => json!({ "name": role, "duties": duties }),
        None => json!(role),
    });
    shown.collect()
}

fn review(review: &Review) -> Value {
    json!({
        "every_months": review.every_months,
        "longest_months": review.longest_months,
        "extension": review.extension,
        "on_overdue": review.on_overdue.map(on_overdue),
        "anchor": review.anchor.map(anchor),
        "per_decision": review.per_decision,
        "earlier": review.earlier,
        "good_conduct_months": review.good_conduct_months,
        "outcome_told": review.outcome_told,
    })
}

fn appeal(appeal: &Appeal) -> Value {
    json!({
        "window": appeal.window.map(deadline),
        "answer": appeal.answer.map(deadline),
        "notify": appeal.notify.map(deadline),
        "heard_by": appeal.heard_by,
        "hearer_uninvolved": appeal.hearer_uninvolved,
        "addressed_to": appeal.addressed_to,
        "verbal": appeal.verbal,
        "grounds": unless_empty(&appeal.grounds),
        "in_force_during": appeal.in_force_during,
    })
}

fn letter(letter: &LetterRules) -> Value {
    json!({
        "must_say": unless_empty(&letter.must_say),
        "written": letter.written,
        "within": letter.within.map(deadline),
        "means_of_choice": letter.means_of_choice,
        "how_to_appeal": letter.how_to_appeal,
    })
}

fn exceptions(profile: &Profile) -> Value {
    let rules = Exception::ALL.into_iter().map(|exception| {
        let rule = profile.exceptions.get(&exception).map_or(Value::Null, |rule| json!(rule));
        (exception.name().to_owned(), rule)
    });
    Value::Object(rules.collect())
}

fn responsible(responsible: &Responsible) -> Value {
    let roles = |roles: &[Role]| if roles.is_empty() { Value::Null } else { json!(roles) };
    json!({
        "decides": responsible.decides,
        "told_of_breaches": responsible.told_of_breaches,
        "engages_after_end": roles(&responsible.engages_after_end),
        "advises_on_requests": responsible.advises_on_requests,
        "reported_to": roles(&responsible.reported_to),
    })
}

fn safeguards(safeguards: &Safeguards) -> Value {
    let mut all: Map<String, Value> = Lane::OF_WORDS
        .into_iter()
        .map(|lane| {
            let rule = safeguards.rule(lane).cloned().unwrap_or_default();
            let rule = json!({
                "queue": safeguards.queue(lane),
                "phrases": rule.phrases,
                "concepts": rule.concepts,
                "examples": rule.examples,
            });
            (lane.name().to_owned(), rule)
        })
        .collect();
    all.insert("resembles_percent".to_owned(), json!(safeguards.resembles_percent()));
    all.insert("wording_percent".to_owned(), json!(safeguards.wording_percent()));
    all.insert("protected_senders".to_owned(), json!(safeguards.protected_senders));
    all.insert("protected_recipients".to_owned(), json!(safeguards.protected_recipients));
    Value::Object(all)
}

fn assurance(profile: &Profile) -> Value {
    let asked = Channel::ALL.into_iter().map(|channel| {
        let asked = match profile.assurance_asked(channel) {
            Assurance::Proven => "proven",
            // A profile can't ask for less: a refuted identifier never counts against anybody.
            Assurance::Asserted | Assurance::Refuted => "asserted",
        };
        (channel.name().to_owned(), Value::from(asked))
    });
    Value::Object(asked.collect())
}

fn deadline(deadline: Deadline) -> Value {
    let from = deadline.from.map(anchor);
    match deadline.length {
        Length::WorkingDays(days) => json!({ "working_days": days, "from": from }),
        Length::Months(months) => json!({ "months": months, "from": from }),
    }
}

pub(super) const fn anchor(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Decision => "decision",
        Anchor::Letter => "letter",
        Anchor::Implementation => "implementation",
        Anchor::Receipt => "receipt",
        Anchor::AppealDecision => "appeal_decision",
    }
}

const fn on_overdue(on_overdue: OnOverdue) -> &'static str {
    match on_overdue {
        OnOverdue::Lapse => "lapse",
        OnOverdue::Keep => "keep",
        OnOverdue::HardCap => "hard_cap",
    }
}

/// A list that a policy does not give is unset, not empty.
fn languages(profile: &Profile) -> Value {
    if profile.languages.is_empty() { Value::Null } else { json!(profile.languages) }
}

fn unless_empty(list: &[String]) -> Value {
    if list.is_empty() { Value::Null } else { json!(list) }
}
