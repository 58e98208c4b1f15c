//! What a caller who is not put through hears and can choose: the emergency first, in one sentence,
//! nothing long before a choice, and a wrong key or silence repeats it all a few times before it ends
//! in a safe place.

use super::script::{MenuPlace, Next, Speech, Step};
use super::settings::{TelephonySettings, WhenLimited};
use super::words::Words;
use crate::domain::channel::Channel;
use crate::domain::decision::Decision;
use crate::domain::lane::AskedLane;
use crate::domain::language::Language;
use crate::domain::notice::{self, Spoken};
use crate::domain::organisation::Organisation;
use crate::intake::treatment::Treatment;
use crate::runtime::limits::{CALL_MENU_STEPS_MAX, CALL_MENU_TRIES_MAX, VOICEMAIL_SECONDS_MAX};

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Lane(AskedLane),
    Voicemail,
    Hear(MenuPlace),
}

/// Everything that a menu depends on.
#[derive(Clone, Copy)]
pub(super) struct Menu<'a> {
    /// The call's own; `None`: it can't be read now.
    pub decision: Option<&'a Decision>,
    pub organisation: &'a Organisation,
    pub entry: &'a TelephonySettings,
}

impl Menu<'_> {
    /// The languages that the caller can choose from.
    fn languages(&self) -> Vec<Language> {
        match self.decision.and_then(|decision| decision.notice.as_ref()) {
            Some(told) if !told.languages.is_empty() => told.languages.clone(),
            Some(_) | None => notice::languages(self.organisation, None),
        }
    }

    /// The language in which a place is spoken: the caller's choice, else the entry's own where the
    /// caller may well speak it.
    pub(super) fn language(&self, place: MenuPlace) -> Language {
        if let Some(chosen) = place.language {
            return chosen;
        }
        let languages = self.languages();
        // What differs from the organisation's own is the person's.
        let is_persons = languages != notice::languages(self.organisation, None);
        match (Language::of_tag(&self.entry.language), languages.first()) {
            (_, Some(persons)) if is_persons => *persons,
            (Some(entrys), _) => entrys,
            (None, Some(first)) => *first,
            (None, None) => Language::English,
        }
    }

    fn spoken(&self, language: Language) -> Spoken {
        let told = self.decision.and_then(|decision| decision.notice.as_ref());
        match told {
            Some(told) if !told.parts.is_empty() => notice::spoken(&told.parts, language),
            // Decisions of earlier versions have no parts.
            Some(_) | None => {
                Spoken { opening: Words::of(language).limited.to_owned(), more: Vec::new() }
            }
        }
    }

    fn is_filed(&self) -> bool {
        let treatment = |decision| Treatment::recorded(decision, Channel::Telephone);
        matches!(self.decision.map(treatment), Some(Treatment::File(_)))
    }

    /// What follows a key, or silence (`None`).
    pub(super) fn choice(&self, key: Option<&str>, place: MenuPlace) -> Choice {
        let again = |tries| match self.ends(place, tries) {
            true => Choice::Voicemail,
            false => Choice::Hear(place.at(place.page, tries)),
        };
        let pages = self.spoken(self.language(place)).more.len();
        match key {
            Some("1") => Choice::Lane(AskedLane::Emergency),
            Some("2") => Choice::Lane(AskedLane::Appeal),
            Some("3") => Choice::Lane(AskedLane::Adjustment),
            None if self.decision.is_none() || self.is_filed() => Choice::Voicemail,
            Some("4") if !self.is_filed() && place.page < pages => match self.ends(place, 0) {
                true => Choice::Voicemail,
                false => Choice::Hear(place.at(place.page + 1, 0)),
            },
            Some("5") if self.offers_voicemail() => Choice::Voicemail,
            Some("9") if self.languages().len() > 1 => {
                let language = Some(self.language(place).other());
                match self.ends(place, 0) {
                    true => Choice::Voicemail,
                    false => Choice::Hear(MenuPlace { language, ..place.at(0, 0) }),
                }
            }
            Some("*") => again(0),
            Some(_) | None => again(place.tries + 1),
        }
    }

    /// Whether the caller has heard it often enough: then comes the voicemail, never nothing.
    const fn ends(&self, place: MenuPlace, tries: u32) -> bool {
        tries >= CALL_MENU_TRIES_MAX || place.steps >= CALL_MENU_STEPS_MAX
    }

    fn offers_voicemail(&self) -> bool {
        self.is_filed() || self.entry.when_limited == WhenLimited::Voicemail
    }

    /// What a caller hears at a place, again after each silence, and the safe end behind it.
    pub(super) fn hear(&self, place: MenuPlace, after: Heard) -> Vec<Step> {
        let language = self.language(place);
        let words = Words::of(language);
        if self.is_filed() {
            let mut say = self.filed(language);
            after.before(&mut say, &words, language);
            let ask = Step::Ask { say, next: Next::Menu(place) };
            return [vec![ask], voicemail(language, None)].concat();
        }
        let mut steps = Vec::new();
        let mut heard = after;
        for tries in place.tries..CALL_MENU_TRIES_MAX {
            let place = MenuPlace { tries, ..place };
            let mut say = self.page(place, language);
            heard.before(&mut say, &words, language);
            steps.push(Step::Ask { say, next: Next::Menu(place) });
            heard = Heard::Nothing;
        }
        steps.extend(self.end(language));
        steps
    }

    /// The safe end: a caller in danger knows what to dial, and everybody can leave a message.
    pub(super) fn end(&self, language: Language) -> Vec<Step> {
        let end = Speech::new(language, Words::of(language).no_choice);
        [vec![Step::Say(vec![end])], voicemail(language, None)].concat()
    }

    /// Words of one page: 0 is what everybody hears first.
    fn page(&self, place: MenuPlace, language: Language) -> Vec<Speech> {
        let words = Words::of(language);
        let spoken = self.spoken(language);
        let more = spoken.more.len();
        match place.page.checked_sub(1).and_then(|at| spoken.more.get(at)) {
            Some(piece) => {
                let keys = if place.page < more { words.more_keys } else { words.last_keys };
                vec![Speech::new(language, &format!("{piece} {keys}"))]
            }
            None => {
                let mut say = vec![Speech::new(language, words.press_1)];
                if self.languages().len() > 1 {
                    let other = language.other();
                    say.push(Speech::new(other, Words::of(other).this_language));
                }
                let mut rest = spoken.opening;
                rest.push(' ');
                rest.push_str(words.keys);
                if more > 0 {
                    rest.push(' ');
                    rest.push_str(words.hear_more);
                }
                if self.offers_voicemail() {
                    rest.push(' ');
                    rest.push_str(words.leave_message);
                }
                rest.push(' ');
                rest.push_str(words.repeat);
                say.push(Speech::new(language, &rest));
                say
            }
        }
    }

    /// What a caller hears whose call is filed: neutral, and the emergency before it.
    fn filed(&self, language: Language) -> Vec<Speech> {
        let words = Words::of(language);
        let mut say = vec![Speech::new(language, words.press_1)];
        if self.languages().len() > 1 {
            let other = language.other();
            say.push(Speech::new(other, Words::of(other).this_language));
        }
        say.push(Speech::new(language, words.neutral));
        say
    }

    /// What everybody hears first, as one text, for systems that speak it themselves.
    pub(super) fn first_page(&self) -> Vec<Speech> {
        let language = self.language(MenuPlace::FIRST);
        if self.is_filed() { self.filed(language) } else { self.page(MenuPlace::FIRST, language) }
    }

    /// The rest of the notice, piece by piece.
    pub(super) fn more(&self) -> Vec<String> {
        if self.is_filed() {
            return Vec::new();
        }
        self.spoken(self.language(MenuPlace::FIRST)).more
    }
}

/// What came before, which is said before it is all heard again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// A choice, or the beginning.
    Choice,
    WrongKey,
    Nothing,
}

impl Heard {
    fn before(self, say: &mut Vec<Speech>, words: &Words, language: Language) {
        let sorry = match self {
            Heard::Choice => return,
            Heard::WrongKey => words.wrong_key,
            Heard::Nothing => words.silence,
        };
        // The emergency stays first.
        let at = usize::from(say.len() > 1);
        say.insert(at, Speech::new(language, sorry));
    }
}

/// A voicemail onto the item of the call, or of the lane that the caller asked for.
pub(super) fn voicemail(language: Language, about: Option<AskedLane>) -> Vec<Step> {
    let before = Words::of(language).before_the_tone(about);
    vec![
        Step::Say(vec![Speech::new(language, before)]),
        Step::Record { seconds: VOICEMAIL_SECONDS_MAX, next: Next::Recorded { about } },
        Step::HangUp,
    ]
}
