//! The scratch folder of a demo: configuration, profiles, people, store.

use std::fmt::Write as _;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use super::sinks::Sinks;
use crate::app;
use crate::casework::import;
use crate::cli::Fault;
use crate::config::Settings;
use crate::runtime::tokens::{self, hex, sha256};

/// One organisation of the demo.
pub(super) struct Sample {
    pub id: &'static str,
    pub name: &'static str,
    profile: &'static str,
    people: &'static str,
    /// What the organisation chooses for what its policy leaves unset.
    set: &'static str,
    /// The protected characteristics that it records.
    equality: &'static str,
}

pub(super) const SAMPLES: [Sample; 5] = [
    Sample {
        id: "karbon",
        name: "Karbon Homes",
        profile: include_str!("../../../config/profiles/karbon-homes.toml"),
        people: include_str!("../../../config/demo/karbon.json"),
        set: KARBON_CHOSE,
        equality: KARBON_RECORDS,
    },
    Sample {
        id: "tuntum",
        name: "Tuntum",
        profile: include_str!("../../../config/profiles/tuntum.toml"),
        people: include_str!("../../../config/demo/tuntum.json"),
        set: "{}",
        equality: "",
    },
    Sample {
        id: "calico",
        name: "Calico Homes",
        profile: include_str!("../../../config/profiles/calico-homes.toml"),
        people: include_str!("../../../config/demo/calico.json"),
        set: "{}",
        equality: "",
    },
    Sample {
        id: "derby",
        name: "Derby Homes",
        profile: include_str!("../../../config/profiles/derby-homes.toml"),
        people: include_str!("../../../config/demo/derby.json"),
        set: "{}",
        equality: "",
    },
    Sample {
        id: "united-welsh",
        name: "United Welsh",
        profile: include_str!("../../../config/profiles/united-welsh.toml"),
        people: include_str!("../../../config/demo/united-welsh.json"),
        set: "{}",
        equality: "",
    },
];

/// What Karbon's policy leaves open and the demo chooses, so that its cases can go the whole way.
const KARBON_CHOSE: &str = r#"{ "outbound_answers" = "hold", "review.every_months" = 6, "review.longest_months" = 12, "review.on_overdue" = "keep", "review.anchor" = "implementation", "appeal.window" = { months = 3, from = "letter" }, "appeal.answer" = { working_days = 20, from = "receipt" }, "appeal.notify" = { working_days = 5, from = "appeal_decision" }, "appeal.heard_by" = "head_of_service", "appeal.hearer_uninvolved" = true, "appeal.in_force_during" = true, "letter.must_say" = ["restrictions", "reasons", "review_date", "how_to_appeal"], "letter.written" = true, "responsible.decides" = ["manager", "head_of_service"], "responsible.engages_after_end" = ["head_of_service"], "read_within_working_days" = 5, staffed_hours = { telephone = { windows = [{ days = ["mon", "tue", "wed", "thu", "fri"], from = "09:00", to = "17:00" }] }, email = { windows = [{ days = ["mon", "tue", "wed", "thu", "fri"], from = "09:00", to = "17:00" }] }, letter = { windows = [{ days = ["mon", "tue", "wed", "thu", "fri"], from = "09:00", to = "17:00" }] } } }"#;

/// The characteristics that Karbon records; `config/demo/karbon.json` has the answers of its people.
const KARBON_RECORDS: &str = r#"
[organisation.equality]
age = ["under 25", "25 to 64", "65 or over"]
disability = ["yes", "no"]
race = ["Asian or Asian British", "Black or Black British", "mixed", "white", "another group"]
sex = ["female", "male"]
"#;

/// The gateway's listeners.
pub(super) struct Listeners {
    pub contacts: SocketAddr,
    pub staff: SocketAddr,
    pub smtp: SocketAddr,
    pub lmtp: SocketAddr,
    pub outbound: SocketAddr,
}

/// A folder that goes when the demo ends.
pub(super) struct Scratch {
    folder: PathBuf,
    pub listeners: Listeners,
    /// What the bearer tokens of this run begin with.
    token: String,
    /// What the calls of this run are signed with.
    pub secret: String,
}

impl Scratch {
    /// Makes the folder with all that a gateway reads.
    pub(super) fn make(sinks: &Sinks, store: Option<&str>) -> io::Result<Scratch> {
        let run = uuid::Uuid::now_v7();
        let folder = std::env::temp_dir().join(format!("contact-gateway-demo-{}", run.simple()));
        std::fs::create_dir(&folder)?;
        let listeners = Listeners {
            contacts: free(8080)?,
            staff: free(8081)?,
            smtp: free(10_025)?,
            lmtp: free(10_024)?,
            outbound: free(10_027)?,
        };
        let scratch = Scratch { folder, listeners, token: random()?, secret: random()? };
        scratch.write(sinks, store)?;
        Ok(scratch)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("gateway.toml")
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bearer token of an organisation's staff, made for this run.
    pub(super) fn token(&self, organisation: &str) -> String {
        format!("{organisation}-{}", self.token)
    }

    fn write(&self, sinks: &Sinks, store: Option<&str>) -> io::Result<()> {
        let mut config = self.head(sinks, store);
        for sample in &SAMPLES {
            let file = |name: &str| self.folder.join(format!("{}{name}", sample.id));
            std::fs::write(file(".toml"), sample.profile)?;
            std::fs::write(file(".json"), sample.people)?;
            self.organisation(sample, sinks, &mut config);
        }
        std::fs::write(self.folder.join("call-secret"), &self.secret)?;
        std::fs::write(self.config(), config)
    }

    fn head(&self, sinks: &Sinks, store: Option<&str>) -> String {
        let Listeners { contacts, staff, smtp, lmtp, outbound } = &self.listeners;
        format!(
            "[store]\nurl = {store}\n\n[state]\nfolder = \"{folder}/state\"\n\n[archive]\nurl = \"file:{folder}/archive\"\n\n\
             [listen]\ncontacts = \"{contacts}\"\nstaff = \"{staff}\"\nsmtp = \"{smtp}\"\n\
             lmtp = \"{lmtp}\"\noutbound = \"{outbound}\"\n\n[mail]\ndownstream = \"smtp://{mail}\"\n",
            folder = self.folder.display(),
            store = toml::Value::from(store.map_or_else(
                || format!("embedded:{}/store", self.folder.display()),
                str::to_owned,
            )),
            mail = sinks.mail,
        )
    }

    fn organisation(&self, sample: &Sample, sinks: &Sinks, config: &mut String) {
        let Sample { id, set, equality, .. } = sample;
        let (web, contacts) = (sinks.web, self.listeners.contacts);
        let token = hex(&sha256(self.token(id).as_bytes()));
        // Writing to a string does not fail.
        let _ = write!(
            config,
            "\n[[organisation]]\nid = \"{id}\"\nprofile = \"{id}.toml\"\nmode = \"enforce\"\n\
             mail_domains = [\"{id}.example\"]\nemergency = \"+441632960999\"\nset = {set}\n\
             policy_url = \"https://www.{id}.example/policy\"\nappeal_to = \"appeals@{id}.example\"\n\
             \n[organisation.mail]\nnotice_from = \"contact@{id}.example\"\n\
             \n[organisation.contact_details]\nemail = \"contact@{id}.example\"\n\
             web_form = \"https://www.{id}.example/contact\"\ntelephone = \"01632 960000\"\n\
             letter = \"1 High Street, Exampleton EX1 1AA\"\n\
             \n[[organisation.staff]]\nname = \"Demo\"\nrole = \"manager\"\ntoken_sha256 = \"{token}\"\n\
             \n[[organisation.form]]\npath = \"/{id}/contact\"\nupstream = \"http://{web}/{id}/contact\"\n\
             fields = {{ email = \"email\", phone = \"tel\", text = \"message\", issue = \"ref\" }}\n\
             \n[[organisation.telephony]]\nprovider = \"twilio\"\nproduct = \"voice\"\n\
             path = \"/{id}/twilio/voice\"\npublic_url = \"http://{contacts}/{id}/twilio/voice\"\n\
             secrets = [{{ file = \"call-secret\" }}]\nupstream = \"http://{web}/{id}/voice\"\n\
             {equality}\n[organisation.retention]\n\
             items = {{ months = 12, clause = \"Retention schedule 4.2\" }}\n\
             trail = {{ months = 72, clause = \"Retention schedule 7.1\", approved = \"automatic\" }}\n"
        );
    }

    /// Loads the sample people as `import` does.
    pub(super) async fn import(&self, settings: &Settings) -> Result<(), Fault> {
        let desk = app::desk(settings).await.map_err(|fault| Fault::input(fault.to_string()))?;
        for sample in &SAMPLES {
            let Some(organisation) = settings.organisation(sample.id) else { continue };
            let people = import::read_people(
                &of_late(sample.people, chrono::Utc::now().date_naive()),
                import::Format::Json,
                organisation,
                &mut |_, _| {},
            )
            .map_err(|faults| Fault {
                lines: faults.iter().map(|fault| format!("{}: {fault}", sample.id)).collect(),
            })?;
            desk.import(organisation, people, import::Missing::Refuse, "demo".into())
                .await
                .map_err(Fault::internal)?;
        }
        Ok(())
    }

    /// Removes the folder with all that the demo kept.
    pub(super) fn remove(self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "the scratch folder could not be removed");
        }
    }
}

/// The days on which the samples' restrictions start and are reviewed.
const STARTS: &str = "2026-11-02";
const REVIEW_DUE: &str = "2027-04-02";

/// The samples as of late, whenever the demo is run: begun two weeks ago, and reviewed some months on.
fn of_late(people: &str, today: chrono::NaiveDate) -> String {
    let day = |days: i64| (today + chrono::TimeDelta::days(days)).to_string();
    people.replace(STARTS, &day(-14)).replace(REVIEW_DUE, &day(137))
}

/// A loopback address: the usual port, or any free one where that is taken.
fn free(usual: u16) -> io::Result<SocketAddr> {
    let bound =
        TcpListener::bind(("127.0.0.1", usual)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    bound.local_addr()
}

/// 128 random bits in hex.
fn random() -> io::Result<String> {
    let bytes = tokens::random::<16>().map_err(io::Error::other)?;
    Ok(hex(&bytes))
}
