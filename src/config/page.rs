//! `[organisation.page]`: the look of the gateway's own pages.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::context::Context;
use super::fault::Wrong;
use super::node;
use super::reach;
use super::reader::{Field, Section, brief};
use crate::channels::http::look::{CONTRAST_MIN, Colour, Colours, LookSettings};
use crate::runtime::limits::PAGE_LOGO_BYTES_MAX;

/// Pictures that every browser shows, by the ending of their names.
const PICTURES: [(&str, &str); 5] = [
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
];

pub(super) fn read(context: &Context<'_>, field: &Field<'_>) -> Option<LookSettings> {
    let section = field.section()?;
    let name = section.field("name").and_then(|f| f.words()).map(str::to_owned);
    let logo = section.field("logo").and_then(|f| logo(context, &f));
    let light = colours(&section, "colours", Colours::LIGHT);
    let dark = colours(&section, "dark_colours", Colours::DARK);
    let home = section.field("home").and_then(|f| f.parsed(reach::link));
    section.close();
    Some(LookSettings { name, logo, home, light, dark })
}

fn colours(section: &Section<'_>, key: &'static str, default: Colours) -> Colours {
    let Some(written) = section.field(key).and_then(|f| f.section()) else { return default };
    let one = |key| {
        let field = written.field(key)?;
        let colour = field.parsed(colour)?;
        Some((field, colour))
    };
    let (background, text, accent) = (one("background"), one("text"), one("accent"));
    let stands_on = background.as_ref().map_or(default.background, |(_, colour)| *colour);
    let readable = |found: Option<(Field<'_>, Colour)>, default: Colour| {
        let colour = found.as_ref().map_or(default, |(_, colour)| *colour);
        let contrast = colour.contrast(stands_on);
        // The fault is in the key that was written, the colour or its background.
        let field = found.as_ref().or(background.as_ref()).map(|(field, _)| field);
        if let Some(field) = field
            && contrast < CONTRAST_MIN
        {
            field.fault(
                format!(
                    "{colour} on {stands_on} has a contrast of {contrast:.2} to 1, which many can't \
                     read"
                ),
                format!("choose colours with at least {CONTRAST_MIN} to 1 (WCAG 2.2, 1.4.3)"),
            );
        }
        colour
    };
    Colours {
        text: readable(text, default.text),
        accent: readable(accent, default.accent),
        background: stands_on,
    }
}

fn colour(text: &str) -> Result<Colour, Wrong> {
    Colour::parse(text).ok_or_else(|| {
        Wrong::new(format!("`{}` is not a colour", brief(text)), "write it as \"#1d1d1d\"")
    })
}

/// The picture as a `data:` URL, so that a page loads nothing from anywhere.
fn logo(context: &Context<'_>, field: &Field<'_>) -> Option<String> {
    let endings: Vec<&str> = PICTURES.iter().map(|(ending, _)| *ending).collect();
    let right = format!(
        "name a file ({}) of at most {} KiB, by a path relative to this file",
        endings.join(", "),
        PAGE_LOGO_BYTES_MAX / 1024
    );
    let path = field.file_beside(context.file)?;
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    let kind = PICTURES.iter().find(|(known, _)| Some(*known) == ending.as_deref());
    let Some((_, kind)) = kind else {
        field.fault("is not a picture file", right);
        return None;
    };
    match picture(&path) {
        Ok(bytes) => Some(format!("data:{kind};base64,{}", STANDARD.encode(bytes))),
        Err(wrong) => {
            field.fault(wrong, right);
            None
        }
    }
}

fn picture(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| {
        format!("`{}` can't be read: {}", path.display(), node::plain(&error))
    };
    // Asked first, so that a file of any size is never read whole by mistake.
    if std::fs::metadata(path).map_err(unreadable)?.len() > PAGE_LOGO_BYTES_MAX {
        return Err("is too large".to_owned());
    }
    std::fs::read(path).map_err(unreadable)
}
