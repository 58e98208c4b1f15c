//! Every sentence that a notice may say, so that one quoted back is recognised: made from the same
//! phrases, so that a new wording is recognised from its first day.

use chrono::{NaiveDate, NaiveTime, Weekday};

use super::{
    Day, Handling, Limit, NoticePart, OpenHours, Policy, QuotaWords, Until, Way, phrases_of,
    sections, short, spoken,
};
use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::profile::{Anchor, Deadline, Length};

/// A word that no notice has: it takes the place of names, addresses and links in [`sentences`].
pub const STAND_IN: &str = "qqq";

/// What notices said before, and what may still be quoted.
const EARLIER: [&str; 20] = [
    "We received your message and have kept it.",
    "It has not been passed on, because an arrangement is in place on how you contact qqq.",
    "You contact us through your representative.",
    "Our complaints procedure has ended; you can take the complaint to the qqq.",
    "In an emergency, or if somebody is in danger, call 0 at any time; call 999 if a life is at risk.",
    "In an emergency, contact us in any way, at any time; call 999 if a life is at risk.",
    "Requests for your personal data, other requests that the law gives you a right to, and requests \
     for an adjustment because of a disability are always accepted, in any way.",
    "tell us in any way, also by telephone, that you appeal",
    "If you think that this is wrong you can appeal",
    "You can also turn to the qqq",
    "This will be reviewed; ask us for the date.",
    "Cawsom eich neges qqq ac rydym wedi'i chadw.",
    "Nid yw wedi'i throsglwyddo, oherwydd bod trefniant ar waith ynghylch sut yr ydych yn cysylltu â qqq.",
    "Mewn argyfwng, neu os oes rhywun mewn perygl, ffoniwch 0 unrhyw bryd; ffoniwch 999 os oes bywyd \
     mewn perygl.",
    "Mewn argyfwng, cysylltwch â ni mewn unrhyw ffordd, unrhyw bryd; ffoniwch 999 os oes bywyd mewn perygl.",
    "Derbynnir bob amser, mewn unrhyw ffordd, geisiadau am eich data personol, ceisiadau eraill y mae'r \
     gyfraith yn rhoi hawl i chi iddynt, a cheisiadau am addasiad oherwydd anabledd.",
    "Os ydych yn meddwl bod hyn yn anghywir gallwch apelio",
    "dywedwch wrthym mewn unrhyw ffordd, hefyd dros y ffôn, eich bod yn apelio.",
    "Mae ein gweithdrefn gwyno wedi dod i ben; gallwch fynd â'r gŵyn at: qqq.",
    "Caiff hyn ei adolygu; gofynnwch i ni am y dyddiad.",
];

/// All sentences, in every language, with [`STAND_IN`] for what is put in.
pub fn sentences() -> Vec<String> {
    let mut all: Vec<String> = EARLIER.map(str::to_owned).into();
    for language in Language::ALL {
        for parts in samples() {
            for section in sections(&parts, language) {
                all.push(section.heading.to_owned());
                all.extend(section.paragraphs.iter().chain(&section.list).map(super::Line::text));
            }
            all.extend(short(&parts, language).lines().map(str::to_owned));
            let spoken = spoken(&parts, language);
            all.push(spoken.opening);
            all.extend(spoken.more);
        }
        all.extend(phrases_of(language).always_list().map(str::to_owned));
    }
    all
}

/// Notices that together have every part in every form that differs in more than what is put in.
fn samples() -> Vec<Vec<NoticePart>> {
    let name = || STAND_IN.to_owned();
    let some = || Some(name());
    let day = NaiveDate::default();
    let mut samples = Vec::new();
    for handling in
        [Handling::Kept, Handling::NotKept, Handling::NotConnected, Handling::InYourName]
    {
        for channel in Channel::ALL {
            samples.push(vec![
                NoticePart::WhatHappened { channel, handling },
                NoticePart::ReadBy { day },
                NoticePart::NextSlot { channel, at: day.and_time(NaiveTime::MIN) },
                NoticePart::HowToReach {
                    ways: vec![Way { channel, detail: None, hours: Vec::new() }],
                },
            ]);
        }
    }
    // Any number will do for those who look for the sentences. That of a country would have the library for
    // numbers make all its tables first: thirty times the work of everything else here.
    for number in [None, Some("999".to_owned())] {
        let how = NoticePart::HowAlways { ways: Vec::new() };
        samples.push(vec![NoticePart::Emergency { number }, NoticePart::AlwaysOpen, how]);
    }
    let titled = Policy { title: some(), welsh_title: some(), url: some() };
    for (policy, written) in [(titled, true), (Policy::default(), false)] {
        let clause = Some("6.2".to_owned());
        let since = Some(day);
        samples.push(vec![NoticePart::Why {
            organisation: name(),
            since,
            policy,
            clause,
            written,
        }]);
    }
    samples.extend(limits().into_iter().map(|limit| vec![NoticePart::Limit { limit }]));
    let on = Day { day, time: None };
    for until in [Until::Ends(on), Until::ReviewedBy(on), Until::Reviewed] {
        samples.push(vec![NoticePart::Until { until }]);
    }
    samples.extend(appeals().map(|part| vec![part]));
    for after_ours in [true, false] {
        let (website, phone) = (some(), some());
        let welsh_name = some();
        let named = NoticePart::Ombudsman { name: name(), welsh_name, website, phone, after_ours };
        samples.push(vec![named]);
    }
    samples.push(vec![NoticePart::Reference { contact: name() }]);
    samples
}

fn limits() -> Vec<Limit> {
    let hours = vec![OpenHours {
        days: vec![Weekday::Mon],
        from: NaiveTime::MIN,
        to: Some(NaiveTime::MIN),
    }];
    let mut limits = vec![Limit::OnlyRepresentative, Limit::ComplaintEnded, Limit::Other];
    for channel in Channel::ALL {
        limits.push(Limit::OnlyChannels { channels: vec![channel] });
        limits.push(Limit::OnlyHours { channel, hours: hours.clone() });
    }
    for per in [Per::Day, Per::Week, Per::Month] {
        for window in [QuotaWindow::Calendar, QuotaWindow::Rolling] {
            for limit in [1, 2, 3] {
                let quota = QuotaWords { limit, per, window };
                limits.push(Limit::Contacts { quota, channels: Vec::new() });
                limits.push(Limit::Contacts { quota, channels: vec![Channel::Email] });
                limits.push(Limit::Issues { quota });
            }
        }
    }
    limits
}

fn appeals() -> impl Iterator<Item = NoticePart> {
    let name = || Some(STAND_IN.to_owned());
    let lengths =
        [Length::WorkingDays(1), Length::WorkingDays(5), Length::Months(1), Length::Months(3)];
    let anchors = [
        None,
        Some(Anchor::Decision),
        Some(Anchor::Letter),
        Some(Anchor::Implementation),
        Some(Anchor::Receipt),
        Some(Anchor::AppealDecision),
    ];
    let deadlines = lengths.into_iter().flat_map(move |length| {
        anchors.into_iter().map(move |from| Some(Deadline { length, from }))
    });
    deadlines.chain([None]).flat_map(move |within| {
        [(name(), None), (None, name()), (None, None)].map(|(to, how)| NoticePart::Appeal {
            within,
            heard_by: name(),
            uninvolved: true,
            to,
            how,
        })
    })
}
