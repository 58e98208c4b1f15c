//! Keeps every organisation's casework, until the stop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::casework::keeper::TokenEnd;
use crate::casework::retention::Schedules;
use crate::casework::{Desk, Fault};
use crate::config::settings::Settings;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::token_life::TokenState;
use crate::ports::Mailer;
use crate::runtime::limits::{
    FOLLOWED_BEHIND_MAX, KEEPER_EVERY, KEEPER_REMINDS_EVERY, WORK_LOOKED_FOR_EVERY,
};
use crate::runtime::metrics::{Metrics, OrganisationLabels, TokenLabels};
use crate::runtime::shutdown::Stopping;

/// The rounds that keep casework up to date. They run side by side, so that neither a slow delivery nor a reading of
/// the whole store delays the others.
#[derive(Clone)]
pub(super) struct Keeper {
    pub desk: Desk,
    pub mailer: Arc<dyn Mailer>,
    pub organisations: Vec<Arc<Organisation>>,
    pub retention: Schedules,
    /// API tokens that expire.
    pub tokens: HashMap<OrganisationId, Vec<TokenEnd>>,
    pub metrics: Arc<Metrics>,
}

/// Each organisation's tokens that expire.
pub(super) fn tokens_that_expire(settings: &Settings) -> HashMap<OrganisationId, Vec<TokenEnd>> {
    let mut tokens: HashMap<OrganisationId, Vec<TokenEnd>> = HashMap::new();
    for member in &settings.staff {
        let organisation = settings.organisation(member.organisation.as_str());
        let Some((organisation, life)) = organisation.zip(member.expires) else { continue };
        let token = TokenEnd { name: member.name.clone(), life };
        tokens.entry(organisation.id.clone()).or_default().push(token);
    }
    tokens
}

impl Keeper {
    /// Follows the trail and reminds, round by round.
    pub(super) async fn keep(self, mut stopping: Stopping) {
        let mut rounds: u32 = 0;
        loop {
            for organisation in &self.organisations {
                let reminds = rounds.is_multiple_of(KEEPER_REMINDS_EVERY);
                if stopping.unless(self.round(organisation, reminds)).await.is_none() {
                    return;
                }
            }
            rounds = rounds.wrapping_add(1);
            if pause(&mut stopping, KEEPER_EVERY).await.is_none() {
                return;
            }
        }
    }

    /// Whatever comes of one part, the others are tried.
    async fn round(&self, organisation: &Arc<Organisation>, reminds: bool) {
        say(organisation, self.desk.keep_house(organisation).await);
        say(organisation, self.say_how_far(organisation).await);
        if reminds {
            say(organisation, self.look_at_clock(organisation).await);
            say(organisation, self.desk.renew_case_lists(organisation).await);
            let (many, done) = self.desk.pass_on_unanswered(organisation, &self.mailer).await;
            let labels = OrganisationLabels { organisation: organisation.id.to_string() };
            self.metrics.unanswered.get_or_create(&labels).inc_by(many);
            say(organisation, done);
            say(organisation, self.desk.see_off_leavers(organisation).await);
            say(organisation, self.desk.clear_sign_ins(&organisation.id).await.map(drop));
            say(organisation, self.desk.forget_old_keys(&organisation.id).await);
            if let Some(schedule) = self.retention.get(&organisation.id) {
                say(organisation, self.desk.sweep_by_rule(&organisation.id, schedule).await);
            }
            say(organisation, self.desk.remind(organisation, &self.mailer).await.map(drop));
            let breaches = self.desk.remind_of_breaches(organisation, &self.mailer).await;
            say(organisation, breaches.map(drop));
            say(organisation, self.look_at_tokens(organisation).await);
        }
    }

    /// Shows whether the clock may be wrong. The desk says so in the log.
    async fn look_at_clock(&self, organisation: &Organisation) -> Result<(), Fault> {
        let doubt = self.desk.look_at_clock(&organisation.id).await?;
        let labels = OrganisationLabels { organisation: organisation.id.to_string() };
        self.metrics.clock_doubt.get_or_create(&labels).set(i64::from(doubt.is_some()));
        Ok(())
    }

    async fn look_at_tokens(&self, organisation: &Arc<Organisation>) -> Result<(), Fault> {
        let configured = self.tokens.get(&organisation.id).map_or(&[][..], Vec::as_slice);
        let tokens = self.desk.token_ends(organisation, configured).await?;
        self.show_tokens(organisation, &tokens);
        self.desk.remind_of_tokens(organisation, &self.mailer, &tokens).await.map(drop)
    }

    /// Shows how many tokens somebody has to replace: a program whose token has expired hands in nothing more.
    fn show_tokens(&self, organisation: &Organisation, tokens: &[TokenEnd]) {
        let today = self.desk.today(organisation);
        for state in [TokenState::Soon, TokenState::Expired] {
            let many = tokens.iter().filter(|token| token.life.state(today) == state).count();
            let labels =
                TokenLabels { organisation: organisation.id.to_string(), state: state.name() };
            let shown = i64::try_from(many).unwrap_or(i64::MAX);
            self.metrics.tokens.get_or_create(&labels).set(shown);
        }
    }

    /// Shows how far the trail is followed: figures, timelines and tasks know no more than that.
    async fn say_how_far(&self, organisation: &Organisation) -> Result<(), Fault> {
        let behind = self.desk.behind(&organisation.id).await?;
        let labels = OrganisationLabels { organisation: organisation.id.to_string() };
        let shown = i64::try_from(behind).unwrap_or(i64::MAX);
        self.metrics.casework_behind.get_or_create(&labels).set(shown);
        if behind > FOLLOWED_BEHIND_MAX {
            tracing::warn!(organisation = %organisation.id, entries = behind, "casework is behind the trail");
        }
        Ok(())
    }

    /// Destroys the keys of swept days, round by round.
    pub(super) async fn forget(self, mut stopping: Stopping) {
        loop {
            for organisation in &self.organisations {
                match stopping.unless(self.desk.forget_days(&organisation.id)).await {
                    Some(done) => say(organisation, done),
                    None => return,
                }
            }
            if pause(&mut stopping, KEEPER_EVERY).await.is_none() {
                return;
            }
        }
    }

    /// Does unfinished or postponed work, round by round.
    pub(super) async fn finish(self, mut stopping: Stopping) {
        loop {
            for organisation in &self.organisations {
                let finishing = self.desk.finish_what_was_left(organisation, &self.mailer);
                match stopping.unless(finishing).await {
                    Some(done) => say(organisation, done),
                    None => return,
                }
            }
            if pause(&mut stopping, WORK_LOOKED_FOR_EVERY).await.is_none() {
                return;
            }
        }
    }
}

async fn pause(stopping: &mut Stopping, time: Duration) -> Option<()> {
    stopping.unless(tokio::time::sleep(time)).await
}

fn say(organisation: &Organisation, done: Result<(), Fault>) {
    match done {
        Ok(()) => {}
        // The store is away, or behind: the next round does the same.
        Err(fault) if fault.is_retryable() => {
            tracing::debug!(%fault, organisation = %organisation.id, "casework waits");
        }
        Err(fault) => {
            tracing::error!(%fault, organisation = %organisation.id, "casework is not kept");
        }
    }
}
