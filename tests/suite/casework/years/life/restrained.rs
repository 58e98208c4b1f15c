//! What is put in force, appealed against, reviewed and lifted.

use chrono::{Days, Months, NaiveDate};
use serde_json::json;

use super::super::ledger::{Appeal, Held, Review};
use super::{Life, Next};

impl Life {
    pub(super) async fn restrict(&mut self, of: usize) {
        let (id, proposal) = (self.new_id(of, "R"), self.new_id(of, "PR"));
        let kind = self.kinds[self.chance.index(self.kinds.len())];
        let starts = self.today + Days::new(self.chance.below(7));
        let months = u32::try_from(3 + self.chance.below(4)).unwrap();
        let review_due = starts + Months::new(months);
        let ends = self.percent(20).then(|| starts + Months::new(months + 2));
        let mut restriction = json!({
            "id": id, "kind": kind, "grounds": "persistence", "starts": starts,
            "review_due": review_due, "ends": ends
        });
        let terms = match kind {
            "contact_quota" => json!({"limit": 2, "per": "week"}),
            "channels_only" => json!({"channels": ["letter"]}),
            "single_point_of_contact" => {
                json!({"contact": {"name": "Pat", "email": "pat@office.example",
                                   "phone": "0191 498 0123"}})
            }
            _ => json!({}),
        };
        restriction.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        let incidents: Vec<String> = self
            .ledger
            .incidents
            .iter()
            .filter(|one| one.person == of)
            .map(|one| one.id.clone())
            .collect();
        self.step("Bo", of, json!({
            "act": "propose", "id": proposal, "restriction": restriction, "incidents": incidents,
            "aim": "Fewer calls.", "why_no_lesser": "Less was tried and changed nothing.",
            "adjustments_considered": {"outcome": "none needed"}
        })).await;
        let of_it = |act: &str| json!({"act": act, "proposal": proposal});
        self.step("Bo", of, of_it("submit")).await;
        self.step("Cy", of, of_it("sign_off")).await;
        self.letter(of, "restriction", &proposal).await;
        self.step("Cy", of, of_it("put_in_force")).await;
        self.ledger.held.push(Held {
            person: of,
            id: id.clone(),
            kind,
            ground: "persistence",
            limit: 2,
            starts,
            implemented: starts.max(self.today),
            review_due,
            ends,
            ended: None,
        });
        if self.percent(40) {
            self.later(2, 60, of, Next::Appeal(id.clone()));
        }
        self.plan_review(of, &id, review_due);
    }

    /// Most reviews are done on their day or around it, some late, some never.
    fn plan_review(&mut self, of: usize, id: &str, due: NaiveDate) {
        let when = match self.chance.below(10) {
            0..5 => due,
            5..7 => due - Days::new(6),
            7 => due + Days::new(3),
            8 => due + Days::new(25),
            _ => return,
        };
        self.on(when, of, Next::Review(id.to_owned()));
    }

    fn held(&mut self, id: &str) -> &mut Held {
        self.ledger.held.iter_mut().find(|one| one.id == id).unwrap()
    }

    fn is_over(&self, id: &str) -> bool {
        let held = self.ledger.held.iter().find(|one| one.id == id).unwrap();
        held.is_over(&self.ledger.rules, self.today)
    }

    pub(super) async fn appeal(&mut self, of: usize, restriction: String) {
        let id = self.new_id(of, "A");
        let suspends = !self.is_over(&restriction);
        let act = json!({"act": "receive_appeal", "id": id, "restriction": restriction,
                         "channel": "telephone", "grounds": ["disproportionate"]});
        self.step("Ann", of, act).await;
        self.ledger.appeals.push(Appeal {
            id: id.clone(),
            restriction,
            received: self.today,
            suspends,
            decided: None,
            notified: None,
        });
        self.later(1, 5, of, Next::Hear(id));
    }

    pub(super) async fn decide(&mut self, of: usize, id: String) {
        let appeal = self.ledger.appeals.iter().find(|one| one.id == id).unwrap();
        let restriction = appeal.restriction.clone();
        let over = self.is_over(&restriction);
        let held = self.held(&restriction);
        let limit = held.limit + 3;
        let may_vary = held.kind == "contact_quota" && !over;
        let outcome = match self.chance.below(3) {
            0 if may_vary => "varied",
            0 | 1 => "upheld",
            _ => "quashed",
        };
        let mut act = json!({"act": "decide_appeal", "appeal": id, "outcome": outcome,
                             "why": "It was looked at again."});
        if outcome == "varied" {
            act["changes"] = json!({"limit": limit});
        }
        self.step("Di", of, act).await;
        let today = self.today;
        match outcome {
            "varied" => self.held(&restriction).limit = limit,
            "quashed" => {
                // Lifted meanwhile, it ended then.
                self.held(&restriction).ended.get_or_insert(today);
            }
            _ => {}
        }
        let found = self.ledger.appeals.iter_mut().find(|one| one.id == id).unwrap();
        found.decided = Some((today, outcome));
        if !self.percent(10) {
            self.later(0, 9, of, Next::Notify(id));
        }
    }

    pub(super) async fn review(&mut self, of: usize, restriction: String) {
        if self.is_over(&restriction) {
            return;
        }
        let id = self.new_id(of, "V");
        let held = self.held(&restriction);
        let (was_due, limit, is_quota) =
            (held.review_due, held.limit + 3, held.kind == "contact_quota");
        // No review comes after its last day, by its own end or by the cap.
        let cap = self.ledger.rules.on_overdue == "hard_cap";
        let longest = Months::new(self.ledger.rules.longest_months);
        let held = self.held(&restriction);
        let last = held.ends.into_iter().chain(cap.then_some(held.starts + longest)).min();
        let outcome = match self.chance.below(10) {
            0..3 => "lift",
            _ if last.is_some_and(|last| last <= self.today) => "lift",
            3..6 if is_quota => "vary",
            _ => "keep",
        };
        let next = self.today + Months::new(u32::try_from(3 + self.chance.below(4)).unwrap());
        let next = last.map_or(next, |last| next.min(last));
        let mut act = json!({
            "act": "review", "id": id, "restriction": restriction, "outcome": outcome,
            "why": "It was looked at.", "adjustments_considered": {"outcome": "none needed"}
        });
        if outcome != "lift" {
            act["next_due"] = json!(next);
        }
        if outcome == "vary" {
            act["changes"] = json!({"limit": limit});
        }
        self.step("Cy", of, act).await;
        let today = self.today;
        let held = self.held(&restriction);
        match outcome {
            "lift" => held.ended = Some(today),
            "vary" => {
                held.limit = limit;
                held.review_due = next;
            }
            _ => held.review_due = next,
        }
        let owes_letter = self.ledger.rules.outcome_told || outcome != "keep";
        self.ledger.reviews.push(Review {
            id: id.clone(),
            restriction: restriction.clone(),
            day: today,
            was_due,
            outcome,
            owes_letter,
            letter: None,
        });
        if owes_letter && !self.percent(15) {
            self.later(0, 4, of, Next::TellReview(id));
        }
        if outcome != "lift" {
            self.plan_review(of, &restriction, next);
            if self.percent(20) {
                self.later(5, 60, of, Next::Lift(restriction));
            }
        }
    }

    pub(super) async fn lift(&mut self, of: usize, restriction: String) {
        if self.is_over(&restriction) {
            return;
        }
        self.letter(of, "lifted", &restriction).await;
        let act = json!({"act": "lift", "restriction": restriction, "why": "It went well."});
        self.step("Cy", of, act).await;
        let today = self.today;
        self.held(&restriction).ended = Some(today);
    }
}
