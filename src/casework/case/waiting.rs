//! What of everybody's cases waits for one member of staff. An index finds it, so that nobody's "my work" reads every
//! case file.

use std::collections::BTreeSet;

use crate::domain::case::CaseFile;
use crate::domain::case::appeal::Appeal;
use crate::domain::case::letter::CaseLetter;
use crate::domain::case::proposal::{Proposal, ProposalState};
use crate::ports::documents::IndexKey;
use crate::runtime::limits::DOCUMENT_KEYS_MAX;
use crate::runtime::tokens::{hex, sha256};

/// The index of case files by those who have something to do on them.
pub(super) const FOR: &str = "for";
/// Its value for those who may sign.
const SIGNERS: &str = "signers";

/// Something on a case that somebody has to go on with.
#[derive(Debug, Clone, Copy)]
pub enum Waiting<'f> {
    Draft(&'f Proposal),
    SentBack(&'f Proposal),
    ToSign(&'f Proposal),
    ToHear(&'f Appeal),
    DraftLetter(&'f CaseLetter),
}

/// Who has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose<'f> {
    Of(&'f str),
    /// Anybody who may sign, except the proposer.
    SignersBut(&'f str),
}

impl Whose<'_> {
    /// No name is in an index.
    fn key(self) -> String {
        match self {
            Whose::Of(name) => hex(&sha256(name.as_bytes())),
            Whose::SignersBut(_) => SIGNERS.to_owned(),
        }
    }

    fn is(self, name: &str, signs: bool) -> bool {
        match self {
            Whose::Of(one) => one == name,
            Whose::SignersBut(proposer) => signs && proposer != name,
        }
    }
}

fn all(file: &CaseFile) -> Vec<(Whose<'_>, Waiting<'_>)> {
    let mut all = Vec::new();
    for one in &file.proposals {
        let own = Whose::Of(&one.by);
        match one.state {
            ProposalState::Draft => all.push((own, Waiting::Draft(one))),
            ProposalState::SentBack => all.push((own, Waiting::SentBack(one))),
            ProposalState::Waiting | ProposalState::Signed if one.waits_for_signature() => {
                all.push((Whose::SignersBut(&one.by), Waiting::ToSign(one)));
            }
            ProposalState::Waiting
            | ProposalState::Signed
            | ProposalState::Done
            | ProposalState::Withdrawn => {}
        }
    }
    for one in file.appeals.iter().filter(|one| one.is_open()) {
        all.extend(one.hearer.iter().map(|it| (Whose::Of(&it.name), Waiting::ToHear(one))));
    }
    let drafts = file.letters.iter().filter(|one| one.approval.is_none() && one.sent.is_none());
    all.extend(drafts.map(|one| (Whose::Of(&one.drafted_by), Waiting::DraftLetter(one))));
    all
}

/// The keys under which a case file is listed.
pub(super) fn keys(file: &CaseFile) -> Vec<IndexKey> {
    let values: BTreeSet<String> = all(file).into_iter().map(|(whose, _)| whose.key()).collect();
    values.into_iter().take(DOCUMENT_KEYS_MAX).map(|value| IndexKey::new(FOR, value)).collect()
}

/// The values under which cases that wait for somebody are listed.
pub(super) fn values_for(name: &str, signs: bool) -> Vec<String> {
    let own = Whose::Of(name).key();
    std::iter::once(own).chain(signs.then(|| SIGNERS.to_owned())).collect()
}

/// What of a case waits for somebody. `signs`: their role signs proposals.
pub fn waiting_for<'f>(file: &'f CaseFile, name: &str, signs: bool) -> Vec<Waiting<'f>> {
    let own = all(file).into_iter().filter(|(whose, _)| whose.is(name, signs));
    own.map(|(_, waiting)| waiting).collect()
}
