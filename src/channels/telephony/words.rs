//! What the gateway itself says to callers, besides the notice.

use crate::domain::lane::AskedLane;
use crate::domain::language::Language;

/// The sentences of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    /// Before everything else.
    pub press_1: &'static str,
    /// The keys that every limited caller has, behind the first words of the notice.
    pub keys: &'static str,
    pub hear_more: &'static str,
    pub leave_message: &'static str,
    pub repeat: &'static str,
    /// Behind a piece of the notice, and behind its last.
    pub more_keys: &'static str,
    pub last_keys: &'static str,
    /// How to choose this language, for who hears the other one.
    pub this_language: &'static str,
    pub wrong_key: &'static str,
    pub silence: &'static str,
    /// Where no choice came.
    pub no_choice: &'static str,
    /// To a caller whose call is filed: neutral.
    pub neutral: &'static str,
    pub after_the_tone: &'static str,
    pub appeal_after_the_tone: &'static str,
    pub adjustment_after_the_tone: &'static str,
    pub thanks: &'static str,
    /// Where nobody answers the emergency number.
    pub dial_999: &'static str,
    /// In place of a notice that is missing.
    pub limited: &'static str,
    /// Where neither the call flow nor a fallback document is there.
    pub unavailable: &'static str,
}

const ENGLISH: Words = Words {
    press_1: "In an emergency, press 1.",
    keys: "To appeal, press 2. For help because of a disability, press 3.",
    hear_more: "To hear more, press 4.",
    leave_message: "To leave a message, press 5.",
    repeat: "To repeat, press star.",
    more_keys: "To hear more, press 4. To repeat, press star.",
    last_keys: "That is all. To repeat, press star. To appeal, press 2.",
    this_language: "For English, press 9.",
    wrong_key: "Sorry, that is not one of the choices.",
    silence: "Sorry, we did not hear a choice.",
    no_choice: "If someone is in danger, hang up and dial 9 9 9.",
    neutral: "Thank you for calling.",
    after_the_tone: "You can leave a message after the tone. When you have finished, hang up.",
    appeal_after_the_tone: "After the tone, tell us that you want to appeal, and why. When you have \
                            finished, hang up.",
    adjustment_after_the_tone: "After the tone, tell us what help you need. When you have \
                                finished, hang up.",
    thanks: "Thank you. We have kept your message. Goodbye.",
    dial_999: "Nobody answered. If someone is in danger, hang up and dial 9 9 9.",
    limited: "We cannot put your call through. We made a decision about how you contact us.",
    unavailable: "Sorry, we cannot put your call through just now. Please call again in a few \
                  minutes. If someone is in danger, dial 9 9 9.",
};

const WELSH: Words = Words {
    press_1: "Mewn argyfwng, pwyswch 1.",
    keys: "I apelio, pwyswch 2. Am help oherwydd anabledd, pwyswch 3.",
    hear_more: "I glywed mwy, pwyswch 4.",
    leave_message: "I adael neges, pwyswch 5.",
    repeat: "I glywed hyn eto, pwyswch seren.",
    more_keys: "I glywed mwy, pwyswch 4. I glywed hyn eto, pwyswch seren.",
    last_keys: "Dyna'r cyfan. I glywed hyn eto, pwyswch seren. I apelio, pwyswch 2.",
    this_language: "Am Gymraeg, pwyswch 9.",
    wrong_key: "Mae'n ddrwg gennym, nid yw hwnnw'n un o'r dewisiadau.",
    silence: "Mae'n ddrwg gennym, ni chlywsom ddewis.",
    no_choice: "Os oes rhywun mewn perygl, rhowch y ffôn i lawr a deialwch 9 9 9.",
    neutral: "Diolch am ffonio.",
    after_the_tone: "Gallwch adael neges ar ôl y tôn. Ar ôl gorffen, rhowch y ffôn i lawr.",
    appeal_after_the_tone: "Ar ôl y tôn, dywedwch eich bod am apelio, a pham. Ar ôl gorffen, rhowch \
                            y ffôn i lawr.",
    adjustment_after_the_tone: "Ar ôl y tôn, dywedwch pa help sydd ei angen arnoch. Ar ôl gorffen, \
                                rhowch y ffôn i lawr.",
    thanks: "Diolch. Rydym wedi cadw eich neges. Hwyl fawr.",
    dial_999: "Nid oes neb wedi ateb. Os oes rhywun mewn perygl, rhowch y ffôn i lawr a deialwch \
               9 9 9.",
    limited: "Ni allwn gysylltu eich galwad. Gwnaethom benderfyniad am sut rydych yn cysylltu â ni.",
    unavailable: "Mae'n ddrwg gennym, ni allwn gysylltu eich galwad ar hyn o bryd. Ffoniwch eto \
                  ymhen ychydig funudau. Os oes rhywun mewn perygl, deialwch 9 9 9.",
};

impl Words {
    pub(super) const fn of(language: Language) -> Self {
        match language {
            Language::English => ENGLISH,
            Language::Welsh => WELSH,
        }
    }

    /// Before a voicemail.
    pub(super) const fn before_the_tone(&self, about: Option<AskedLane>) -> &'static str {
        match about {
            Some(AskedLane::Appeal) => self.appeal_after_the_tone,
            Some(AskedLane::Adjustment) => self.adjustment_after_the_tone,
            Some(AskedLane::Emergency) | None => self.after_the_tone,
        }
    }
}
