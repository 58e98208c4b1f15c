//! Bounds of casework.

use std::time::Duration;

use chrono::TimeDelta;

/// How often a step is judged again if others are writing to the case. After that: try again.
pub const STEP_TRIES_MAX: usize = 5;
/// Items that one change of a restriction has decided again, over all queues. More: they stay held until staff
/// look at them.
pub const RELEASED_BY_STEP_MAX: usize = 10_000;
/// How long a request waits for what its step brings about, well within `API_REQUEST_WAIT`. Over: it answers that
/// the rest is under way.
pub const EFFECTS_WAITED_FOR: Duration = Duration::from_secs(15);
/// How long a gateway that works on a document keeps the others from it, unless it renews that. Over: whichever
/// gateway looks first does the work.
pub const LEASE_TIME: TimeDelta = TimeDelta::seconds(30);
/// How often a gateway at work renews its lease: the clocks of two gateways may be this far apart, twice over.
pub const LEASE_RENEWED_EVERY: Duration = Duration::from_secs(10);
/// How often a gateway looks for work that was left, or put off.
pub const WORK_LOOKED_FOR_EVERY: Duration = Duration::from_secs(5);
/// The first pause of work that failed; each further one doubles it.
pub const WORK_PAUSE_FIRST: TimeDelta = TimeDelta::seconds(10);
/// The longest pause between two tries.
pub const WORK_PAUSE_MAX: TimeDelta = TimeDelta::minutes(10);
/// How long a release is tried while the delivery fails: as long as mail servers keep a message (RFC 5321
/// 4.5.4.1). Over: its item says so, and waits for staff.
pub const RELEASE_TRIED_FOR: TimeDelta = TimeDelta::days(5);
/// Releases, and effects of steps, that one gateway takes up at once of those that were left. More wait their turn.
pub const RELEASES_AT_ONCE_MAX: usize = 4;
pub const EFFECTS_AT_ONCE_MAX: usize = 4;
/// Entries of the audit trail that are followed in one step, from which what staff see is counted.
pub const FOLLOWED_ENTRIES: usize = 150;
/// Such steps that one request waits for. The rest follows by itself.
pub const CATCH_UP_PAGES_MAX: usize = 25;
/// How often such a step is tried again where another gateway writes. After that: that one follows.
pub const FOLLOW_TRIES_MAX: usize = 5;
/// People whose histories are in memory at once while decisions are replayed. More: they are read again.
pub const REPLAYED_HISTORIES_MAX: usize = 256;
/// Contacts on a person's timeline in one month. More: they are only counted.
pub const TIMELINE_CONTACTS_MAX: usize = 5_000;
/// The longest period of any quota, and a day for the clocks of a zone.
pub const COUNTED_DAYS_AGAIN: TimeDelta = TimeDelta::days(32);
/// Months of a person's timeline that are read at once. More: refused.
pub const TIMELINE_MONTHS_MAX: usize = 25;
/// How long casework is left to itself between two rounds of the keeper.
pub const KEEPER_EVERY: Duration = Duration::from_secs(30);
/// Rounds of the keeper from one look at the diary to the next.
pub const KEEPER_REMINDS_EVERY: u32 = 10;
/// People named on the trail since the keeper's last look, whose cases it reads one by one. More: it reads everybody's.
pub const KEEPER_NAMED_MAX: usize = 500;
/// Pages of the trail that the keeper reads for their names. More: it reads everybody's cases.
pub const KEEPER_NAMES_PAGES_MAX: usize = 20;
/// Breaches whose reminder could not be written and is tried again. More: those of the oldest contacts are given up.
pub const BREACHES_TRIED_AGAIN_MAX: usize = 100;
/// Days of a back-test. More: refused.
pub const BACK_TEST_DAYS_MAX: u32 = 366;
/// Larger quotas that a back-test tries. More are not tried.
pub const BACK_TEST_VARIANTS_MAX: u32 = 10;
/// How long the mail of a reminder is tried. Over: it is still on its queue.
pub const REMINDER_MAILED_FOR: TimeDelta = TimeDelta::days(2);
/// How long the mail of a letter is tried. Over: the letter did not go, and the diary says so.
pub const LETTER_MAILED_FOR: TimeDelta = TimeDelta::days(5);
/// Reminders that a gateway remembers to have been given. More: it asks the store again.
pub const REMINDED_KNOWN_MAX: usize = 100_000;
/// Contacts of a back-test. More: refused; ask for fewer days.
pub const BACK_TEST_CONTACTS_MAX: usize = 10_000;
/// Bytes of text in the contacts of a back-test. Of those behind that, what they said counts as unknown.
pub const BACK_TEST_TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Back-tests that one gateway does at once. More wait their turn.
pub const BACK_TESTS_AT_ONCE_MAX: usize = 2;
/// How often the keeper goes on at once where the trail is far ahead of it. After that: at its next round.
pub const KEEPER_CATCH_UPS_MAX: usize = 100;
/// Entries of the trail that may be left to be followed after a round of the keeper. More: the log says so.
pub const FOLLOWED_BEHIND_MAX: u64 = 1_000;
/// Months of one report by month. More: refused.
pub const FIGURES_MONTHS_MAX: u32 = 36;
/// Answers that an organisation may offer on one protected characteristic, and the characters of each. More: the
/// configuration is refused.
pub const EQUALITY_ANSWERS_MAX: usize = 40;
pub const EQUALITY_ANSWER_CHARS_MAX: usize = 100;
/// A name, a reference, a clause: one line of a person's record. Longer: the record is refused.
pub const PERSON_LABEL_CHARS_MAX: usize = 200;
/// A person's postal address, in lines. Longer: the record is refused.
pub const PERSON_ADDRESS_CHARS_MAX: usize = 1_000;
/// Rounds that pass on a leaver's claimed items. More: the rest stay claimed, and are listed as left behind.
pub const LEAVER_ROUNDS_MAX: usize = 100;
/// Proposals, letters and appeals that are listed for a leaver. More: left out.
pub const LEAVER_WORK_MAX: usize = 200;
/// Case files that are read at once where everybody's are. More are read after them.
pub const CASES_PIECE: usize = 20;
/// Entries of an organisation's diary, and facts for its figures, that are held in memory, some 300 bytes each. More:
/// everybody's cases are read for each diary and each report.
pub const HELD_FACTS_MAX: usize = 100_000;
/// How often everybody's case files may be in memory at once: for a diary, figures, a round of reminders. More wait.
pub const ALL_CASES_AT_ONCE_MAX: usize = 2;
/// Tasks that the answer to one person's case file shows. More: they are listed by themselves, page by page.
pub const TASKS_SHOWN_MAX: usize = 500;
/// Tasks that one step moves out of a case file of an earlier version. More: the next steps move them.
pub const TASKS_MOVED_MAX: usize = 200;
/// Letters whose words one step moves out of such a file. More: the next steps move them.
pub const LETTERS_MOVED_MAX: usize = 20;
/// Bytes of what one person's contacts of one month are written in. More contacts are only counted.
pub const TIMELINE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Entries of one person on the audit trail that are looked at for a contact that was not theirs. Further back: the
/// contact stays in the figures.
pub const NOT_THEIRS_LOOKED_AT_MAX: usize = 20_000;
/// Entries of the trail that are read at once for a person's own record, each with its contact's text and item.
pub const OWN_RECORD_PIECE: usize = 20;
/// Records that one step of an erasure removes. More: the next step does.
pub const ERASURE_PIECE: usize = 20;
/// Documents of one person that are found at once. More: they are found once these are gone.
pub const ERASURE_DOCUMENTS_MAX: usize = 500;
/// Tries of an erasure while others change what it removes. More: it is put off.
pub const ERASURE_TRIES_MAX: usize = 5;
/// Rounds of one try. More: it is tried again.
pub const ERASURE_ROUNDS_MAX: usize = 10;
/// How long after an erasure is complete it is looked for what another gateway still wrote.
pub const ERASURE_SETTLES_AFTER: TimeDelta = TimeDelta::minutes(15);
/// Pages of the trail, of [`ERASURE_PIECE`] entries, that a sweep of retention looks at in one go. More: after a pause.
pub const RETENTION_PAGES_MAX: usize = 2_000;
/// The pause between two goes of a sweep.
pub const RETENTION_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Entries, or people, that a preview of retention looks at. More: it says that it is partial.
pub const RETENTION_LOOKED_AT_MAX: usize = 20_000;
/// Ids that a preview of one class shows. More are only counted.
pub const RETENTION_IDS_SHOWN_MAX: usize = 100;

/// Records that are merged into one, at most. One more is refused.
pub const MERGED_RECORDS_MAX: usize = 16;
/// Contacts that can't be divided when records are parted, which are listed. More: that there are more is said.
pub const UNDIVIDED_SHOWN_MAX: usize = 200;
/// Changes of the wording of letters that are listed for a language. More: only the latest.
pub const LETTER_EDITIONS_LISTED: usize = 50;
/// Changes of the wording of letters in one language, each kept for the letters that name it. More: refused; going back
/// to the configured wording is not.
pub const LETTER_EDITIONS_MAX: u64 = 2_000;
