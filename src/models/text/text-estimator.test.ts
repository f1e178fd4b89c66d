// Every way of fine-tuning keeps an estimator's promises, on texts of a small language whose meaning is known.
import { describe, expect, it } from 'vitest';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { madeUpTexts } from '../../encoders/own/made-up-language.ts';
import { pretrainOwn } from '../../encoders/own/pretrain-own.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { estimatorById, fitModel, loadModel } from '../catalogue.ts';
import type { Estimator, Question, Sample, Settings } from '../estimator.ts';
import { takeSample } from '../sample.ts';
import { estimatorId, TEXT_METHODS } from './methods.ts';
import { onEncoder, type TextEstimator } from './text-estimator.ts';

const run = { seed: 1, threads: 1, progress: silent };
const unlabelled = madeUpTexts(600, 1);
const { encoder } = await pretrainOwn(unlabelled.texts, {
  ...{ ...run, name: 'own', backend: nodeBackend },
  settings: {
    ...{ width: 32, blocks: 2, heads: 2, length: 24, vocabulary: 400 },
    ...{ batch: 32, dropout: 0, rate: 0.005, epochs: 30 },
  },
});

const QUESTION: Question = { kind: 'binary', outcome: 'other', horizonDays: 0, discountPerYear: 0 };

function sampleOf({ texts, praised }: ReturnType<typeof madeUpTexts>, question: Question = QUESTION): Sample {
  const label = name('text', '文本');
  return {
    question,
    frame: {
      ...{ rows: texts.length, currency: '' },
      columns: [{ kind: 'text', name: 'text', label, unit: 'none', group: 'text', values: texts }],
    },
    entities: texts.map((_, i) => `e${i}`),
    asOf: new Float64Array(texts.length),
    target: praised,
  };
}

const learn = sampleOf(madeUpTexts(300, 2));
const asked = sampleOf(madeUpTexts(200, 3));

const told = (id: string, settings: Settings = {}): Estimator =>
  onEncoder(estimatorById(id), encoder).withSettings?.({
    epochs: 4,
    members: 1,
    dropout: 0,
    ...settings,
  }) as Estimator;

const accuracy = (predicted: Float64Array, target: Float64Array): number =>
  predicted.reduce((sum, p, row) => sum + Number(p >= 0.5 === target[row] >= 0.5), 0) / target.length;

describe.each(TEXT_METHODS.map((method) => [estimatorId(method)] as const))('%s', (id) => {
  const fitted = fitModel(told(id), learn, undefined, run);

  it('learns what texts mean, comes back as saved, and answers each row alone as among others', async () => {
    const model = await fitted;
    const predicted = await model.predict(asked.frame);
    expect(accuracy(predicted, asked.target)).toBeGreaterThan(0.8);
    const saved = model.save();
    const again = loadModel(saved);
    expect(again.save()).toEqual(saved);
    const backwards = takeSample(asked, Array.from(asked.target.keys()).reverse());
    const turned = await again.predict(backwards.frame);
    const alone = await again.predict(takeSample(asked, [7]).frame);
    // rounding differs from batch to batch
    expect(alone[0]).toBeCloseTo(predicted[7], 5);
    for (const [row, p] of predicted.entries()) expect(turned[turned.length - 1 - row]).toBeCloseTo(p, 5);
  });
});

describe('text encoders', () => {
  it('say what moved: a few hundredths by LoRA, everything by the full way', async () => {
    const moved = new Map<string, { moved: number; parameters: number }>();
    for (const id of ['text', 'text:lora', 'text:frozen']) {
      const estimator = (told(id, { rank: 1, epochs: 1 }) as TextEstimator).withParts({
        onTuned: (facts) => void moved.set(id, facts),
      });
      await fitModel(estimator, learn, undefined, run);
    }
    const share = (id: string) => (moved.get(id)?.moved ?? 0) / (moved.get(id)?.parameters ?? 1);
    expect(share('text')).toBe(1);
    expect(share('text:lora')).toBeLessThan(0.1);
    expect(moved.get('text:frozen')?.moved).toBe(33);
  });

  it('give the same bytes from the same rows, in whatever order they come', async () => {
    const bytes = async (sample: Sample) =>
      (await fitModel(told('text:lora', { epochs: 1 }), sample, undefined, run)).save();
    const order = Array.from(learn.target.keys()).reverse();
    expect(await bytes(takeSample(learn, order))).toEqual(await bytes(learn));
  });

  it('tell classes and amounts, too', async () => {
    const classes = { ...learn, question: { ...QUESTION, kind: 'classes' as const, classes: 2 } };
    const said = await (await fitModel(told('text'), classes, undefined, run)).predict(asked.frame);
    expect(said).toHaveLength(2 * asked.target.length);
    expect(
      accuracy(
        said.filter((_, i) => i % 2 === 1),
        asked.target,
      ),
    ).toBeGreaterThan(0.9);
    const stars = learn.target.map((y) => 1 + 4 * y);
    const amounts = { ...learn, target: stars, question: { ...QUESTION, kind: 'amount' as const } };
    const rated = await (await fitModel(told('text'), amounts, undefined, run)).predict(asked.frame);
    const error = rated.reduce((sum, r, row) => sum + Math.abs(r - 1 - 4 * asked.target[row]), 0);
    expect(error / rated.length).toBeLessThan(1);
  });

  it('begin from words that are counted, and do not forget them', async () => {
    const model = await fitModel(told('text:lora', { words: true, epochs: 1 }), learn, undefined, run);
    expect(accuracy(await model.predict(asked.frame), asked.target)).toBeGreaterThan(0.95);
    expect(loadModel(model.save()).save()).toEqual(model.save());
  });

  it('tell texts apart by descriptions of their labels before there is anything to learn from', async () => {
    const few = takeSample(
      learn,
      Array.from({ length: 12 }, (_, i) => i),
    );
    const labels = '0=awful shabby ugly never again;1=lovely superb perfect keep it';
    const settings = { steps: 1, rate: 1e-6 };
    const without = await fitModel(told('text:frozen', settings), few, undefined, run);
    const described = await fitModel(told('text:frozen', { ...settings, labels }), few, undefined, run);
    const [plain, with_] = await Promise.all([without, described].map((model) => model.predict(asked.frame)));
    expect(accuracy(with_, asked.target)).toBeGreaterThan(0.85);
    expect(accuracy(plain, asked.target)).toBeLessThan(0.7);
    await expect(
      fitModel(told('text:frozen', { labels: '1=good' }), few, undefined, run),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('put probabilities right where rare classes were made to weigh more', async () => {
    const rare = takeSample(
      learn,
      Array.from(learn.target.keys()).filter((row) => learn.target[row] === 0 || row % 8 === 0),
    );
    const model = await fitModel(told('text', { balance: 1 }), rare, undefined, run);
    const predicted = await model.predict(rare.frame);
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    // as if they came alike often, half would be expected
    expect(mean(predicted)).toBeLessThan(2 * mean(rare.target));
    expect(mean(predicted)).toBeGreaterThan(mean(rare.target) / 2);
  });

  it('read texts that were changed a little at each reading', async () => {
    const changed = { deletion: 0.1, swapping: 0.1, hiding: 0.1, replacement: 0.1 };
    const model = await fitModel(told('text', changed), learn, undefined, run);
    expect(accuracy(await model.predict(asked.frame), asked.target)).toBeGreaterThan(0.9);
  });

  it.each(['text', 'text:lora', 'text:adalora'])('%s is steadier as the mean of several runs', async (id) => {
    const few = takeSample(
      learn,
      Array.from({ length: 24 }, (_, i) => i),
    );
    const model = await fitModel(told(id, { members: 3, epochs: 24 }), few, undefined, run);
    expect(accuracy(await model.predict(asked.frame), asked.target)).toBeGreaterThan(0.85);
  });

  it('refuse without an encoder, without texts, and settings they do not have', () => {
    expect(estimatorById('text').refuses(QUESTION, learn.frame)).toContain('encoder');
    expect(told('text').refuses(QUESTION, { ...learn.frame, columns: [] })).toContain('text column');
    expect(() => told('text', { speed: 3 })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
