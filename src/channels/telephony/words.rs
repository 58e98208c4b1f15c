//! What the gateway itself says to callers, beside the notice.

/// The sentences of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Behind every notice.
    pub press_1: &'static str,
    /// To a caller whose call is filed: neutral.
    pub neutral: &'static str,
    pub after_the_tone: &'static str,
    pub thanks: &'static str,
    /// Where nobody answers the emergency number.
    pub dial_999: &'static str,
    /// In place of a notice that is missing.
    pub limited: &'static str,
    /// Where neither the call flow nor a fallback document is there.
    pub unavailable: &'static str,
}

const ENGLISH: Words = Words {
    press_1: "If this is an emergency, or if anybody is in danger, press 1 now.",
    neutral: "Thank you for calling.",
    after_the_tone: "You can leave a message after the tone. When you have finished, hang up.",
    thanks: "Thank you. Your message has been kept. Goodbye.",
    dial_999: "Nobody answered. If a life is at risk, hang up and dial 9 9 9.",
    limited: "Your call can't be connected because of an arrangement on how you contact us. You \
              can ask us to look at that again, in any way that is open to you.",
    unavailable: "We are sorry, we can't connect your call at the moment. Please call again in a \
                  few minutes. If a life is at risk, dial 9 9 9.",
};

const WELSH: Words = Words {
    press_1: "Os yw hwn yn argyfwng, neu os oes rhywun mewn perygl, pwyswch 1 nawr.",
    neutral: "Diolch am ffonio.",
    after_the_tone: "Gallwch adael neges ar ôl y tôn. Ar ôl gorffen, rhowch y ffôn i lawr.",
    thanks: "Diolch. Mae eich neges wedi'i chadw. Hwyl fawr.",
    dial_999: "Ni atebodd neb. Os oes bywyd mewn perygl, rhowch y ffôn i lawr a deialwch 9 9 9.",
    limited: "Ni ellir cysylltu eich galwad oherwydd trefniant ynghylch sut rydych yn cysylltu â \
              ni. Gallwch ofyn i ni edrych ar hynny eto, mewn unrhyw ffordd sydd ar agor i chi.",
    unavailable: "Mae'n ddrwg gennym, ni allwn gysylltu eich galwad ar hyn o bryd. Ffoniwch eto \
                  ymhen ychydig funudau. Os oes bywyd mewn perygl, deialwch 9 9 9.",
};

impl Words {
    /// The sentences of a language (BCP 47); English where there are none.
    pub fn of(language: &str) -> Self {
        match language.split('-').next() {
            Some("cy") => WELSH,
            Some(_) | None => ENGLISH,
        }
    }
}
