// What training makes smaller is the cross-entropy of the very scores the model answers with.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { cutSequences, type Sequences } from '../../../core/sequences.ts';
import { compileEvaluation } from '../../../nn/program/evaluation-program.ts';
import { compileTraining } from '../../../nn/program/training-program.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { defaultSettings, type TransformerSettings } from '../transformer/settings.ts';
import { transformerKind, transformerWith } from '../transformer/transformer.ts';
import { trainingBatches } from './events/batches.ts';
import { planTokens } from './events/tokens.ts';
import { networkOf } from './network.ts';
import { pretraining, trainingSpecs } from './objective.ts';
import { readTrained } from './saved.ts';
import { lengthSteps } from './settings.ts';

const ITEMS = 12;
const draws = random(8);
const SESSIONS = 90;
/** Sessions of eight, many items of which come twice or more. */
const train: Sequences = {
  entities: Array.from({ length: SESSIONS }, (_, s) => `s${s}`),
  offsets: Uint32Array.from({ length: SESSIONS + 1 }, (_, s) => 8 * s),
  items: Int32Array.from({ length: 8 * SESSIONS }, () => draws.integer(ITEMS)),
  timesMs: Float64Array.from({ length: 8 * SESSIONS }, (_, e) => 1000 * e * (1 + (e % 3))),
  itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
};
const attributes = {
  categories: {
    kind: { codes: Int32Array.from({ length: ITEMS }, (_, i) => i % 3), levels: ['a', 'b', 'c'] },
  },
};
const settings = { width: 8, blocks: 1, epochs: 6, unknownRate: 0, learningRate: 0.03, batch: 16 };

describe('the pretraining loss', () => {
  it.each([
    ['plain', { repeats: false }],
    ['with items met before', { repeats: true }],
    ['of cosines', { repeats: true, temperature: 0.2 }],
  ])('is the cross-entropy of the scores, %s', async (_, told) => {
    const run = { seed: 1, threads: 1, progress: silent };
    const model = await transformerWith({ ...settings, ...told }, { attributes }).fit(train, undefined, run);
    const { network, members } = readTrained(transformerKind, model.save());
    const { plan, settings: used } = network;
    const losses: number[] = [];
    for await (const { bucket, arrays, examples } of trainingBatches(plan, train, used, 1).batches(0, 0)) {
      const time = lengthSteps(used.length)[bucket];
      const specs = trainingSpecs(network, time);
      const program = compileEvaluation(pretraining(network), specs);
      const session = await nodeBackend.open(program.model);
      const fed = program.parameters.map(({ name }) => [name, members[0][name]] as const);
      const outputs = await session.run({ ...arrays, ...Object.fromEntries(fed) });
      await session.release();
      // All windows are of one length, so that batches weigh as many as their sessions.
      losses.push(...new Array(examples ?? 0).fill(Number(outputs['metric.next_item'][0])));
    }
    expect(losses).toHaveLength(SESSIONS);
    const trained = losses.reduce((a, b) => a + b, 0) / losses.length;

    const cuts = Array.from({ length: 7 }, (_, cut) => cut + 1);
    const rows = cuts.flatMap((cut) => Array.from({ length: SESSIONS }, (_, s) => ({ s, cut })));
    const prefixes = cuts.map((cut) =>
      cutSequences(train, Array.from(train.entities.keys()), (s) => [8 * s, 8 * s + cut]),
    );
    const scores = (await Promise.all(prefixes.map((before) => model.score(before)))).flatMap((all) =>
      Array.from({ length: SESSIONS }, (_, s) => all.subarray(s * ITEMS, (s + 1) * ITEMS)),
    );
    const answered = rows.reduce((total, { s, cut }, row) => {
      const own = scores[row];
      const target = own[train.items[8 * s + cut]];
      return total + Math.log(own.reduce((sum, score) => sum + Math.exp(score - target), 0)) / rows.length;
    }, 0);
    expect(trained).toBeCloseTo(answered, 4);
    await model.close?.();
  });
});

describe('the questions asked beside the next item', () => {
  const priced = { ...attributes, priceMinor: Float64Array.from({ length: ITEMS }, (_, i) => 100 * i) };
  const typed = { ...train, types: new Uint8Array(8 * SESSIONS), typeLevels: ['view', 'purchase'] };
  const metricsOf = (told: Partial<TransformerSettings>, sequences: Sequences) => {
    const used = { ...defaultSettings(1000), ...settings, ...told };
    const network = networkOf(transformerKind, planTokens(sequences, used, priced), used);
    return compileTraining(pretraining(network), trainingSpecs(network, 8)).program.metrics;
  };

  it('are those the data can answer', () => {
    const { timesMs: _, ...untimed } = train;
    expect(metricsOf({}, typed)).toEqual(['next_item', 'next_type', 'next_gap', 'next_price']);
    expect(metricsOf({}, train)).toEqual(['next_item', 'next_gap', 'next_price']);
    expect(metricsOf({}, untimed)).toEqual(['next_item', 'next_price']);
  });

  it('are left out where they weigh nothing', () => {
    expect(metricsOf({ typeWeight: 0, priceWeight: 0 }, typed)).toEqual(['next_item', 'next_gap']);
    expect(metricsOf({ times: false }, typed)).toEqual(['next_item', 'next_type', 'next_price']);
  });
});
