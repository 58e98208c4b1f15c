//! The console, asked as a browser asks it without script, and by a browser.

mod accessible;
mod browsing;
mod cases;
mod demo;
mod guessing;
mod hostile;
mod links;
mod looks;
mod pictures;
mod routes;
mod signing_in;
mod whole_day;
mod work;
