//! The console, asked as a browser asks it without script, and by a browser.

mod accessible;
mod behaviours;
mod behind_nginx;
mod bodies;
pub mod browsing;
#[cfg(feature = "oidc")]
mod by_provider;
#[cfg(feature = "oidc")]
mod by_provider_refused;
#[cfg(feature = "oidc")]
mod by_provider_served;
pub mod by_wire;
mod cases;
mod cut_browser;
pub mod demo;
mod drafts_browser;
mod guessing;
mod handing;
mod hostile;
mod hours_browser;
mod keys_browser;
mod letters_sent;
mod links;
mod listening;
mod live;
mod live_browser;
mod looks;
mod monday_browser;
mod pictures;
mod pressed;
#[cfg(feature = "oidc")]
mod provider;
mod reading_browser;
mod records;
mod reports;
mod rosters;
mod routes;
mod set_aside;
mod signing_in;
mod tokens;
mod twice_browser;
mod two_people_browser;
mod ways_browser;
mod whole_day;
mod wordings;
mod work;
