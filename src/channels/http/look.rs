//! The look of the gateway's own pages: an organisation's name, logo and colours. Only colours that
//! everybody can read are made.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

use crate::domain::notice::languages;
use crate::domain::organisation::{Organisation, OrganisationId};
pub use crate::runtime::html::colour::{CONTRAST_MIN, Colour};
use crate::runtime::tokens::sha256;

/// The colours of a page in one scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    pub text: Colour,
    pub background: Colour,
    /// Of headings, and of what marks the page as the organisation's.
    pub accent: Colour,
}

impl Colours {
    pub const LIGHT: Colours = Colours {
        text: Colour::new(0x1d, 0x1d, 0x1d),
        background: Colour::new(0xff, 0xff, 0xff),
        accent: Colour::new(0x1d, 0x1d, 0x1d),
    };
    pub const DARK: Colours = Colours {
        text: Colour::new(0xf2, 0xf2, 0xf2),
        background: Colour::new(0x16, 0x16, 0x16),
        accent: Colour::new(0xf2, 0xf2, 0xf2),
    };
}

/// What `[organisation.page]` says.
#[derive(Debug, Clone)]
pub struct LookSettings {
    /// The name on the page; `None`: the profile's.
    pub name: Option<String>,
    /// A picture as a `data:` URL.
    pub logo: Option<String>,
    /// The organisation's own website, as a way back.
    pub home: Option<String>,
    pub light: Colours,
    /// Where the reader's own settings ask for dark pages.
    pub dark: Colours,
}

impl Default for LookSettings {
    fn default() -> Self {
        LookSettings {
            name: None,
            logo: None,
            home: None,
            light: Colours::LIGHT,
            dark: Colours::DARK,
        }
    }
}

/// A look, ready to be put on a page.
#[derive(Debug, Clone)]
pub struct Look {
    /// The organisation's name; `None`: the page is not about anybody in particular.
    pub name: Option<String>,
    pub logo: Option<String>,
    pub home: Option<String>,
    /// The stylesheet, which is part of the page.
    pub style: String,
    /// Every page in English and Welsh, the language that is asked for first.
    pub bilingual: bool,
    /// The content security policy that lets this stylesheet work, and nothing else.
    pub policy: HeaderValue,
}

impl Look {
    /// `owner`: whose pages they are; `None`: not about anybody in particular.
    pub fn new(settings: &LookSettings, owner: Option<&Organisation>) -> Arc<Self> {
        let style = style(settings);
        let sum = STANDARD.encode(sha256(style.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{sum}'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'"
        );
        Arc::new(Look {
            name: settings
                .name
                .as_deref()
                .or(owner.map(|owner| owner.profile.name.as_str()))
                .map(str::to_owned),
            bilingual: owner.is_some_and(|owner| languages(owner, None).len() > 1),
            logo: settings.logo.clone(),
            home: settings.home.clone(),
            style,
            // ASCII throughout.
            policy: HeaderValue::try_from(policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
        })
    }
}

/// The look of every organisation.
#[derive(Debug)]
pub struct Looks {
    own: BTreeMap<OrganisationId, Arc<Look>>,
    nobodys: Arc<Look>,
}

impl Looks {
    /// `settings` of those that have any.
    pub fn new<'a>(
        organisations: impl IntoIterator<Item = &'a Arc<Organisation>>,
        settings: &BTreeMap<OrganisationId, LookSettings>,
    ) -> Arc<Self> {
        let plain = LookSettings::default();
        let own = organisations.into_iter().map(|owner| {
            let settings = settings.get(&owner.id).unwrap_or(&plain);
            (owner.id.clone(), Look::new(settings, Some(owner)))
        });
        Arc::new(Looks { own: own.collect(), nobodys: Look::new(&plain, None) })
    }

    pub fn of(&self, organisation: &OrganisationId) -> &Look {
        self.own.get(organisation).unwrap_or(&self.nobodys)
    }

    /// The look of what concerns no organisation.
    pub fn nobodys(&self) -> &Look {
        &self.nobodys
    }
}

/// Text that grows with the reader's own settings, lines short enough to follow, nothing that
/// scrolls sideways at 320 pixels (WCAG 2.2, 1.4.4, 1.4.10, 1.4.12).
fn style(settings: &LookSettings) -> String {
    let mut style = String::from(
        "body{font:1.125rem/1.6 system-ui,sans-serif;margin:0}\
         header,main{max-width:38rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
         header{font-weight:bold;border-bottom:.25rem solid}\
         img{display:block;max-width:100%;max-height:5rem;height:auto}\
         h1,.title{font-size:1.75rem;line-height:1.25;margin:1rem 0}\
         h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .5rem}\
         p,ul{margin:.5rem 0}ul{padding-left:1.25rem}li{margin:.375rem 0}\
         a{color:inherit;text-underline-offset:.15em;text-decoration-thickness:.08em}\
         a:hover{text-decoration-thickness:.16em}\
         a:focus-visible{outline:.1875rem solid;outline-offset:.125rem}\
         nav{text-align:right}nav a,.back a{display:inline-block;padding:.5rem 0}\
         .urgent{border:.125rem solid;border-left-width:.5rem;padding:.25rem 1rem;margin:1.5rem 0}\
         .urgent h2{margin:.5rem 0}.urgent a{font-weight:bold;white-space:nowrap}\
         .sent{white-space:pre-wrap;border-left:.25rem solid;padding:.25rem 1rem}\
         .reference,.back{margin-top:2rem}hr{margin:3rem 0 2rem;border:0;border-top:.25rem solid}\
         @media print{body{font-size:11pt}nav,.back{display:none}main,header{max-width:none}\
         section{break-inside:avoid}}",
    );
    for (scheme, colours) in [("light", settings.light), ("dark", settings.dark)] {
        let Colours { text, background, accent } = colours;
        // Writing to a string can't fail.
        let _ = write!(
            style,
            "@media (prefers-color-scheme:{scheme}){{:root{{color-scheme:{scheme}}}\
             body{{color:{text};background:{background}}}h1,header{{color:{accent}}}}}"
        );
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let of = |one: &str, two: &str| {
            Colour::parse(one).unwrap().contrast(Colour::parse(two).unwrap())
        };
        assert!((of("#000", "#fff") - 21.0).abs() < 0.001);
        assert!((of("#fff", "#fff") - 1.0).abs() < 0.001);
        // Known on both sides of the bound: the lightest grey on white that is enough, and the next.
        assert!(of("#767676", "#fff") >= CONTRAST_MIN && of("#777", "#ffffff") < CONTRAST_MIN);
        for Colours { text, background, accent } in [Colours::LIGHT, Colours::DARK] {
            assert!(text.contrast(background) > 12.0 && accent.contrast(background) > 12.0);
        }
    }
}
