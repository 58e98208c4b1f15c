//! A repeatable source of chance.

/// splitmix64 (Steele and others 2014).
pub struct Chance(pub u64);

impl Chance {
    /// One that depends on these bytes alone (FNV-1a, Fowler, Noll and Vo 1991).
    pub fn of(bytes: &[u8]) -> Chance {
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Chance(hash)
    }

    /// At least 0, and less than `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// A place in something so long.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("less than a usize")
    }

    /// A mutation of `seed`: a few pieces of it changed, taken out, doubled, or replaced by
    /// `tokens` and pieces of `other`.
    pub fn mutation(&mut self, seed: &[u8], other: &[u8], tokens: &[&[u8]]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(5) {
            let at = self.index(bytes.len() + 1);
            let end = at + self.index((bytes.len() - at).min(24) + 1);
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let doubled = bytes[at..end].to_vec();
                    bytes.splice(at..at, doubled);
                }
                4 if !other.is_empty() => {
                    let from = self.index(other.len());
                    let to = from + self.index((other.len() - from).min(64) + 1);
                    bytes.splice(at..end, other[from..to].to_vec());
                }
                _ => {
                    let token = tokens[self.index(tokens.len())];
                    bytes.splice(at..at, token.to_vec());
                }
            }
        }
        bytes
    }
}
