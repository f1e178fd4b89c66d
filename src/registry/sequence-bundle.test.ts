// A next-item bundle as files and back: of this format, and of the first, in which every case had a history of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../core/canonical-json.ts';
import { layOut, viewOf } from '../core/case-view.ts';
import { silent } from '../core/progress.ts';
import { popularity } from '../models/sequence/classical/popularity.ts';
import { lastItemCases, madeUpSequences } from '../models/sequence/made-up-sequences.ts';
import { packArrays, unpackArrays } from './array-pack.ts';
import { saveVersion } from './save.ts';
import {
  loadSequence,
  SEQUENCE_FOLDER,
  type SequenceBundle,
  sequenceBundleFiles,
} from './sequence-bundle.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-bundle-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Files = Record<string, Json | Uint8Array>;

const train = madeUpSequences({ sessions: 30, items: 8, seed: 2, signal: true });
const cases = lastItemCases(train);

function saved(name: string, files: Files) {
  const folder = join(dir, name);
  saveVersion(folder, {
    ...{ task: SEQUENCE_FOLDER, files, dataFingerprint: 'f', settings: {}, seed: 1, metrics: {} },
    run: { createdMs: 0 },
  });
  return folder;
}

/** The same bundle as the first format had it: histories laid out one a case, whose places nothing else names. */
function asFirstFormat(files: Files): Files {
  const document = files['sequence.json'] as Record<string, Json>;
  const arrays = unpackArrays(document.arrays, files['sequence.bin'] as Uint8Array, 'sequence.json');
  arrays.delete('cases.rows');
  arrays.delete('cases.ends');
  const { index, bytes } = packArrays(Object.fromEntries(arrays));
  return {
    ...files,
    'sequence.json': { ...document, sequence_format: 1, arrays: index.map((entry) => ({ ...entry })) },
    'sequence.bin': bytes,
  };
}

describe('a next-item bundle', () => {
  let bundle: SequenceBundle;
  beforeAll(async () => {
    bundle = {
      model: await popularity.fit(train, undefined, { seed: 1, threads: 1, progress: silent }),
      attributes: {
        categories: { kind: { codes: Int32Array.of(0, 1, 0, 1, -1, 0, 1, 0), levels: ['a', 'b'] } },
        priceMinor: Float64Array.of(1, 2, 3, Number.NaN, 5, 6, 7, 8),
      },
      cases: viewOf(cases),
      at: [10],
      histories: ['excluded'],
      protocol: {} as SequenceBundle['protocol'],
      scores: {},
      baselines: {},
    };
  });

  it.each([
    ['this format', (files: Files) => files],
    ['the first format', asFirstFormat],
  ])('of %s holds the cases, what is known of the items and the model', (name, turned) => {
    const found = loadSequence(saved(name, turned(sequenceBundleFiles(bundle))));
    expect(found.attributes).toEqual(bundle.attributes);
    expect(found.histories).toEqual(['excluded']);
    expect(found.model.itemIds).toEqual(train.itemIds);
    const all = Array.from(cases.targets.keys());
    const laid = layOut(found.cases as NonNullable<typeof found.cases>, all);
    expect(laid.targets).toEqual(cases.targets);
    expect(laid.before.items).toEqual(cases.before.items);
    expect(laid.before.offsets).toEqual(cases.before.offsets);
    expect(laid.before.timesMs).toEqual(cases.before.timesMs);
    // Whose each is has no name any more, and is still somebody of their own.
    expect(new Set(laid.before.entities).size).toBe(30);
  });

  it('of a format to come is refused', () => {
    const files = sequenceBundleFiles(bundle);
    const document = files['sequence.json'] as Record<string, Json>;
    const folder = saved('to come', { ...files, 'sequence.json': { ...document, sequence_format: 3 } });
    expect(() => loadSequence(folder)).toThrow('expected a next-item model of format 2 or older, got 3');
  });
});
