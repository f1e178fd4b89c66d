// What every next-item network may be told, the defaults with their reasons, and the range each makes sense in.
import type { Dimension, SearchSpace, Settings } from '../../estimator.ts';
import { VECTORS, type VectorShape } from './fusion/plan-vectors.ts';

export interface NetworkSettings extends Settings, VectorShape {
  /** Of event vectors and states. */
  readonly width: number;
  /** Networks learned from weights of their own whose scores are averaged: each costs as much again. */
  readonly members: number;
  /** Events looked back on. */
  readonly length: number;
  /** Share dropped from event vectors and inside the trunk. */
  readonly dropout: number;
  readonly batch: number;
  readonly epochs: number;
  /** Evaluations without a better score that are borne. */
  readonly patience: number;
  /** Epochs between evaluations. */
  readonly evaluateEvery: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Memory of the averaged weights; 0 keeps none. */
  readonly average: number;
  readonly negatives: number;
  readonly negativePower: number;
  /** Expected training events of each item that are read and asked as if the item were new. */
  readonly unknownRate: number;
  /** Share of events met as if their item were new, known by its vectors alone; of items that have any. 1: ids say nothing at all. */
  readonly idDropout: number;
  /** Share of events met as if their item lacked a vector, each kind by itself. */
  readonly vectorDropout: number;
  /** Divides cosines of states and items; 0 scores by plain products. */
  readonly temperature: number;
  /** Reads the times between events, where there are any. */
  readonly times: boolean;
  /** Learns how much likelier, or less likely, an item is for having been met before. */
  readonly repeats: boolean;
  /** Weights beside the next item's 1; 0 leaves the question out. */
  readonly typeWeight: number;
  readonly gapWeight: number;
  readonly priceWeight: number;
  /** Items with a row of their own; rarer ones share. */
  readonly ownRows: number;
  /** Of training, 0 for no limit; a run cut short by it is not reproducible to the bit. */
  readonly seconds: number;
}

/**
 * Defaults for so many training events.
 *
 * Small data are learned by heart within a few epochs, so a small log drops half of everything (what the published
 * SASRec does on Amazon's categories) and a large one little: between a hundred thousand and ten million events the
 * share falls evenly in the logarithm from .5 to .1. Steps grow with the root of the data: 30 epochs of two hundred
 * thousand events, 3 of twenty million.
 */
export function networkDefaults(events: number): NetworkSettings {
  const size = Math.min(1, Math.max(0, Math.log10(Math.max(1, events) / 1e5) / 2));
  return {
    width: 64,
    members: 1,
    length: 50,
    dropout: Math.round((0.5 - 0.4 * size) * 100) / 100,
    batch: 128,
    epochs: Math.round(Math.min(200, Math.max(3, 30 * Math.sqrt(2e5 / Math.max(1, events))))),
    patience: 6,
    evaluateEvery: 2,
    learningRate: 0.002,
    weightDecay: 0,
    average: 0,
    negatives: 1024,
    negativePower: 0.75,
    unknownRate: 0.1,
    idDropout: 0.1,
    vectorDropout: 0.1,
    ...VECTORS,
    temperature: 0,
    times: true,
    repeats: true,
    typeWeight: 0.1,
    gapWeight: 0.1,
    priceWeight: 0.1,
    ownRows: 1_000_000,
    seconds: 0,
  };
}

export const whole = (low: number, high: number): Dimension => ({ kind: 'number', low, high, integer: true });
export const real = (low: number, high: number): Dimension => ({ kind: 'number', low, high });

export const NETWORK_BOUNDS: SearchSpace = {
  width: whole(4, 1024),
  members: whole(1, 32),
  length: whole(2, 1000),
  dropout: real(0, 0.9),
  batch: whole(1, 8192),
  epochs: whole(1, 10_000),
  patience: whole(0, 10_000),
  evaluateEvery: whole(1, 1000),
  learningRate: real(1e-6, 1),
  weightDecay: real(0, 10),
  average: real(0, 0.99999),
  negatives: whole(1, 65_536),
  negativePower: real(0, 1),
  unknownRate: real(0, 1),
  idDropout: real(0, 1),
  vectorDropout: real(0, 1),
  vectorWidth: whole(1, 4096),
  roundness: real(0, 1),
  temperature: real(0, 10),
  typeWeight: real(0, 100),
  gapWeight: real(0, 100),
  priceWeight: real(0, 100),
  ownRows: whole(1, 10_000_000),
  seconds: real(0, 1e7),
};

/** Worth searching in any of them: how wide it is, how much of it is dropped, and how fast it learns. */
export const NETWORK_SPACE: SearchSpace = {
  width: { kind: 'choice', options: [32, 64, 128] },
  dropout: { kind: 'number', low: 0.05, high: 0.6 },
  learningRate: { kind: 'number', low: 0.0005, high: 0.01, log: true },
  weightDecay: { kind: 'number', low: 1e-4, high: 0.3, log: true },
};

/** Whether events are hidden and asked for between others: only a trunk that sees both sides has such a setting. */
export const isMasked = (settings: NetworkSettings): boolean => settings.masked === true;

/** Lengths histories are padded to: short ones are the many, and padding them to the longest would be most of the work. */
export function lengthSteps(length: number): readonly number[] {
  return [...[4, 8, 16].filter((step) => step < length), ...(length >= 64 ? [32] : []), length];
}
