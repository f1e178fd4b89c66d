// The same numbers as the shap package gives for a LightGBM model, missing values and all.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Forest } from '../forest.ts';
import { expectedMargins } from './expected-margin.ts';
import { interactionValues } from './interactions.ts';
import { interventionalShapley } from './interventional.ts';
import { pathDependentShapley } from './path-dependent.ts';
import type { Rows } from './walk-forest.ts';

type Table = readonly (readonly (number | null)[])[];

interface Goldens {
  readonly forest: Readonly<
    Record<
      'treeStart' | 'feature' | 'threshold' | 'missingLeft' | 'left' | 'right' | 'cover' | 'value',
      number[]
    >
  >;
  readonly rows: Table;
  readonly background: Table;
  readonly expected: number;
  readonly pathDependent: readonly number[][];
  readonly interventionalBase: number;
  readonly interventional: readonly number[][];
  /** Of the first six rows. */
  readonly interactions: readonly number[][][];
}

const goldens: Goldens = JSON.parse(readFileSync(new URL('./goldens.json', import.meta.url), 'utf8'));
const given = goldens.forest;
const nodes = given.feature.length;
const forest: Forest = {
  inputs: goldens.rows[0].map((_, i) => ({ kind: 'number', name: `f${i}` })),
  outputs: 1,
  base: new Float64Array(1),
  treeStart: Int32Array.from(given.treeStart),
  feature: Int32Array.from(given.feature),
  threshold: Float64Array.from(given.threshold),
  setStart: new Int32Array(nodes).fill(-1),
  missingLeft: Uint8Array.from(given.missingLeft),
  left: Int32Array.from(given.left),
  right: Int32Array.from(given.right),
  cover: Float64Array.from(given.cover),
  gain: new Float64Array(nodes),
  value: Float64Array.from(given.value),
  sets: new Uint8Array(),
};

const columnsOf = (table: Table): Rows => ({
  values: table[0].map((_, i) => Float64Array.from(table, (row) => row[i] ?? Number.NaN)),
  rows: table.length,
});

const furthest = (found: Float64Array, wanted: readonly number[]): number =>
  wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i])), 0);

describe('a LightGBM model explained by shap', () => {
  const rows = columnsOf(goldens.rows);

  it('has the same path-dependent contributions', async () => {
    const found = await pathDependentShapley(forest, rows, { output: 0 });
    expect(found).toHaveLength(goldens.pathDependent.flat().length);
    expect(furthest(found, goldens.pathDependent.flat())).toBeLessThan(1e-12);
    expect(expectedMargins(forest)[0]).toBeCloseTo(goldens.expected, 12);
  });

  it('has the same interventional contributions', async () => {
    const background = columnsOf(goldens.background);
    const { base, values } = await interventionalShapley(forest, rows, { output: 0, background });
    // shap weighs coalitions in single precision here; the brute force beside this file is met to 1e-10.
    expect(furthest(values, goldens.interventional.flat())).toBeLessThan(1e-6);
    expect(base).toBeCloseTo(goldens.interventionalBase, 12);
  });

  it('has the same interaction values', async () => {
    const found = await interactionValues(forest, rows, { output: 0 });
    expect(goldens.interactions.flat(2)).toHaveLength(6 * 36);
    expect(furthest(found, goldens.interactions.flat(2))).toBeLessThan(1e-12);
  });
});
