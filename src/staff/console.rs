//! The console: what staff see in a browser. Pages are made here, on the same casework as the API, and
//! work without script.
//!
//! [`contents::contents`] is the table of contents. A page is a template and the file that fills it.

mod account;
mod api_tokens;
mod asked;
mod assets;
mod audit;
mod by_provider;
mod case;
mod contents;
mod drafts;
mod entrance;
mod equality;
mod erasing;
mod form;
mod frame;
mod help;
mod invitation;
mod item;
mod item_rows;
mod keeping;
mod landing;
mod leavers;
mod letter_templates;
mod letter_wording;
mod lists;
mod live;
mod look;
mod merging;
mod original;
mod own_origin;
mod people;
mod person;
mod presence;
mod pressed;
mod provider_buttons;
mod queue;
mod queues;
mod record_form;
mod records;
mod refused;
mod say;
mod settings;
mod sign_in;
mod staff_settings;
mod trouble;
mod trouble_page;
mod visit;
mod who_answers;
mod words;

pub use self::assets::Assets;
pub use self::contents::{Entry, Needs, contents, router};
pub(super) use self::entrance::unknown;
pub use self::live::Streams;
pub use self::look::{
    ConsoleLook, ConsoleSettings, OpenValue, PolicyAsRead, PolicyValue, ProviderLabel,
};
pub use self::presence::Presence;
