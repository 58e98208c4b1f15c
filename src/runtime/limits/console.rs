//! Bounds of the staff console: signing in, forms, lists, searches.

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::TimeDelta;

/// Passwords that are checked at once: each takes 19 MiB and a core for some 30 ms, which contacts need too.
/// More wait their turn.
pub const PASSWORDS_AT_ONCE_MAX: usize = 1;
/// Passwords that may wait for their turn, the one being checked included: some four seconds of them. More:
/// asked to try again.
pub const PASSWORDS_WAITING_MAX: usize = 128;
/// Sign-ins of one client a minute, and as many at once: fewer than may wait, so that one client fills no
/// others' places. More: asked to try again, with nothing checked.
pub const SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// The shortest password, in characters. Shorter: refused where it is chosen.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The longest password that is looked at, in characters. Longer: refused.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// Passwords tried at one account from one source, or codes tried at one account, before the next must wait.
pub const ACCOUNT_FAILURES_FREE: u32 = 5;
/// The first wait of an account from a source; each failure after it doubles the wait.
pub const ACCOUNT_WAIT_FIRST: Duration = Duration::from_secs(15);
/// The longest such wait: nobody is locked out for good.
pub const ACCOUNT_WAIT_LONGEST: Duration = Duration::from_secs(15 * 60);
/// How long a look at a record is one look: reading on, or a program that asks again, is not a second one.
pub const LOOK_NOTED_FOR: Duration = Duration::from_secs(15 * 60);
/// Looks that a gateway remembers. More: each is noted again.
pub const LOOKS_REMEMBERED_MAX: usize = 20_000;
/// Documents per organisation that count tried passwords, by account and source; as many more count tried codes, by
/// account. The second number is the counts in each. More: the one with the fewest tries is dropped.
pub const SIGN_IN_SHELVES: usize = 256;
pub const SIGN_IN_SHELF_COUNTS_MAX: usize = 64;
/// How long a try waits until those before it are counted. Over: asked to try again.
pub const SIGN_IN_TURN_WAIT: Duration = Duration::from_secs(4);
/// How long an invitation to choose a password holds, in hours. Over: ask for another.
pub const INVITATION_HOURS: i64 = 72;
/// How long a session lasts without a request, by default (`[staff] idle_minutes`).
pub const SESSION_IDLE_MINUTES_DEFAULT: u32 = 30;
/// The most that `idle_minutes` may be.
pub const SESSION_IDLE_MINUTES_MAX: u32 = 8 * 60;
/// How long a session lasts at most, by default (`[staff] longest_hours`).
pub const SESSION_LONGEST_HOURS_DEFAULT: u32 = 12;
/// The most that `longest_hours` may be.
pub const SESSION_LONGEST_HOURS_MAX: u32 = 24;
/// How often a session's last use is written down. A crash loses no more than this.
pub const SESSION_TOUCH: Duration = Duration::from_secs(60);
/// Sessions of one account. More: the oldest ends.
pub const SESSIONS_OF_ACCOUNT_MAX: usize = 20;
/// How long somebody has for the second step once the password was right, in minutes. Over: they begin again.
pub const HALF_SESSION_MINUTES: i64 = 10;
/// Sessions of one account whose second step is still to be taken. More: the oldest of these ends.
pub const HALF_SESSIONS_OF_ACCOUNT_MAX: usize = 3;
/// Accounts of one organisation. More: refused.
pub const ACCOUNTS_MAX: usize = 2_000;
/// Tokens of one organisation that are made while the gateway runs. More: refused.
pub const API_TOKENS_MAX: usize = 200;
/// How long such a token is valid at most, in months. Longer: refused.
pub const API_TOKEN_MONTHS_MAX: u32 = 12;
/// How long one that has expired is still listed, and answered as expired, in days. Then: it is removed.
pub const API_TOKEN_EXPIRED_DAYS: i64 = 90;
/// A form of the console, in bytes. More: 413.
pub const CONSOLE_FORM_BYTES_MAX: usize = 256 * 1024;
/// The same of a form that needs no session: the longest password twice, percent-encoded, with an address. More: 413.
pub const CONSOLE_OPEN_FORM_BYTES_MAX: usize = 16 * 1024;
/// Text that is given back to somebody whose session ended while they wrote, in bytes. More: the page without it.
pub const CONSOLE_SIGNED_OUT_FORM_BYTES_MAX: usize = 64 * 1024;
/// Fields of a form of the console, each of which takes [`CONSOLE_FIELD_BYTES`] beside its text. More: 413.
pub const CONSOLE_FIELDS_MAX: usize = 2_000;
pub const CONSOLE_FIELD_BYTES: usize = 96;
/// Weeks back from now in which the console looks for contacts that show an incident.
pub const CONSOLE_CONTACT_WEEKS: i64 = 8;
/// How long the answer to a form is stored for a second press. Later presses are carried out as new ones, if their
/// page still shows the current state.
pub const PRESS_KEPT: TimeDelta = TimeDelta::hours(1);
/// How long a form may run before another press of it may be carried out: longer than
/// [`API_REQUEST_WAIT`](super::API_REQUEST_WAIT), which ends the form's request.
pub const PRESS_RUNS: TimeDelta = TimeDelta::seconds(40);
/// How long a second press waits for the answer to the first: shorter than the same wait. Over: 409.
pub const PRESS_WAIT: Duration = Duration::from_secs(20);
/// The pause between two looks of a waiting press.
pub const PRESS_PAUSE: Duration = Duration::from_millis(50);
/// Attempts to store an answer. More: presses within [`PRESS_RUNS`] get 409, later ones are judged anew.
pub const PRESS_SETTLE_TRIES_MAX: usize = 5;
/// Presses on record per account. More: the oldest are forgotten.
pub const PRESSES_OF_ACCOUNT_MAX: usize = 500;
/// Characters of a form's key. More: the form counts as having none.
pub const PRESS_KEY_CHARS_MAX: usize = 64;
/// Bytes of an answer that is stored for a second press. More: a second press does nothing and redirects to the page.
pub const PRESS_ANSWER_BYTES_MAX: usize = 512 * 1024;
/// Rows of one page of a list.
pub const CONSOLE_ROWS: usize = 50;
/// Points of contact that are listed, each of one restriction. More: the list says so.
pub const POINTS_OF_CONTACT_MAX: usize = 500;
/// People that a search shows. More: asked to narrow it.
pub const PEOPLE_FOUND_MAX: usize = 50;
/// Items in hand that are searched for those of one member of staff.
pub const IN_HAND_LOOKED_AT_MAX: usize = 5_000;
/// Items that are tried for "take the next" before somebody is asked to try again: others take them
/// in the same moment.
pub const TAKE_TRIES_MAX: usize = 25;
/// Kept messages that are read or cleaned to be shown at once, each on a thread of its own. More wait their
/// turn.
pub const MESSAGES_READ_AT_ONCE_MAX: usize = 2;
/// Elements of a stranger's HTML that are open at once where it is shown. More: their text is shown, without
/// them.
pub const HTML_OPEN_MAX: usize = 100;
/// Columns or rows that one cell of such HTML spans. More: it spans one.
pub const HTML_SPAN_MAX: i32 = 100;
/// The HTML of a message that is cleaned to be shown, in bytes. More: only the text is shown.
pub const FOREIGN_HTML_BYTES_MAX: usize = 1024 * 1024;
/// The text of a message that a page shows, in characters. More: the rest is in the download.
pub const MESSAGE_SHOWN_CHARS_MAX: usize = 200_000;
/// Attachments of a message that a page lists. More: all are in the download.
pub const ATTACHMENTS_SHOWN_MAX: usize = 100;
/// Minutes between the times of a day at which the look ahead asks what would become of a contact; the edges of
/// a restriction's own hours are asked besides.
pub const OUTLOOK_STEP_MINUTES: usize = 120;
/// Contacts one after the other that the look ahead makes up: a limit above that is not reached, and not shown.
pub const OUTLOOK_CONTACTS_MAX: usize = 32;
/// Days back for which the page of a proposal shows what it would have done.
pub const CONSOLE_BACK_TEST_DAYS: u32 = 28;
/// Weeks on one page of what falls due.
pub const CONSOLE_CALENDAR_WEEKS: u64 = 6;
/// How often the audit trail is read on for those who watch queues, once for all of an organisation.
pub const LIVE_POLL: Duration = Duration::from_secs(1);
/// Steps on queues that are remembered for those who watch them, by organisation. Who was away for more looks at the
/// whole again.
pub const LIVE_STEPS_REMEMBERED_MAX: usize = 1_000;
/// Streams to browsers at once, of all organisations. More: 503, and the browser tries again later; its pages work
/// without.
pub const LIVE_STREAMS_MAX: usize = 1_000;
/// Streams of one session: a browser has one, or one for each tab that is seen if it can't share. More: 429.
pub const LIVE_STREAMS_OF_SESSION_MAX: usize = 6;
/// Cases that "my work" shows as waiting for somebody: those of their own, and those to sign.
pub const CASES_WAITING_FOR_ONE_MAX: usize = 25;
/// How long the page of somebody who has an item open may be silent before it is shown as silent, and before it is
/// shown no more. A page that is seen speaks every 20 seconds.
pub const PRESENCE_SILENT: TimeDelta = TimeDelta::seconds(60);
pub const PRESENCE_GONE: TimeDelta = TimeDelta::minutes(5);
/// Items of which it is known who has them open, of all organisations, and people by item. More: nothing is said of
/// them.
pub const PRESENCE_ITEMS_MAX: usize = 2_000;
pub const PRESENCE_ON_ITEM_MAX: usize = 20;
/// Items that somebody came to or left, which streams say. More at once: pages hear of it when they next speak.
pub const PRESENCE_STEPS_REMEMBERED_MAX: usize = 256;
/// The longest silence of a stream. Proxies cut connections that are silent for a minute.
pub const LIVE_SILENCE: Duration = Duration::from_secs(15);
/// How often it is asked whether the session of a stream still lives.
pub const LIVE_SESSION_CHECK: Duration = Duration::from_secs(10);
/// Identity providers. More: refused where the configuration is read.
pub const PROVIDERS_MAX: usize = 8;
/// Groups of one provider that give roles. More: refused where the configuration is read.
pub const PROVIDER_ROLES_MAX: usize = 500;
/// Wait for one answer of an identity provider. Over: it counts as away.
pub const PROVIDER_WAIT: Duration = Duration::from_secs(10);
/// One answer of an identity provider, in bytes: its description, keys, a token. More: it counts as unreadable.
pub const PROVIDER_ANSWER_BYTES_MAX: usize = 512 * 1024;
/// How long what a provider says of itself is used before it is asked again. A key that is not among those known is
/// asked for at once.
pub const PROVIDER_DESCRIPTION_AGE: Duration = Duration::from_secs(60 * 60);
/// How long a provider that said nothing of itself counts as away before it is asked again: who comes meanwhile is
/// answered at once.
pub const PROVIDER_AWAY_AGE: Duration = Duration::from_secs(5);
/// How long somebody has to sign in at their provider, in minutes. Over: they begin again.
pub const PROVIDER_SIGN_IN_MINUTES: i64 = 10;
/// Groups of one person that are looked at. More: the rest is passed over.
pub const PROVIDER_GROUPS_MAX: usize = 2_000;
