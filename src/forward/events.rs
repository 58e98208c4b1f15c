//! Telling other systems what happens: CloudEvents, signed by Standard Webhooks.
//!
//! A [`Courier`] follows the audit trail for one receiver, from the last entry that the receiver got. The trail is the
//! queue: it is durable and without gaps, so that nothing is kept twice and a receiver that was away gets everything
//! that it missed, in order, at least once. A repeat has the id of the first. What a receiver refuses, or is away for
//! too long for, becomes a dead letter.
//!
//! A place is a number in a trail of this name. Where an operator has accepted another store, or an
//! older one, the trail has another name: then the receiver gets whatever it can't have had. While
//! the store is behind, it gets nothing.
//!
//! Gateways that share a store each follow the same trail: configure receivers at one of them, or
//! let the receiver drop ids that it knows.

pub mod dead_letter_box;
pub mod settings;
pub mod signature;

mod letter;
mod place;
mod post;
mod trail;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use self::dead_letter_box::DeadLetterBox;
use self::letter::WireEvent;
use self::place::{PlaceFile, ReceiverPlace};
use self::post::{Post, PostAnswer};
use self::settings::ReceiverSettings;
use self::signature::{Key, NotASecret};
use crate::domain::event::{self, Event};
use crate::domain::past::Nameplate;
use crate::ports::dead_letters::{DeadLetter, DeadLetterError, DeadLetters};
use crate::ports::{AuditTrail, Clock, Past, Register, StoreError};
use crate::runtime::http_client::NoAuthorities;
use crate::runtime::limits::{
    EVENT_AGE_MAX, EVENT_LOOK_EVERY, EVENT_PAGE_MAX, EVENT_PAUSE_FIRST, EVENT_PAUSE_MAX,
    EVENT_REFUSALS_MAX,
};
use crate::runtime::metrics::{EventLabels, Metrics};
use crate::runtime::shutdown::Stopping;

/// Why nothing can be sent to a receiver.
#[derive(Debug, thiserror::Error)]
pub enum CourierFault {
    #[error(transparent)]
    NoAuthorities(#[from] NoAuthorities),
    #[error("a secret of the receiver `{0}` {1}")]
    Secret(String, NotASecret),
    #[error("the place of the receiver `{0}` can't be read: {1}")]
    Place(String, std::io::Error),
}

/// Something that accepts events.
#[async_trait]
trait Receiver: Send + Sync {
    async fn tell(&self, letter: &WireEvent, now: DateTime<Utc>) -> PostAnswer;
}

#[async_trait]
impl Receiver for Post {
    async fn tell(&self, letter: &WireEvent, now: DateTime<Utc>) -> PostAnswer {
        Post::tell(self, letter, now).await
    }
}

/// What a courier needs of the outside.
#[derive(Clone)]
pub struct Sources {
    pub trail: Arc<dyn AuditTrail>,
    pub past: Arc<dyn Past>,
    pub register: Arc<dyn Register>,
    pub dead_letters: Arc<DeadLetterBox>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
}

/// Tells one receiver of one organisation.
pub struct Courier {
    settings: ReceiverSettings,
    receiver: Box<dyn Receiver>,
    file: PlaceFile,
    /// Where the file says that it was left; `None`: never begun.
    left: Option<ReceiverPlace>,
    sources: Sources,
    /// The event that the receiver refused last, and how often.
    refused: (String, u32),
    /// The trail's name, where its numbers were those of another trail's entries before.
    renamed: Option<String>,
}

/// Why a round was not finished. It is made again in a while.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store is older than last seen: receivers wait")]
    Behind,
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
    #[error("a receiver's place can't be kept: {0}")]
    Place(std::io::ErrorKind),
}

/// How a round ended.
#[derive(Debug, PartialEq, Eq)]
enum Round {
    /// Everything has been sent.
    Done,
    /// There is more to tell.
    More,
    /// Something was not taken. `None`: the receiver did not say how long to wait.
    Later(Option<Duration>),
    /// The receiver wants no more.
    Gone,
}

/// What came of one event.
enum Told {
    Yes,
    No(Round),
}

impl Courier {
    /// `folder`: where places are kept.
    ///
    /// # Errors
    /// [`CourierFault`] names the fault of the receiver's settings or its place.
    pub fn new(
        settings: ReceiverSettings,
        folder: &Path,
        sources: Sources,
    ) -> Result<Self, CourierFault> {
        let keys: Result<Vec<Key>, NotASecret> = settings.secrets.iter().map(Key::new).collect();
        let keys = keys.map_err(|fault| CourierFault::Secret(settings.name.clone(), fault))?;
        let post = Post::new(settings.url.clone(), keys)?;
        Courier::to(settings, Box::new(post), folder, sources)
    }

    fn to(
        settings: ReceiverSettings,
        receiver: Box<dyn Receiver>,
        folder: &Path,
        sources: Sources,
    ) -> Result<Self, CourierFault> {
        let file = PlaceFile::new(&folder.join(settings.organisation.as_str()), &settings.name);
        let left =
            file.read().map_err(|cause| CourierFault::Place(settings.name.clone(), cause))?;
        Ok(Courier {
            settings,
            receiver,
            file,
            left,
            sources,
            refused: (String::new(), 0),
            renamed: None,
        })
    }

    /// Sends to the receiver until the stop. A round that the stop cuts short is sent again, by the
    /// same ids.
    pub async fn run(mut self, mut stopping: Stopping) {
        let mut pause = EVENT_PAUSE_FIRST;
        let mut place = self.left.take();
        loop {
            let Some(round) = stopping.unless(self.round(&mut place)).await else { return };
            let wait = match round {
                Ok(Round::Done) => EVENT_LOOK_EVERY,
                Ok(Round::More) => Duration::ZERO,
                Ok(Round::Later(asked)) => asked.unwrap_or(pause),
                Ok(Round::Gone) => {
                    let receiver = &self.settings.name;
                    tracing::warn!(
                        receiver,
                        "wants no more events; none are sent until the next start"
                    );
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, receiver = self.settings.name, "events wait");
                    pause
                }
            };
            pause = if wait < pause { EVENT_PAUSE_FIRST } else { (pause * 2).min(EVENT_PAUSE_MAX) };
            if stopping.unless(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// One look at what there is to tell: dead letters that are to be tried again, days that have
    /// come, entries of the trail.
    async fn round(&mut self, place: &mut Option<ReceiverPlace>) -> Result<Round, RoundError> {
        let plate = self.trail_of_the_store().await?;
        let mut now = match place.clone() {
            Some(place) => self.moved(place, plate.as_ref())?,
            None => self.begin(plate.as_ref()).await?,
        };
        *place = Some(now.clone());
        self.try_dead_letters().await?;
        if let Some(round) = self.tell_dates(&mut now).await? {
            return Ok(round);
        }
        *place = Some(now.clone());
        let ended = self.tell_entries(&mut now).await;
        *place = Some(now);
        ended
    }

    /// The trail's name, unless the store is behind: then nothing is sent.
    async fn trail_of_the_store(&mut self) -> Result<Option<Nameplate>, RoundError> {
        let organisation = &self.settings.organisation;
        if self.sources.past.is_behind(organisation) {
            return Err(RoundError::Behind);
        }
        let plate = self.sources.past.trail_end(organisation).await?.nameplate;
        let last = plate.as_ref().and_then(|plate| plate.branches.last());
        self.renamed =
            last.filter(|branch| branch.in_place_of.is_some()).map(|branch| branch.trail.clone());
        Ok(plate)
    }

    /// A place in the trail that the store has now.
    fn moved(
        &self,
        mut place: ReceiverPlace,
        plate: Option<&Nameplate>,
    ) -> Result<ReceiverPlace, RoundError> {
        let Some((plate, trail)) = plate.and_then(|plate| Some((plate, plate.trail()?))) else {
            return Ok(place);
        };
        if place.trail.as_deref() == Some(trail) {
            return Ok(place);
        }
        if let Some(before) = &place.trail {
            let after = plate.place_of(before, place.after);
            let receiver = &self.settings.name;
            tracing::warn!(
                receiver,
                from = after + 1,
                "the store is a different one: events continue from here"
            );
            place.after = after;
        }
        place.trail = Some(trail.to_owned());
        self.keep(&place)?;
        Ok(place)
    }

    /// A receiver gets what happens from its first start on.
    async fn begin(&self, plate: Option<&Nameplate>) -> Result<ReceiverPlace, RoundError> {
        let trail = self.sources.trail.as_ref();
        let after = trail::last_number(trail, &self.settings.organisation).await?;
        let today = self.today();
        let trail = plate.and_then(Nameplate::trail).map(str::to_owned);
        let place = ReceiverPlace { trail, after, day: today.pred_opt().unwrap_or(today) };
        self.keep(&place)?;
        Ok(place)
    }

    async fn try_dead_letters(&self) -> Result<(), RoundError> {
        let (organisation, name) = (&self.settings.organisation, &self.settings.name);
        for dead in self.sources.dead_letters.due(organisation, name).await {
            let body = serde_json::to_vec(&dead.event).unwrap_or_default();
            let letter = WireEvent { id: dead.id.clone(), body: body.into() };
            let now = self.sources.clock.now();
            let why = match self.receiver.tell(&letter, now).await {
                PostAnswer::Taken => {
                    self.count("taken");
                    self.sources.dead_letters.discard(organisation, name, &dead.id).await?;
                    continue;
                }
                PostAnswer::Later { why, .. } | PostAnswer::Refused { why } => why,
                PostAnswer::Gone => "it wants no more events".to_owned(),
            };
            self.count("dead");
            self.sources.dead_letters.failed(organisation, &dead, why, now).await?;
        }
        Ok(())
    }

    /// Reviews that are due and restrictions that have ended, once a day of the organisation.
    async fn tell_dates(&mut self, place: &mut ReceiverPlace) -> Result<Option<Round>, RoundError> {
        let today = self.today();
        if today <= place.day {
            return Ok(None);
        }
        let people = self.sources.register.people(&self.settings.organisation).await?.people;
        for person in people {
            let due = event::due(&person, place.day, today, self.settings.zone);
            for event in due {
                if let Told::No(round) = self.tell(&event, None).await? {
                    return Ok(Some(round));
                }
            }
        }
        place.day = today;
        self.keep(place)?;
        Ok(None)
    }

    async fn tell_entries(&mut self, place: &mut ReceiverPlace) -> Result<Round, RoundError> {
        let organisation = &self.settings.organisation;
        let entries = self.sources.trail.audit(organisation, place.after, EVENT_PAGE_MAX).await?;
        let ended = if entries.len() < EVENT_PAGE_MAX { Round::Done } else { Round::More };
        let before = place.after;
        let renamed = self.renamed.clone();
        for entry in &entries {
            for event in event::of_entry(entry) {
                if let Told::No(round) = self.tell(&event, renamed.as_deref()).await? {
                    self.keep_if_moved(before, place)?;
                    return Ok(round);
                }
            }
            place.after = entry.number;
        }
        self.keep_if_moved(before, place)?;
        Ok(ended)
    }

    /// `trail`: what the event's number is of, where that has to be said.
    async fn tell(&mut self, event: &Event, trail: Option<&str>) -> Result<Told, RoundError> {
        if !self.settings.kinds.contains(&event.kind) {
            return Ok(Told::Yes);
        }
        let letter = letter::written(&self.settings.organisation, trail, event);
        let now = self.sources.clock.now();
        let (why, wait, give_up) = match self.receiver.tell(&letter, now).await {
            PostAnswer::Taken => {
                self.count("taken");
                return Ok(Told::Yes);
            }
            PostAnswer::Gone => return Ok(Told::No(Round::Gone)),
            PostAnswer::Later { why, wait } => {
                let age = now.signed_duration_since(event.at).to_std().unwrap_or_default();
                (why, wait, age > EVENT_AGE_MAX)
            }
            PostAnswer::Refused { why } => {
                (why, None, self.refuse(&letter.id) >= EVENT_REFUSALS_MAX)
            }
        };
        let is_dead = give_up && self.give_up(&letter, event.at, now, why).await?;
        self.count(if is_dead { "dead" } else { "later" });
        Ok(if is_dead { Told::Yes } else { Told::No(Round::Later(wait)) })
    }

    /// How often the receiver has refused this event by now.
    fn refuse(&mut self, id: &str) -> u32 {
        if self.refused.0 != id {
            self.refused = (id.to_owned(), 0);
        }
        self.refused.1 += 1;
        self.refused.1
    }

    async fn give_up(
        &self,
        letter: &WireEvent,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        why: String,
    ) -> Result<bool, RoundError> {
        let dead = DeadLetter {
            receiver: self.settings.name.clone(),
            id: letter.id.clone(),
            at,
            tried_at: now,
            why,
            is_due: false,
            event: serde_json::from_slice(&letter.body).unwrap_or_default(),
        };
        Ok(self.sources.dead_letters.keep(&self.settings.organisation, dead).await?)
    }

    fn today(&self) -> NaiveDate {
        self.sources.clock.now().with_timezone(&self.settings.zone).date_naive()
    }

    fn keep_if_moved(&self, before: u64, now: &ReceiverPlace) -> Result<(), RoundError> {
        if before == now.after { Ok(()) } else { self.keep(now) }
    }

    fn keep(&self, place: &ReceiverPlace) -> Result<(), RoundError> {
        self.file.write(place).map_err(|error| RoundError::Place(error.kind()))
    }

    fn count(&self, result: &'static str) {
        let labels = EventLabels {
            organisation: self.settings.organisation.to_string(),
            receiver: self.settings.name.clone(),
            result,
        };
        self.sources.metrics.events.get_or_create(&labels).inc();
    }
}

#[cfg(test)]
mod tests;
