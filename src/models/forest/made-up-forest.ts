// Forests and frames made up for tests: every kind of cut, ties with thresholds, missing and unknown values.
import { type CategoryColumn, type Frame, makeFrame, type NumberColumn } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import type { Forest, ForestInput } from './forest.ts';
import { categoryBins } from './read-inputs.ts';

export interface MadeUpForest {
  readonly seed: number;
  /** Trees of each output. */
  readonly rounds: number;
  readonly outputs?: number;
  readonly leaves?: number;
  readonly numbers?: number;
  /** Levels of each category. */
  readonly categories?: readonly number[];
  /** Distinct thresholds of a number; values of made-up frames fall on them too. */
  readonly thresholds?: number;
}

/** A forest whose shape is drawn, not learned. */
export function madeUpForest(shape: MadeUpForest): Forest {
  const { seed, rounds, outputs = 1, leaves = 15, numbers = 3, categories = [4], thresholds = 30 } = shape;
  const draw = random(seed);
  const inputs: ForestInput[] = [
    ...Array.from({ length: numbers }, (_, i) => ({ kind: 'number' as const, name: `n${i}` })),
    ...categories.map((count, i) => ({
      kind: 'category' as const,
      name: `c${i}`,
      levels: Array.from({ length: count }, (_, level) => `level ${level}`),
      other: i % 2 === 0,
    })),
  ];
  const nodes: Record<'feature' | 'threshold' | 'setStart' | 'missingLeft' | 'left' | 'right', number[]> = {
    feature: [],
    threshold: [],
    setStart: [],
    missingLeft: [],
    left: [],
    right: [],
  };
  const [value, cover, gain, sets]: number[][] = [[], [], [], []];
  const treeStart = [0];
  const grow = (start: number, budget: number, weight: number): number => {
    const node = value.length;
    const isLeaf = budget < 2;
    const feature = isLeaf ? -1 : draw.integer(inputs.length);
    const input = inputs[feature];
    nodes.feature.push(feature);
    nodes.threshold.push(input?.kind === 'number' ? gridValue(draw.integer(thresholds)) : 0);
    nodes.setStart.push(input?.kind === 'category' ? sets.length : -1);
    nodes.missingLeft.push(isLeaf ? 0 : draw.integer(2));
    nodes.left.push(-1);
    nodes.right.push(-1);
    value.push(isLeaf ? draw.normal() : 0);
    cover.push(weight);
    gain.push(isLeaf ? 0 : draw.uniform());
    if (input?.kind === 'category')
      for (let bin = 0; bin < categoryBins(input); bin++) sets.push(draw.integer(2));
    if (!isLeaf) {
      const share = 1 + draw.integer(budget - 1);
      nodes.left[node] = grow(start, share, (weight * share) / budget) - start;
      nodes.right[node] = grow(start, budget - share, (weight * (budget - share)) / budget) - start;
    }
    return node;
  };
  for (let tree = 0; tree < rounds * outputs; tree++) {
    grow(value.length, 1 + draw.integer(leaves), 1000);
    treeStart.push(value.length);
  }
  return {
    inputs,
    outputs,
    base: Float64Array.from({ length: outputs }, () => draw.normal()),
    treeStart: Int32Array.from(treeStart),
    feature: Int32Array.from(nodes.feature),
    threshold: Float64Array.from(nodes.threshold),
    setStart: Int32Array.from(nodes.setStart),
    missingLeft: Uint8Array.from(nodes.missingLeft),
    left: Int32Array.from(nodes.left),
    right: Int32Array.from(nodes.right),
    cover: Float64Array.from(cover),
    gain: Float64Array.from(gain),
    value: Float64Array.from(value),
    sets: Uint8Array.from(sets),
  };
}

/** Thirds: no threshold is a whole number, and few are float32. */
const gridValue = (step: number): number => (step - 10) / 3;

/** Rows on, between and beyond the thresholds, a few missing; categories known, rare and never seen. */
export function madeUpRows(forest: Forest, rows: number, seed: number, thresholds = 30): Frame {
  const draw = random(seed);
  const ends = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
  const number = (): number => {
    if (draw.uniform() < 0.1) return ends[draw.integer(ends.length)];
    const value = gridValue(draw.integer(thresholds + 2) - 1);
    return draw.uniform() < 0.5 ? value : value + draw.normal(0, 0.2);
  };
  const columns = forest.inputs.map((input): NumberColumn | CategoryColumn => {
    const about = { name: input.name, label: { en: input.name, zh: input.name }, group: '' };
    if (input.kind === 'number') {
      return { ...about, kind: 'number', unit: 'none', values: Float64Array.from({ length: rows }, number) };
    }
    const levels = ['never seen', ...input.levels].reverse();
    const codes = Int32Array.from({ length: rows }, () => draw.integer(levels.length + 1) - 1);
    return { ...about, kind: 'category', unit: 'none', codes, levels };
  });
  return makeFrame(columns, { rows });
}
