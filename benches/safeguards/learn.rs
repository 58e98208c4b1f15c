//! Learns the wording of the lanes: a weight for each feature and lane, by logistic regression on the
//! labelled texts and the examples. The same texts always give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contact_gateway::domain::safeguard::{
    BuiltIn, LEARNT, Lane, RARITY, ROW_BYTES, ROWS_BITS, Safeguards, Wording, Written,
};

use super::corpus::{Half, Text};

const ROUNDS: u32 = 24;
/// How far a weight moves for one text at first.
const STEP: f32 = 3.0;
/// How much a weight is drawn to nothing by each text.
const DECAY: f32 = 1e-4;
/// How much a text that needs no lane counts, beside one that needs one: near misses are what is hardest to learn.
const NO_LANE: f32 = 3.0;
/// What is added to the evidence for each lane, so that one threshold is right for all: of texts that were not
/// learnt from, each lane takes 0.4 % of the ordinary ones at it, or less.
const LEAN: [f32; LEARNT.len()] = [0.15, 0.20, 1.10, 0.90, 0.40, 0.64];
/// A rarity of 1 in the bytes of a row.
const RARITY_UNIT: f32 = 0.5;

/// A text by its features, each once, as a vector of length 1.
struct Example {
    features: Vec<(usize, f32)>,
    lanes: [bool; LEARNT.len()],
}

pub fn labelled(written: &Written) -> Vec<(Vec<Lane>, String)> {
    let mut all: Vec<(Vec<Lane>, String)> = [Half::Development, Half::Stock]
        .into_iter()
        .flat_map(Text::of)
        .map(|text| (text.lanes(), text.text))
        .collect();
    for (lane, words) in &written.lanes {
        all.extend(words.examples.iter().map(|example| (vec![*lane], example.clone())));
    }
    all.extend(written.ordinary.iter().map(|text| (Vec::new(), text.clone())));
    all
}

/// What is learnt of these texts.
pub fn learn(safeguards: &Safeguards, texts: &[(Vec<Lane>, String)]) -> Vec<u8> {
    let rows_of: Vec<Vec<usize>> =
        texts.iter().map(|(_, text)| safeguards.features_of(text)).collect();
    let mut having = vec![0_u32; 1 << ROWS_BITS];
    for rows in &rows_of {
        for row in rows.iter().collect::<BTreeSet<_>>() {
            having[*row] += 1;
        }
    }
    let all = texts.len() as f32;
    let rarity: Vec<i8> = having
        .iter()
        .map(|count| {
            let rarity = ((all + 1.0) / (*count as f32 + 1.0)).ln() + 1.0;
            (rarity * rarity / RARITY_UNIT).round().clamp(1.0, 127.0) as i8
        })
        .collect();
    let weight = |row: usize| (f32::from(rarity[row]) * RARITY_UNIT).sqrt();
    let examples: Vec<Example> = texts
        .iter()
        .zip(&rows_of)
        .map(|((lanes, _), rows)| {
            let length: f32 = rows.iter().map(|row| weight(*row).powi(2)).sum::<f32>().sqrt();
            let features = rows.iter().map(|row| (*row, weight(*row) / length.max(1.0)));
            Example {
                features: features.collect(),
                lanes: LEARNT.map(|lane| lanes.contains(&lane)),
            }
        })
        .collect();
    let (constants, weights) = descend(&examples);
    quantised(&constants, &weights, &rarity, weight)
}

/// What is learnt from two thirds of the texts says of the others: by threshold, the share of texts whose
/// lane is found, and of texts of no lane that are taken for one.
pub fn crossed(safeguards: &Safeguards, texts: &[(Vec<Lane>, String)]) {
    const FOLDS: usize = 3;
    let mut shares: Vec<(bool, u8)> = Vec::new();
    for fold in 0..FOLDS {
        let of = |held: bool| {
            let is_of = move |(at, _): &(usize, &(Vec<Lane>, String))| (at % FOLDS == fold) == held;
            texts.iter().enumerate().filter(is_of).map(|(_, text)| text.clone()).collect::<Vec<_>>()
        };
        let wording = Wording::read(&learn(safeguards, &of(false))).unwrap();
        let written = Written {
            texting: safeguards.built_in().written().texting.clone(),
            ..Written::default()
        };
        let built_in = Arc::new(BuiltIn::new(written).with_wording(wording));
        let judge = Safeguards::beside(built_in, BTreeMap::new(), Vec::new(), Vec::new())
            .with_percents(20, 20);
        for (lanes, text) in of(true) {
            let likes = judge.matches_of(&text).resembles;
            let best = likes.iter().filter(|like| lanes.is_empty() || lanes.contains(&like.lane));
            shares
                .push((!lanes.is_empty(), best.map(|like| like.percent).max().unwrap_or_default()));
        }
    }
    for threshold in [30, 40, 50, 60, 70, 80, 90] {
        let share = |needs: bool| {
            let of: Vec<u8> = shares.iter().filter(|one| one.0 == needs).map(|one| one.1).collect();
            100.0 * of.iter().filter(|share| **share >= threshold).count() as f64 / of.len() as f64
        };
        println!("{threshold} %: found {:.1} %, taken wrongly {:.1} %", share(true), share(false));
    }
}

/// Stochastic gradient descent, the texts in another order each round.
fn descend(examples: &[Example]) -> ([f32; LEARNT.len()], Vec<[f32; LEARNT.len()]>) {
    let mut constants = [-2.0; LEARNT.len()];
    let mut weights = vec![[0.0; LEARNT.len()]; 1 << ROWS_BITS];
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
            let mut evidence = constants;
            for (row, value) in &example.features {
                for (sum, weight) in evidence.iter_mut().zip(&weights[*row]) {
                    *sum += weight * value;
                }
            }
            let mut errors = [0.0; LEARNT.len()];
            let counts = if example.lanes.contains(&true) { 1.0 } else { NO_LANE };
            for (place, error) in errors.iter_mut().enumerate() {
                let share = 1.0 / (1.0 + (-evidence[place]).exp());
                *error = counts * (f32::from(u8::from(example.lanes[place])) - share);
            }
            for (constant, error) in constants.iter_mut().zip(&errors) {
                *constant += 0.02 * step * error;
            }
            for (row, value) in &example.features {
                for (weight, error) in weights[*row].iter_mut().zip(&errors) {
                    *weight += step * error * value - step * DECAY * *weight;
                }
            }
        }
    }
    (constants, weights)
}

fn quantised(
    constants: &[f32; LEARNT.len()],
    weights: &[[f32; LEARNT.len()]],
    rarity: &[i8],
    weight: impl Fn(usize) -> f32,
) -> Vec<u8> {
    let mut lanes = Vec::new();
    let mut rows = vec![[0_i8; ROW_BYTES]; weights.len()];
    for (place, constant) in constants.iter().enumerate() {
        let of = |row: usize| weights[row][place] * weight(row);
        // The few larger ones are clipped, so that the many smaller ones keep their differences.
        let mut sizes: Vec<f32> = (0..rows.len()).map(|row| of(row).abs()).collect();
        sizes.sort_by(f32::total_cmp);
        let unit = sizes[sizes.len() - 1 - sizes.len() / 2000] / 127.0;
        for (row, bytes) in rows.iter_mut().enumerate() {
            bytes[place] = (of(row) / unit).round().clamp(-127.0, 127.0) as i8;
        }
        lanes.push((*constant + LEAN[place], unit / RARITY_UNIT.sqrt()));
    }
    for (row, bytes) in rows.iter_mut().enumerate() {
        bytes[RARITY] = rarity[row];
    }
    Wording::written(&lanes, &rows)
}
