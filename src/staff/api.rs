//! The API's handlers, one file a noun, and the document that describes them.

pub mod audit;
pub mod before;
pub mod cases;
pub mod contacts;
pub mod dead_letters;
pub mod diary;
pub mod document;
pub mod equality;
pub mod erasures;
pub mod imports;
pub mod items;
pub mod leavers;
pub mod letter_templates;
pub mod letters;
pub mod merges;
pub mod monitoring;
pub mod people;
pub mod points_of_contact;
pub mod queues;
pub mod reports;
pub mod restrictions;
pub mod retention;
pub mod shape;
pub mod timeline;
pub mod tokens;
