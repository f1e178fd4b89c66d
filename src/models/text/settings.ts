// What a fine-tuned text encoder may be told, and the defaults with their reasons.
import type { SearchSpace, Settings } from '../estimator.ts';
import { real, whole } from '../sequence/neural/settings.ts';
import { tellSettings } from '../sequence/told.ts';

/** `encoder`: as the encoder itself was trained. */
export type PoolingChoice = 'encoder' | 'mean' | 'max' | 'first';

export interface TextSettings extends Settings {
  /** Pieces read at most; 0: as many as the encoder can, 256 at most. */
  readonly length: number;
  readonly pooling: PoolingChoice;
  /** Fine-tuned so many times, each in an order of its own, and the weights averaged; 0: more of fewer texts. */
  readonly members: number;
  /** Texts a step. */
  readonly batch: number;
  /** Times the texts are read; 0: more often where they are few. */
  readonly epochs: number;
  /** At most, whatever the epochs. */
  readonly steps: number;
  /** At the head; 0: what suits the method and the encoder's width. */
  readonly rate: number;
  /** The encoder learns this many times as fast as the head; 0: an own one faster than one that knows a whole language. */
  readonly encoderRate: number;
  /** Each block further from the head learns this many times as fast as the one above it. */
  readonly layerDecay: number;
  readonly weightDecay: number;
  /** Evaluations without a lower loss that are borne. */
  readonly patience: number;
  /** Share dropped inside the encoder and before the head. */
  readonly dropout: number;
  /** 0 weighs classes as they come, 1 as if they came alike often; probabilities are put right again. */
  readonly balance: number;
  /** Probabilities taught lie this far from 0 and 1. */
  readonly smoothing: number;
  /** Begins from what a linear model of words and other columns says, and learns what it misses. */
  readonly words: boolean;
  /** Share of pieces left out at each reading. */
  readonly deletion: number;
  /** Share of pieces that change places with a neighbour. */
  readonly swapping: number;
  /** Share of pieces hidden in runs. */
  readonly hiding: number;
  /** Share of pieces replaced by one of like meaning. */
  readonly replacement: number;
  /** What each class means in words, `1=wonderful, I recommend it;0=…`: where the head begins; `none` leaves it at zero. */
  readonly labels: string;
  /** Of `lora` and `adalora`. */
  readonly rank: number;
  /** Of `adapters`: neurons of a bottleneck. */
  readonly adapterWidth: number;
  /** Of `prefix`: keys and values in front of each attention. */
  readonly prefixLength: number;
  /** Of `last`: blocks that move. */
  readonly lastBlocks: number;
  /** Rows learned from at most, drawn by group. */
  readonly mostRows: number;
}

export const TEXT_DEFAULTS: TextSettings = {
  length: 0,
  pooling: 'encoder',
  members: 0,
  batch: 16,
  epochs: 0,
  steps: 20_000,
  rate: 0,
  encoderRate: 0,
  layerDecay: 0.8,
  weightDecay: 0.01,
  patience: 2,
  dropout: 0.1,
  balance: 0,
  smoothing: 0,
  words: false,
  deletion: 0,
  swapping: 0,
  hiding: 0,
  replacement: 0,
  labels: 'none',
  rank: 8,
  adapterWidth: 32,
  prefixLength: 16,
  lastBlocks: 1,
  mostRows: 200_000,
};

const BOUNDS: SearchSpace = {
  length: whole(0, 4096),
  pooling: { kind: 'choice', options: ['encoder', 'mean', 'max', 'first'] },
  members: whole(0, 100),
  batch: whole(1, 1024),
  epochs: whole(0, 10_000),
  steps: whole(1, 10_000_000),
  rate: real(0, 1),
  encoderRate: real(0, 10),
  layerDecay: real(0.01, 1),
  weightDecay: real(0, 10),
  patience: whole(0, 10_000),
  dropout: real(0, 0.9),
  balance: real(0, 1),
  smoothing: real(0, 0.4),
  deletion: real(0, 0.9),
  swapping: real(0, 0.9),
  hiding: real(0, 0.9),
  replacement: real(0, 0.9),
  rank: whole(1, 256),
  adapterWidth: whole(1, 4096),
  prefixLength: whole(1, 512),
  lastBlocks: whole(1, 64),
  mostRows: whole(1, 100_000_000),
};

/** Worth searching: how fast it learns, how much is dropped, and whether words begin. */
export const TEXT_SPACE: SearchSpace = {
  encoderRate: { kind: 'number', low: 0.02, high: 0.5, log: true },
  dropout: { kind: 'number', low: 0, high: 0.4 },
  words: { kind: 'choice', options: [true, false] },
};

/** @throws AppError USAGE for a setting there is not, of another type, or out of bounds */
export const textSettings = (id: string, told: Settings): TextSettings =>
  tellSettings(id, TEXT_DEFAULTS, BOUNDS, told);

/** Longer texts lose their end: what reviews say stands early, and twice the length costs twice the time. */
const LONGEST = 256;

/** Pieces read. */
export const piecesRead = ({ length }: TextSettings, encoderLength: number): number =>
  Math.min(encoderLength, length > 0 ? length : LONGEST);

/** A head drawn afresh has all to learn; an encoder that read a whole language has most to lose, one of few texts less. */
const ENCODER_RATE = 0.1;
const OWN_ENCODER_RATE = 0.3;
/** Readings of many texts, and steps that few texts are read for. */
const EPOCHS = 3;
const MOST_EPOCHS = 40;
const STEPS = 500;
/** Runs averaged where so many texts or fewer are labelled: there the order they come in matters most. */
const MEMBERS: readonly (readonly [number, number])[] = [
  [500, 5],
  [2000, 3],
];

/** The settings with everything that was left to the data decided. */
export function decided(
  settings: TextSettings,
  { rows, isOwn }: { readonly rows: number; readonly isOwn: boolean },
): TextSettings {
  const { epochs, members, encoderRate, batch } = settings;
  return {
    ...settings,
    epochs: epochs || Math.max(EPOCHS, Math.min(MOST_EPOCHS, Math.ceil((STEPS * batch) / rows))),
    members: members || (MEMBERS.find(([most]) => rows <= most)?.[1] ?? 1),
    encoderRate: encoderRate || (isOwn ? OWN_ENCODER_RATE : ENCODER_RATE),
  };
}
