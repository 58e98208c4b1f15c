//! The fields of a step as the page shows them.

use askama::Template;
use chrono::Weekday;

use super::describe::{Ask, Choice, Two};
use super::read::{ROWS, Unread};
use super::setting::{AskedField, Setting};
use super::values::Values;
use crate::domain::case::letter::emails_of;
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::person::ListedIdentifier;
use crate::domain::profile::Exception;
use crate::domain::restriction::Kind;
use crate::staff::console::say;
use crate::staff::console::words;

/// One field, or a group of boxes under one question.
#[derive(Template)]
#[template(path = "step_field.html")]
pub(super) struct FieldView {
    pub w: &'static words::Steps,
    pub id: String,
    pub name: String,
    /// The question in front of it, to which it and those after it belong.
    pub heading: Option<&'static str>,
    pub label: String,
    pub hint: Option<&'static str>,
    pub optional: bool,
    pub fault: Option<String>,
    pub control: Control,
}

impl FieldView {
    const fn is_described(&self) -> bool {
        self.hint.is_some() || self.fault.is_some()
    }

    fn described_by(&self) -> String {
        let hint = self.hint.is_some().then(|| format!("{}-hint", self.id));
        let fault = self.fault.is_some().then(|| format!("{}-fault", self.id));
        hint.into_iter().chain(fault).collect::<Vec<_>>().join(" ")
    }

    const fn is_short(&self) -> bool {
        match &self.control {
            Control::Line { kind, .. } => !matches!(kind.as_bytes(), b"text" | b"email" | b"tel"),
            _ => false,
        }
    }

    /// A box that asks for more has a name of its own.
    fn box_name<'o>(&'o self, one: &'o OptionView) -> &'o str {
        if one.with.is_empty() { &self.name } else { &one.value }
    }

    #[expect(clippy::unused_self, reason = "the template calls it beside `box_name`")]
    fn box_value<'o>(&self, one: &'o OptionView) -> &'o str {
        if one.with.is_empty() { &one.value } else { "yes" }
    }

    /// The element to which a link about it leads.
    pub(super) fn anchor(&self) -> &str {
        match &self.control {
            Control::Radios(options) | Control::Boxes(options) => {
                options.first().map_or(&self.id, |first| &first.id)
            }
            Control::Rows(rows) => {
                let first = rows.first().and_then(|(_, fields)| fields.first());
                first.map_or(&self.id, |first| first.anchor())
            }
            _ => &self.id,
        }
    }
}

pub(super) enum Control {
    Line {
        value: String,
        kind: &'static str,
    },
    Area {
        value: String,
        rows: u8,
    },
    Box {
        ticked: bool,
    },
    Radios(Vec<OptionView>),
    Boxes(Vec<OptionView>),
    Select {
        options: Vec<OptionView>,
        empty: Option<&'static str>,
    },
    /// Nothing can be chosen, and why.
    Nothing(&'static str),
    /// Rows of fields, each with what it is called.
    Rows(Vec<(String, Vec<FieldView>)>),
}

pub(super) struct OptionView {
    pub id: String,
    pub value: String,
    pub text: String,
    pub hint: Option<String>,
    pub chosen: bool,
    /// Asked for where this is ticked.
    pub with: Vec<FieldView>,
}

/// A name as an id of the page.
pub(super) fn id_of(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("f-{}", name.chars().map(plain).collect::<String>())
}

/// The fields of a step, with their values and faults.
pub(super) fn views(setting: &Setting<'_>, values: &Values, faults: &Unread) -> Vec<FieldView> {
    let fields = setting.fields();
    fields.iter().map(|asked| view(setting, asked, values, faults)).collect()
}

fn view(setting: &Setting<'_>, asked: &AskedField, values: &Values, faults: &Unread) -> FieldView {
    let language = setting.visit.language();
    let field = &asked.field;
    FieldView {
        w: words::Steps::of(language),
        id: id_of(&asked.name),
        // The posted values are those that stay in the letter.
        name: if matches!(field.ask, Ask::Parts) { "parts".to_owned() } else { asked.name.clone() },
        heading: asked.heading.map(|heading| heading.of(language)),
        label: field.label.of(language).to_owned(),
        hint: field.hint.map(|hint| hint.of(language)),
        optional: field.optional && !matches!(field.ask, Ask::Tick),
        fault: faults.get(&asked.name).cloned(),
        control: control(setting, asked, values),
    }
}

fn control(setting: &Setting<'_>, asked: &AskedField, values: &Values) -> Control {
    let name = asked.name.as_str();
    let w = words::Steps::of(setting.visit.language());
    let value = || values.text(name).to_owned();
    let line = |kind| Control::Line { value: value(), kind };
    match asked.field.ask {
        Ask::Line | Ask::Terms | Ask::Changes => line("text"),
        Ask::Number => line("number"),
        Ask::Day => {
            let day = value().get(..10).map(str::to_owned).unwrap_or_default();
            Control::Line { value: day, kind: "date" }
        }
        Ask::Time => line("datetime-local"),
        Ask::TimeOrNow if values.is_set(name) => line("datetime-local"),
        Ask::TimeOrNow => {
            let now = setting.visit.now().with_timezone(&setting.profile().timezone);
            let value = now.format("%Y-%m-%dT%H:%M").to_string();
            Control::Line { value, kind: "datetime-local" }
        }
        Ask::Lines => {
            let lines: Vec<&str> = values.every(name).collect();
            Control::Area { value: lines.join("\n"), rows: 3 }
        }
        Ask::Text => Control::Area { value: value(), rows: 4 },
        Ask::Tick => Control::Box { ticked: values.text(name) == "yes" },
        Ask::YesNo => Control::Radios(options(name, values, [("yes", w.yes), ("no", w.no)])),
        Ask::One(choices) => Control::Radios(chosen_of(setting, name, values, choices)),
        Ask::Any(choices) => Control::Boxes(chosen_of(setting, name, values, choices)),
        Ask::Windows => Control::Rows(windows(setting, name, values)),
        Ask::Deputies => Control::Rows(deputies(setting, name, values)),
        Ask::Words => Control::Rows(own_words(setting, values)),
        Ask::Exceptions => boxes_or(exceptions(setting, values), w.no_exception),
        Ask::Parts => boxes_or(list("parts", values, setting.named_parts()), w.nothing),
        Ask::Language | Ask::Format | Ask::Channel => Control::Select {
            options: list(name, values, named(setting, asked.field.ask)),
            empty: Some(if matches!(asked.field.ask, Ask::Format) { w.as_usual } else { w.choose }),
        },
        Ask::Ground | Ask::Staff | Ask::Hearer | Ask::PointOfContact => {
            one_of(list(name, values, named(setting, asked.field.ask)), w.nobody, w)
        }
        Ask::Email => one_of(list(name, values, on_file(setting, Ask::Email)), w.no_email, w),
        Ask::Adjustment | Ask::Restriction => {
            one_of(list(name, values, on_file(setting, asked.field.ask)), w.nobody, w)
        }
        Ask::AppealGrounds => {
            boxes_or(list(name, values, named(setting, asked.field.ask)), w.no_grounds)
        }
        Ask::Channels | Ask::StaffAny => {
            boxes_or(list(name, values, named(setting, asked.field.ask)), w.nothing)
        }
        Ask::Incidents => {
            boxes_or(list(name, values, on_file(setting, asked.field.ask)), w.no_incidents)
        }
        Ask::Contacts => {
            let mut known = on_file(setting, asked.field.ask);
            // One named by a link, and older than those listed.
            let named = values.every(name).filter(|id| known.iter().all(|(one, _)| one != id));
            let named: Vec<_> =
                named.map(|id| (id.to_owned(), w.this_contact.to_owned())).collect();
            known.splice(0..0, named);
            boxes_or(list(name, values, known), w.no_contacts)
        }
    }
}

fn boxes_or(options: Vec<OptionView>, none: &'static str) -> Control {
    if options.is_empty() { Control::Nothing(none) } else { Control::Boxes(options) }
}

fn one_of(options: Vec<OptionView>, none: &'static str, w: &'static words::Steps) -> Control {
    if options.is_empty() {
        Control::Nothing(none)
    } else {
        Control::Select { options, empty: Some(w.choose) }
    }
}

fn options<'a>(
    name: &str,
    values: &Values,
    of: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<OptionView> {
    let of = of.into_iter().map(|(value, text)| (value.to_owned(), text.to_owned()));
    list(name, values, of)
}

fn list(
    name: &str,
    values: &Values,
    of: impl IntoIterator<Item = (String, String)>,
) -> Vec<OptionView> {
    let view = |(index, (value, text)): (usize, (String, String))| OptionView {
        id: format!("{}-{index}", id_of(name)),
        chosen: values.has(name, &value),
        value,
        text,
        hint: None,
        with: Vec::new(),
    };
    of.into_iter().enumerate().map(view).collect()
}

fn chosen_of(
    setting: &Setting<'_>,
    name: &str,
    values: &Values,
    choices: &[Choice],
) -> Vec<OptionView> {
    let language = setting.visit.language();
    let texts = choices.iter().map(|one| (one.value, one.text.of(language)));
    let mut found = options(name, values, texts);
    for (view, choice) in found.iter_mut().zip(choices) {
        view.hint = choice.hint.map(|hint: Two| hint.of(language).to_owned());
    }
    found
}

/// What the organisation has names for.
fn named(setting: &Setting<'_>, ask: Ask) -> Vec<(String, String)> {
    let (profile, language) = (setting.profile(), setting.visit.language());
    let w = words::Steps::of(language);
    let own = |name: &String| (name.clone(), say::capitalised(name));
    let channels =
        || Channel::ALL.map(|one| (one.name().to_owned(), say::channel(one, language).to_owned()));
    match ask {
        Ask::Ground => profile.grounds.iter().map(|ground| own(&ground.name)).collect(),
        Ask::AppealGrounds => profile.appeal.grounds.iter().map(own).collect(),
        Ask::Channel => channels().to_vec(),
        Ask::Channels => {
            let groups = profile.channel_groups.keys();
            let groups = groups
                .map(|name| (name.clone(), format!("{} ({})", say::capitalised(name), w.group)));
            channels().into_iter().chain(groups).collect()
        }
        Ask::Staff | Ask::StaffAny => {
            let staff = setting.desktop.staff.iter();
            staff.map(|(name, role)| with_role(name, role, language)).collect()
        }
        Ask::Hearer => {
            let heard_by = profile.appeal.heard_by.as_ref();
            let staff = setting.desktop.staff.iter();
            let able = staff.filter(|(_, role)| heard_by.is_some_and(|roles| roles.include(role)));
            able.map(|(name, role)| with_role(name, role, language)).collect()
        }
        Ask::PointOfContact => {
            let Some(Kind::SinglePointOfContact(point)) =
                setting.changing().map(|restriction| &restriction.kind)
            else {
                return Vec::new();
            };
            point.members().map(|one| (one.name.clone(), one.name.clone())).collect()
        }
        Ask::Language => {
            let all = Language::ALL;
            all.map(|one| (one.tag().to_owned(), one.own_name().to_owned())).to_vec()
        }
        Ask::Format => {
            let t = words::Terms::of(language);
            let all = [
                ("standard", w.f_standard),
                ("large_print", t.a_large_print),
                ("coloured_paper", t.a_coloured_paper),
                ("easy_read", t.a_easy_read),
                ("braille", t.a_braille),
                ("audio", t.a_audio),
            ];
            all.map(|(value, text)| (value.to_owned(), text.to_owned())).to_vec()
        }
        _ => Vec::new(),
    }
}

fn with_role(
    name: &str,
    role: &crate::domain::profile::Role,
    language: Language,
) -> (String, String) {
    (name.to_owned(), format!("{name}, {}", say::role_name(role, language)))
}

/// What the person's own records have.
fn on_file(setting: &Setting<'_>, ask: Ask) -> Vec<(String, String)> {
    let (profile, language) = (setting.profile(), setting.visit.language());
    let (now, zone) = (setting.visit.now(), profile.timezone);
    let (file, person) = (&setting.desktop.read.file, &setting.desktop.read.person);
    let w = words::Steps::of(language);
    match ask {
        Ask::Incidents => {
            let usable = file.incidents.iter().rev().filter(|one| one.state() != "no_action");
            let line = |one: &crate::domain::case::conduct::Incident| {
                let at = say::when(one.happened_at, now, zone, language);
                let text =
                    format!("{at}: {} – {}", say::capitalised(&one.ground), short(&one.what));
                (one.id.clone(), text)
            };
            usable.map(line).collect()
        }
        Ask::Contacts => {
            let line = |one: &crate::domain::tally::Contacted| {
                let at = say::when(one.at, now, zone, language);
                let about = setting.desktop.about_contact(&one.contact);
                let text = format!("{at}: {}{about}", say::channel(one.channel, language));
                (one.contact.clone(), text)
            };
            setting.contacts.iter().rev().map(line).collect()
        }
        Ask::Adjustment => {
            let each = person.adjustments.iter().enumerate();
            let name = |index: usize, id: &Option<String>| {
                id.clone().unwrap_or_else(|| (index + 1).to_string())
            };
            each.map(|(index, one)| (name(index, &one.id), say::adjustment(one, language)))
                .collect()
        }
        Ask::Email => {
            let line = |one: &ListedIdentifier| {
                let shared = if one.shared { format!(" ({})", w.shared) } else { String::new() };
                (one.value.clone(), format!("{}{shared}", one.value))
            };
            emails_of(person).map(line).collect()
        }
        Ask::Restriction => {
            let open = file.proposals.iter().filter(|one| one.is_open());
            let held = person.restrictions.iter().filter(|one| one.is_in_force(now, profile));
            let all = open.map(|one| &one.restriction).chain(held);
            all.map(|one| (one.id.clone(), say::terms(&one.kind, profile, language))).collect()
        }
        _ => Vec::new(),
    }
}

/// The beginning of a text, for a list.
pub(in crate::staff::console) fn short(text: &str) -> String {
    const CHARS_MAX: usize = 90;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= CHARS_MAX {
        return line;
    }
    let cut: String = line.chars().take(CHARS_MAX).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '.']))
}

/// A field that is a part of a row.
fn part(w: &'static words::Steps, name: String, label: String, control: Control) -> FieldView {
    FieldView {
        w,
        id: id_of(&name),
        name,
        heading: None,
        label,
        hint: None,
        optional: false,
        fault: None,
        control,
    }
}

fn lined(
    w: &'static words::Steps,
    name: String,
    label: &str,
    values: &Values,
    kind: &'static str,
) -> FieldView {
    let value = values.text(&name).to_owned();
    part(w, name, label.to_owned(), Control::Line { value, kind })
}

fn windows(setting: &Setting<'_>, name: &str, values: &Values) -> Vec<(String, Vec<FieldView>)> {
    const DAYS: [(&str, Weekday); 7] = [
        ("mon", Weekday::Mon),
        ("tue", Weekday::Tue),
        ("wed", Weekday::Wed),
        ("thu", Weekday::Thu),
        ("fri", Weekday::Fri),
        ("sat", Weekday::Sat),
        ("sun", Weekday::Sun),
    ];
    let language = setting.visit.language();
    let w = words::Steps::of(language);
    let row = |row: usize| {
        let at = |key: &str| format!("{name}.{row}.{key}");
        let days = DAYS.map(|(value, day)| (value, say::weekday(day, language)));
        let days = part(
            w,
            at("days"),
            w.days.to_owned(),
            Control::Boxes(options(&at("days"), values, days)),
        );
        let times = [
            lined(w, at("from"), w.from, values, "time"),
            lined(w, at("to"), w.to, values, "time"),
        ];
        (format!("{} {}", w.row, row + 1), std::iter::once(days).chain(times).collect())
    };
    (0..ROWS).map(row).collect()
}

fn deputies(setting: &Setting<'_>, name: &str, values: &Values) -> Vec<(String, Vec<FieldView>)> {
    let w = words::Steps::of(setting.visit.language());
    let row = |row: usize| {
        let at = |key: &str| format!("{name}.{row}.{key}");
        let fields = vec![
            lined(w, at("name"), w.name, values, "text"),
            lined(w, at("email"), w.email, values, "email"),
            lined(w, at("phone"), w.phone, values, "tel"),
        ];
        (format!("{} {}", w.deputy, row + 1), fields)
    };
    (0..ROWS).map(row).collect()
}

/// One area for each part of the letter.
fn own_words(setting: &Setting<'_>, values: &Values) -> Vec<(String, Vec<FieldView>)> {
    let w = words::Steps::of(setting.visit.language());
    let area = |(part_name, label): (String, String)| {
        let name = format!("words.{part_name}");
        let value = values.text(&name).to_owned();
        part(w, name, label, Control::Area { value, rows: 3 })
    };
    vec![(String::new(), setting.named_parts().into_iter().map(area).collect())]
}

pub(super) const fn exception(exception: Exception, language: Language) -> &'static str {
    let w = words::Steps::of(language);
    match exception {
        Exception::NoWarning => w.e_no_warning,
        Exception::NoNotification => w.e_no_notification,
        Exception::LongerThanLongest => w.e_longer_than_longest,
        Exception::ContactEnded => w.e_contact_ended,
    }
}

fn exceptions(setting: &Setting<'_>, values: &Values) -> Vec<OptionView> {
    let language = setting.visit.language();
    let w = words::Steps::of(language);
    let each = setting.exceptions().into_iter().map(|(one, clause)| {
        let name = format!("exceptions.{}", one.name());
        let why = format!("{name}.why");
        let value = values.text(&why).to_owned();
        let mut with = vec![part(w, why, w.why.to_owned(), Control::Area { value, rows: 2 })];
        if one == Exception::NoNotification {
            with.push(lined(w, format!("{name}.review_due"), w.ask_again, values, "date"));
        }
        OptionView {
            id: id_of(&name),
            chosen: values.text(&name) == "yes",
            value: name,
            text: exception(one, language).to_owned(),
            hint: clause.map(|clause| format!("{} {clause}", w.clause)),
            with,
        }
    });
    each.collect()
}
