//! What the console says, in English and Welsh. Each text is given in both languages side by side: one
//! that is missing in either does not compile.

mod accounts;
mod cases;
mod equality;
mod frame;
mod items;
mod lists;
mod people;
mod proposals;
mod records;
mod settings;
mod steps;
mod terms;
mod troubles;
mod wordings;

pub(super) use self::accounts::{Account, ApiTokens, SecondStep, SignIn, StaffList};
pub(super) use self::cases::{Case, CaseTerms};
pub(super) use self::equality::Equality;
pub(super) use self::frame::Frame;
pub(super) use self::items::{Item, Landing, Queue, Queues};
pub(super) use self::lists::{Lists, Reports};
pub(super) use self::people::{People, Person, RecordForm};
pub(super) use self::proposals::{Check, Letter};
pub(super) use self::records::{Erasing, Keeping, Merging};
pub(super) use self::settings::{Audit, Help, Leavers, LetterTemplates, Settings, WhoAnswers};
pub(super) use self::steps::Steps;
pub(super) use self::terms::Terms;
pub(super) use self::troubles::Troubles;
pub(super) use self::wordings::WordingTexts;

/// Texts of one part: `name: "English", "Cymraeg";`.
macro_rules! texts {
    ($(#[$meta:meta])* $name:ident { $($key:ident: $english:literal, $welsh:literal;)* }) => {
        $(#[$meta])*
        pub(in crate::staff::console) struct $name {
            $(pub $key: &'static str,)*
        }

        impl $name {
            const ENGLISH: $name = $name { $($key: $english,)* };
            const WELSH: $name = $name { $($key: $welsh,)* };

            pub(in crate::staff::console) const fn of(
                language: crate::domain::language::Language,
            ) -> &'static Self {
                match language {
                    crate::domain::language::Language::English => &Self::ENGLISH,
                    crate::domain::language::Language::Welsh => &Self::WELSH,
                }
            }
        }
    };
}

use texts;
