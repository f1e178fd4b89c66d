// What encoders were learned from which rows: a search that fits a hundred settings on the same rows learns to read once.

import type { Column } from '../../core/frame.ts';
import { hash32 } from '../../core/random.ts';
import type { Sample } from '../estimator.ts';
import type { Encoder } from './encoder.ts';
import type { EncodingPlan } from './plan.ts';

export interface Learned {
  readonly encoders: readonly Encoder[];
  /** Columns of the training rows, each row encoded without its own customer. */
  readonly training: readonly Column[];
}

/** Keeps the last few; what it recalls is what would be learned again. */
export interface EncodingMemory {
  recall(key: string): Learned | undefined;
  keep(key: string, learned: Learned): void;
}

/** Enough for the folds of one search, whole and thinned. */
const MOST_KEPT = 8;

export function encodingMemory(most = MOST_KEPT): EncodingMemory {
  const kept = new Map<string, Learned>();
  return {
    recall(key) {
      const learned = kept.get(key);
      if (!learned) return undefined;
      // Back to the end of the queue: what was not asked for longest goes first.
      kept.delete(key);
      kept.set(key, learned);
      return learned;
    },
    keep(key, learned) {
      kept.set(key, learned);
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break;
        kept.delete(oldest);
      }
    },
  };
}

/** 64 bits of everything encoders learn from: the plan, the seed, outcomes, customers, weights and the columns themselves. */
export function lessonKey(plan: EncodingPlan, train: Sample, seed: number): string {
  const { question, target, weight, entities, frame } = train;
  const names = new Set([...plan.text, ...plan.categories, ...plan.dates]);
  const marks = [
    JSON.stringify([plan, question.kind, question.classes ?? 0, seed, frame.rows]),
    numbersMark(target),
    weight ? numbersMark(weight) : '',
    textsMark(entities),
    ...frame.columns.filter(({ name }) => names.has(name)).map(columnMark),
  ];
  return textsMark(marks);
}

function columnMark(column: Column): string {
  const about = JSON.stringify([column.name, column.label, column.group]);
  switch (column.kind) {
    case 'text':
      return `${about} ${textsMark(column.values)}`;
    case 'category':
      return `${about} ${wordsMark(column.codes)} ${textsMark(column.levels)}`;
    case 'number':
      return `${about} ${numbersMark(column.values)}`;
    default:
      return about;
  }
}

const FIRST = 0x811c9dc5;
const SECOND = 0x9e3779b9;

const hex = (a: number, b: number): string => `${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}`;

/** Texts one after another, each hashed from where the last one ended: their order and their borders count. */
function textsMark(texts: readonly string[]): string {
  let a = FIRST;
  let b = SECOND;
  for (const text of texts) {
    a = hash32(text, a ^ text.length);
    b = hash32(text, Math.imul(b, 31) + text.length);
  }
  return hex(a, b);
}

function wordsMark(words: ArrayLike<number>): string {
  let a = FIRST;
  let b = SECOND;
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i], 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ words[i], 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return hex(a, b);
}

/** The bits of the numbers, so that −0 and every NaN are what they are. */
const numbersMark = (values: Float64Array): string => wordsMark(new Uint32Array(values.slice().buffer));
