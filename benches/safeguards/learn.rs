//! Learns the wording of the lanes: a weight for each feature and lane, by logistic regression on the
//! labelled texts and the examples. The same texts always give the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use contact_gateway::domain::safeguard::{
    BuiltIn, LEARNT, Lane, RARITY, RARITY_UNKNOWN, Safeguards, WORDING_PERCENT, Wording, Written,
};

use super::corpus::{Count, Counts, Half, Kind, Text, counted};

const ROUNDS: u32 = 24;
/// How far a weight moves for one text at first.
const STEP: f32 = 6.0;
/// How much a weight is drawn to nothing by each text.
const DECAY: f32 = 5e-5;
/// How much a text that needs no lane counts, beside one that needs one: near misses are what is hardest to learn.
const NO_LANE: f32 = 4.0;
/// Of so many ordinary texts that were not learnt from, each lane takes one.
const ORDINARY_PER_TAKEN: usize = 240;
/// The texts on either side of that one whose evidence is averaged: by itself it may be far from its neighbours.
const NEIGHBOURS: usize = 4;
/// A rarity of 1 in the bytes of a row.
const RARITY_UNIT: f32 = 1.0;
/// A feature that fewer texts have says nothing of others.
const TEXTS_MIN: u32 = 2;
const FOLDS: usize = 5;

/// The texts that are learnt from.
const LABELLED: [Half; 3] = [Half::Development, Half::Stock, Half::Voices];

/// What is learnt from: a text with the lanes that it needs.
#[derive(Debug, Clone)]
pub struct Labelled {
    pub text: String,
    lanes: Vec<Lane>,
    is_ordinary: bool,
}

/// A text by its features, as a vector of length 1.
struct Example {
    features: Vec<(usize, f32)>,
    lanes: [bool; LEARNT.len()],
}

/// What texts are made of: the features that enough of them have, by number.
struct Features {
    numbers: HashMap<u32, usize>,
    /// By their numbers, the most frequent first.
    all: Vec<u32>,
    rarity: Vec<i8>,
}

/// What every lane's evidence begins with, and what each feature adds.
struct Learnt {
    constants: [f32; LEARNT.len()],
    weights: Vec<[f32; LEARNT.len()]>,
}

/// What is added to the evidence for each lane, so that one threshold is right for all.
pub type Lean = [f32; LEARNT.len()];

pub fn labelled(written: &Written) -> Vec<Labelled> {
    let mut all: Vec<Labelled> = LABELLED
        .into_iter()
        .flat_map(Text::of)
        .map(|text| Labelled {
            lanes: text.lanes(),
            is_ordinary: text.kind == Kind::Ordinary,
            text: text.text,
        })
        .collect();
    let one = |lanes, text: &String| Labelled { lanes, is_ordinary: false, text: text.clone() };
    for (lane, words) in &written.lanes {
        all.extend(words.examples.iter().map(|example| one(vec![*lane], example)));
    }
    all.extend(written.ordinary.iter().map(|text| one(Vec::new(), text)));
    all
}

impl Features {
    fn of(texts: &[Vec<u32>]) -> Features {
        let mut having: BTreeMap<u32, u32> = BTreeMap::new();
        for features in texts {
            for feature in features.iter().collect::<BTreeSet<_>>() {
                *having.entry(*feature).or_default() += 1;
            }
        }
        let mut all: Vec<(u32, u32)> =
            having.into_iter().filter(|(_, count)| *count >= TEXTS_MIN).collect();
        all.sort_by_key(|(feature, count)| (std::cmp::Reverse(*count), *feature));
        let rarity = |(_, count): &(u32, u32)| {
            let rarity = ((texts.len() as f32 + 1.0) / (*count as f32 + 1.0)).ln() + 1.0;
            (rarity * rarity / RARITY_UNIT).round().clamp(1.0, 127.0) as i8
        };
        Features {
            numbers: all
                .iter()
                .enumerate()
                .map(|(number, (feature, _))| (*feature, number))
                .collect(),
            rarity: all.iter().map(rarity).collect(),
            all: all.into_iter().map(|(feature, _)| feature).collect(),
        }
    }

    fn weight(&self, number: usize) -> f32 {
        (f32::from(self.rarity[number]) * RARITY_UNIT).sqrt()
    }

    fn example(&self, features: &[u32], lanes: &[Lane]) -> Example {
        let known: Vec<usize> =
            features.iter().filter_map(|feature| self.numbers.get(feature).copied()).collect();
        let unknown = (features.len() - known.len()) as f32 * RARITY_UNKNOWN as f32 * RARITY_UNIT;
        let length = known.iter().map(|number| self.weight(*number).powi(2)).sum::<f32>() + unknown;
        let value = |number: usize| (number, self.weight(number) / length.sqrt().max(1.0));
        Example {
            features: known.into_iter().map(value).collect(),
            lanes: LEARNT.map(|lane| lanes.contains(&lane)),
        }
    }
}

impl Learnt {
    fn evidence(&self, example: &Example) -> [f32; LEARNT.len()] {
        let mut evidence = self.constants;
        for (number, value) in &example.features {
            for (sum, weight) in evidence.iter_mut().zip(&self.weights[*number]) {
                *sum += weight * value;
            }
        }
        evidence
    }
}

fn features_of(safeguards: &Safeguards, texts: &[Labelled]) -> Vec<Vec<u32>> {
    texts.iter().map(|text| safeguards.features_of(&text.text)).collect()
}

/// What is learnt of these texts.
pub fn learn(safeguards: &Safeguards, texts: &[Labelled], lean: &Lean) -> Vec<u8> {
    let features_of = features_of(safeguards, texts);
    let features = Features::of(&features_of);
    let examples: Vec<Example> =
        features_of.iter().zip(texts).map(|(of, text)| features.example(of, &text.lanes)).collect();
    quantised(&descend(&examples, features.all.len()), &features, lean)
}

/// By how much each lane must lean so that, of ordinary texts that were not learnt from, it takes few.
pub fn lean(safeguards: &Safeguards, texts: &[Labelled]) -> Lean {
    let features_of = features_of(safeguards, texts);
    let mut evidence: [Vec<f32>; LEARNT.len()] = std::array::from_fn(|_| Vec::new());
    for fold in 0..FOLDS {
        let (held, others): (Vec<usize>, Vec<usize>) =
            (0..texts.len()).partition(|at| at % FOLDS == fold);
        let features =
            Features::of(&others.iter().map(|at| features_of[*at].clone()).collect::<Vec<_>>());
        let example = |at: &usize| features.example(&features_of[*at], &texts[*at].lanes);
        let learnt = descend(&others.iter().map(example).collect::<Vec<_>>(), features.all.len());
        for at in held.iter().filter(|at| texts[**at].is_ordinary) {
            for (all, one) in evidence.iter_mut().zip(learnt.evidence(&example(at))) {
                all.push(one);
            }
        }
    }
    let share = f32::from(WORDING_PERCENT) / 100.0;
    let opens = (share / (1.0 - share)).ln();
    evidence.map(|mut all| {
        all.sort_by(|a, b| b.total_cmp(a));
        let taken = all.len() / ORDINARY_PER_TAKEN;
        let around = &all[taken - NEIGHBOURS..=taken + NEIGHBOURS];
        opens - around.iter().sum::<f32>() / around.len() as f32
    })
}

/// What is found of the texts that are learnt from, each fifth by what was learnt without it; by file.
/// `judged` is given each fifth with what judges it.
pub fn crossed(
    written: &Written,
    texts: &[Labelled],
    lean: &Lean,
    mut judged: impl FnMut(&Safeguards, &[Text]),
) -> Vec<(Half, Counts)> {
    let mut counts: Vec<_> = LABELLED.map(|half| (half, Counts::new())).into();
    for fold in 0..FOLDS {
        let of_half = |half: Half| {
            let held =
                Text::of(half).into_iter().enumerate().filter(move |(at, _)| at % FOLDS == fold);
            held.map(|(_, text)| text).collect::<Vec<_>>()
        };
        let held: BTreeSet<String> =
            LABELLED.into_iter().flat_map(of_half).map(|text| text.text).collect();
        let others: Vec<_> =
            texts.iter().filter(|one| !held.contains(&one.text)).cloned().collect();
        let bare = of(written, Wording::default());
        let judge = of(written, Wording::read(&learn(&bare, &others, lean)).unwrap());
        for (half, counts) in &mut counts {
            for (key, count) in counted(&judge, &of_half(*half)) {
                counts.entry(key).or_insert_with(Count::default).merge(&count);
            }
            judged(&judge, &of_half(*half));
        }
    }
    counts
}

fn of(written: &Written, wording: Wording) -> Safeguards {
    let built_in = Arc::new(BuiltIn::new(written.clone()).with_wording(wording));
    Safeguards::beside(built_in, BTreeMap::new(), Vec::new(), Vec::new())
}

/// Stochastic gradient descent, the texts in another order each round.
fn descend(examples: &[Example], features: usize) -> Learnt {
    let mut learnt =
        Learnt { constants: [-2.0; LEARNT.len()], weights: vec![[0.0; LEARNT.len()]; features] };
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random: u64 = 7;
    for round in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            // Knuth's MMIX generator: the same order on every machine.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(random >> 33).unwrap() % (at + 1);
            order.swap(at, other);
        }
        let step = STEP / (1.0 + 0.25 * round as f32);
        for example in order.iter().map(|at| &examples[*at]) {
            let evidence = learnt.evidence(example);
            let mut errors = [0.0; LEARNT.len()];
            let counts = if example.lanes.contains(&true) { 1.0 } else { NO_LANE };
            for (place, error) in errors.iter_mut().enumerate() {
                let share = 1.0 / (1.0 + (-evidence[place]).exp());
                *error = counts * (f32::from(u8::from(example.lanes[place])) - share);
            }
            for (constant, error) in learnt.constants.iter_mut().zip(&errors) {
                *constant += 0.02 * step * error;
            }
            for (number, value) in &example.features {
                for (weight, error) in learnt.weights[*number].iter_mut().zip(&errors) {
                    *weight += step * error * value - step * DECAY * *weight;
                }
            }
        }
    }
    learnt
}

fn quantised(learnt: &Learnt, features: &Features, lean: &Lean) -> Vec<u8> {
    let mut lanes = Vec::new();
    let mut rows: Vec<(u32, [i8; RARITY + 1])> =
        features.all.iter().map(|feature| (*feature, [0; RARITY + 1])).collect();
    for (place, constant) in learnt.constants.iter().enumerate() {
        let of = |number: usize| learnt.weights[number][place] * features.weight(number);
        // The few larger ones are clipped, so that the many smaller ones keep their differences.
        let mut sizes: Vec<f32> = (0..rows.len()).map(|number| of(number).abs()).collect();
        sizes.sort_by(f32::total_cmp);
        let unit = sizes[sizes.len() - 1 - sizes.len() / 2000] / 127.0;
        for (number, (_, bytes)) in rows.iter_mut().enumerate() {
            bytes[place] = (of(number) / unit).round().clamp(-127.0, 127.0) as i8;
        }
        lanes.push((*constant + lean[place], unit / RARITY_UNIT.sqrt()));
    }
    for ((_, bytes), rarity) in rows.iter_mut().zip(&features.rarity) {
        bytes[RARITY] = *rarity;
    }
    Wording::written(&lanes, &rows)
}
