//! Settings that are allowed but silently do nothing, or not what one would think: `check` and a
//! start warn of it. Every part of the settings is looked at here, once they are read.

use super::fault::Warning;
use super::settings::Settings;
use crate::channels::mail::settings::{MailListener, MailSettings, MilterKept};
use crate::channels::telephony::settings::{Product, Provider, TelephonySettings, WhenLimited};
use crate::channels::web_form::settings::Reveal;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::OutboundAnswers;
use crate::domain::queue::{EMERGENCY, GOVERNANCE};

pub(super) fn warnings(settings: &Settings) -> Vec<Warning> {
    let mut found = Vec::new();
    if let Some(mail) = &settings.mail {
        of_mail(&mail.0, &mut found);
    }
    if settings.organisations.len() > 1
        && settings.mail.as_ref().is_some_and(|mail| mail.0.default_organisation.is_none())
    {
        found.push(Warning {
            organisation: None,
            text: "no `mail.default_organisation`: mail to an address without a domain, or at an \
                   address literal, belongs to none of the organisations, and passes undecided"
                .to_owned(),
        });
    }
    for organisation in &settings.organisations {
        let mut add = |text: String| {
            let organisation = Some(organisation.id.to_string());
            found.push(Warning { organisation, text });
        };
        of_notices(settings, organisation, &mut add);
        of_outbound(settings, organisation, &mut add);
        of_safeguards(organisation, &mut add);
        of_access(settings, organisation, &mut add);
        for entry in settings.telephony.iter().filter(|one| one.organisation == organisation.id) {
            of_calls(entry, &mut add);
        }
    }
    found
}

fn of_mail(mail: &MailSettings, found: &mut Vec<Warning>) {
    let mut add = |text: &str| {
        found.push(Warning { organisation: None, text: text.to_owned() });
    };
    let listens = |listener: MailListener| match listener {
        MailListener::Smtp => mail.smtp.is_some(),
        MailListener::Lmtp => mail.lmtp.is_some(),
        MailListener::Milter => mail.milter.is_some(),
        MailListener::Outbound => mail.outbound.is_some(),
    };
    let any = [MailListener::Smtp, MailListener::Lmtp, MailListener::Milter];
    if any.into_iter().any(listens) && mail.trusted_authserv_ids.is_empty() && mail.check.is_none()
    {
        add(
            "neither `mail.trusted_authserv_ids` nor `mail.check` is set: a forged From field can't be \
             recognised, and counts against the person whose address it contains",
        );
    }
    if mail.check.as_ref().is_some_and(|check| !check.listeners.iter().copied().any(listens)) {
        add("`mail.check` names no configured listener: nothing is checked");
    }
    if mail.milter_kept == MilterKept::Quarantine && mail.milter.is_none() {
        add("`mail.milter_kept` has no effect without `listen.milter`");
    }
}

fn of_notices(settings: &Settings, organisation: &Organisation, add: &mut impl FnMut(String)) {
    let takes_mail = settings.mail.is_some();
    of_pages(settings, organisation, add);
    if takes_mail && !organisation.mail_domains.is_empty() && organisation.notice_from.is_none() {
        add("has no `mail.notice_from`: nobody whose e-mail is limited is ever notified by e-mail"
            .to_owned());
    }
    if !takes_mail && organisation.notice_from.is_some() {
        add("has `mail.notice_from`, but no `[mail] downstream` to send notices through".to_owned());
    }
    if !takes_mail && !organisation.queue_mailboxes.is_empty() {
        add("has mailboxes of queues, but no `[mail] downstream` to send mail through".to_owned());
    }
    let is_own = |id: &OrganisationId| *id == organisation.id;
    let shows_pages = settings.forms.iter().any(|form| is_own(&form.organisation))
        || settings.decisions.iter().any(|entry| is_own(&entry.organisation));
    if settings.looks.contains_key(&organisation.id) && !shows_pages {
        add("has a `page`, but no form or decision endpoint to show it".to_owned());
    }
}

fn of_outbound(settings: &Settings, organisation: &Organisation, add: &mut impl FnMut(String)) {
    let listens = settings.mail.as_ref().is_some_and(|mail| mail.outbound().is_some());
    match (organisation.profile.outbound_answers, listens) {
        (Some(OutboundAnswers::Warn | OutboundAnswers::Hold), false) => {
            add("has `outbound_answers`, but there is no `listen.outbound`: no answer is warned of \
                 or held"
                .to_owned());
        }
        (None, true) => {
            add("leaves `outbound_answers` unset: answers past a point of contact are delivered, and \
                 only noted on the trail"
                .to_owned());
        }
        (Some(OutboundAnswers::Deliver), _) | (None, false) | (Some(_), true) => {}
    }
}

/// A neutral page says nothing of the decision: the notice goes by e-mail, or nobody has it.
fn of_pages(settings: &Settings, organisation: &Organisation, add: &mut impl FnMut(String)) {
    let is_own = |id: &OrganisationId| *id == organisation.id;
    let forms = settings.forms.iter().filter(|form| is_own(&form.organisation));
    let neutral = forms.filter(|form| form.reveal == Reveal::Proven).map(|form| &form.path);
    let entries = settings.decisions.iter().filter(|entry| is_own(&entry.organisation));
    let hidden = entries.clone().filter(|entry| !entry.shows()).map(|entry| &entry.path);
    let lacks = match (organisation.notice_from.is_some(), settings.mail.is_some()) {
        (true, true) => None,
        (false, true) => Some("`mail.notice_from`"),
        (true, false) => Some("`[mail] downstream`"),
        (false, false) => Some("`mail.notice_from` and `[mail] downstream`"),
    };
    if let Some(lacks) = lacks {
        for path in neutral.chain(hidden) {
            add(format!(
                "`{path}` shows a limited sender a neutral page, and without {lacks} no notice is sent"
            ));
        }
    }
    for entry in entries.filter(|entry| entry.fields.text.is_none()) {
        add(format!(
            "`{}` has no `text`: emergencies and other safeguards can't be recognised in \
             contacts limited there",
            entry.path
        ));
    }
}

/// A contact routed by a safeguard is never only held on a queue; if nobody is named for it, it goes to its recipients.
fn of_safeguards(organisation: &Organisation, add: &mut impl FnMut(String)) {
    let has_mailbox = |queue| organisation.queue_mailboxes.contains_key(queue);
    if !has_mailbox(EMERGENCY) && organisation.emergency.is_none() {
        add("has neither a mailbox `queues.emergency` nor a number `emergency`: an emergency \
            goes only to its original recipient"
            .to_owned());
    }
    if !has_mailbox(GOVERNANCE) {
        add("has no mailbox `queues.governance`: requests for information and legal letters go \
             only to their original recipients"
            .to_owned());
    }
}

fn of_access(settings: &Settings, organisation: &Organisation, add: &mut impl FnMut(String)) {
    let has_staff = settings.staff.iter().any(|member| member.organisation == organisation.id);
    match (has_staff, settings.listen.staff.is_some()) {
        (false, true) => add("has no `staff`: nobody can see its queues at `listen.staff`, \
                              only with `contact-gateway queue`"
            .to_owned()),
        (true, false) => add("has `staff`, but there is no `listen.staff`".to_owned()),
        (true, true) | (false, false) => {}
    }
    let unasked = |entry: &&crate::channels::decisions::settings::ProxySettings| {
        entry.organisation == organisation.id && entry.trusted_sources.is_empty() && !has_staff
    };
    for entry in settings.decisions.iter().filter(unasked) {
        add(format!(
            "`{}` answers nobody: there is neither a token (`staff`) nor `trusted_sources`",
            entry.path
        ));
    }
}

fn of_calls(entry: &TelephonySettings, add: &mut impl FnMut(String)) {
    let speaks = entry.product == Product::Voice;
    let path = &entry.path;
    let (is_sip, signs) = match entry.provider {
        Provider::Sip => (true, false),
        Provider::Generic => (false, false),
        Provider::Twilio | Provider::Vonage | Provider::Telnyx | Provider::Plivo => (false, true),
    };
    if is_sip && entry.sip_domain.is_none() {
        add(format!(
            "`{path}` has no `sip_domain`: a point of contact with a number is never dialled"
        ));
    }
    if !is_sip && entry.sip_domain.is_some() {
        add(format!("`{path}` has `sip_domain`, which only `sip` uses"));
    }
    if entry.provider == Provider::Vonage && speaks && entry.caller_id.is_none() {
        add(format!(
            "`{path}` has no `caller_id`: Vonage connects no call to a telephone number without it"
        ));
    }
    if signs && !entry.trusted_sources.is_empty() {
        add(format!(
            "`{path}` has `trusted_sources`, but its provider is recognised only by its signature"
        ));
    }
    if !speaks && entry.when_limited != WhenLimited::default() {
        add(format!("`{path}` has `when_limited`, which applies only to calls"));
    }
    let stands_in = entry.upstream.is_some()
        || entry.fallback.is_some()
        || (speaks && entry.targets.queue.is_some());
    if signs && !stands_in {
        add(format!(
            "`{path}` has none of `upstream`, `fallback` and `targets.queue`: unrestricted \
             senders reach nobody"
        ));
    }
    if entry.lets_everything_through() {
        add(format!(
            "`{path}` has neither `targets.announcement` nor `targets.voicemail`: limited calls go on, \
             flagged `not_held_back`"
        ));
    }
    if is_sip && entry.when_limited == WhenLimited::Voicemail && entry.targets.voicemail.is_none() {
        add(format!("`{path}` sends limited calls to voicemail, but has no `targets.voicemail`"));
    }
    if !speaks && matches!(entry.provider, Provider::Vonage | Provider::Telnyx) {
        add(format!(
            "`{path}`: its provider allows no reply to a text: nobody whose text is limited is notified by it"
        ));
    }
}
