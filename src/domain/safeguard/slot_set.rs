//! The slots that a text may mean, one bit each: there are tens of thousands, and every text begins with an empty
//! set.

use super::vocabulary::Slot;

const BITS: usize = 64;

pub(super) struct SlotSet(Vec<u64>);

impl SlotSet {
    /// With room for this many slots.
    pub(super) fn of(slots: usize) -> Self {
        SlotSet(vec![0; slots.div_ceil(BITS)])
    }

    pub(super) fn add(&mut self, slot: Slot) {
        let (word, bit) = place(slot);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn holds(&self, slot: Slot) -> bool {
        let (word, bit) = place(slot);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

fn place(slot: Slot) -> (usize, u64) {
    let slot = usize::from(slot);
    (slot / BITS, 1 << (slot % BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_added() {
        let mut set = SlotSet::of(130);
        for slot in [0, 63, 64, 129] {
            set.add(slot);
        }
        let held: Vec<Slot> = (0..130).filter(|slot| set.holds(*slot)).collect();
        assert_eq!(held, [0, 63, 64, 129]);
        // Beyond its capacity.
        set.add(192);
        assert!(!set.holds(192));
    }
}
