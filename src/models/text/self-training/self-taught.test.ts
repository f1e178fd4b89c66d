// Few labels and many texts without any, of a small language whose meaning is known.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { type MadeUpTexts, madeUpTexts } from '../../../encoders/own/made-up-language.ts';
import { pretrainOwn } from '../../../encoders/own/pretrain-own.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { encoded, estimatorById, fitModel, loadModel } from '../../catalogue.ts';
import type { Model, Question, Sample } from '../../estimator.ts';
import { takeSample } from '../../sample.ts';
import { readTopics, textGrams, textTopics } from '../grams/grams.ts';
import { onEncoder, type TextEstimator } from '../text-estimator.ts';
import { textColumns, textFrame, textsOf } from '../texts.ts';
import type { Verdict } from './keep-or-leave.ts';
import type { SelfTaught } from './self-taught.ts';
import { SELF_TAUGHT, type SelfTraining, spreadOf, students, teachers } from './self-training.ts';

const run = { seed: 1, threads: 1, progress: silent };
const QUESTION: Question = { kind: 'binary', outcome: 'other', horizonDays: 0, discountPerYear: 0 };

function sampleOf({ texts, praised }: MadeUpTexts, who: string, question = QUESTION): Sample {
  return {
    ...{ question, frame: textFrame(texts), target: praised, asOf: new Float64Array(texts.length) },
    entities: texts.map((_, i) => `${who}${i}`),
  };
}

const textsIn = ({ frame }: Sample): readonly string[] => textsOf(frame, textColumns(frame));

const shop = sampleOf(madeUpTexts(300, 2), 'open');
const labelled = sampleOf(madeUpTexts(48, 3), 'labelled');
const asked = sampleOf(madeUpTexts(200, 4), 'asked');
const { encoder } = await pretrainOwn(madeUpTexts(300, 1).texts, {
  ...{ ...run, name: 'own', backend: nodeBackend },
  settings: {
    ...{ width: 32, blocks: 1, heads: 2, length: 24, vocabulary: 400 },
    ...{ batch: 32, dropout: 0, rate: 0.01, epochs: 20 },
  },
});

const reader = estimatorById('text:frozen').withSettings?.({ members: 1, epochs: 10 }) as TextEstimator;
const taught = (unlabelled: Sample, onVerdict?: (verdict: Verdict) => void) =>
  onEncoder(
    (estimatorById(SELF_TAUGHT) as SelfTaught).withParts({ reader, ...(onVerdict && { onVerdict }) }),
    encoder,
    unlabelled,
  );

async function accuracy(model: Model): Promise<number> {
  const predicted = await model.predict(asked.frame);
  return predicted.filter((p, row) => p >= 0.5 === (asked.target[row] === 1)).length / predicted.length;
}

describe('self-training', () => {
  // with a dozen labels most of the sixteen words that tell are met once or not at all
  const dozens = [0, 12, 24].map((from) =>
    takeSample(
      labelled,
      Array.from({ length: 12 }, (_, i) => from + i),
    ),
  );
  const [few] = dozens;

  it('teaches words from texts without labels what few labels do not tell', async () => {
    const words = encoded(estimatorById('logistic'));
    const task: SelfTraining = {
      learners: [
        { estimator: words, isTaught: true },
        { estimator: onEncoder(reader, encoder), isTaught: false },
      ],
      ...{ unlabelled: shop, heard: new WeakMap(), rounds: 1, labelWeight: 5, run },
    };
    const right = { alone: 0, taught: 0 };
    for (const labels of dozens) {
      const first = await teachers(labels, task);
      const [student] = await students(first, labels, task);
      right.alone += (await accuracy(first[0])) / dozens.length;
      right.taught += (await accuracy(student)) / dozens.length;
    }
    expect(right.taught).toBeGreaterThan(right.alone + 0.05);
  });

  it('comes back as saved', async () => {
    const unseen = taught(shop).withSettings?.({ folds: 0 }) ?? taught(shop);
    const saved = (await fitModel(unseen, few, undefined, run)).save();
    expect(loadModel(saved).save()).toEqual(saved);
  });

  it('does not look at what stands as the target of an unlabelled row', async () => {
    const turned = { ...shop, target: shop.target.map((y) => 1 - y) };
    const settings = { folds: 0 };
    const [first, second] = await Promise.all(
      [shop, turned].map((open) =>
        fitModel(taught(open).withSettings?.(settings) ?? taught(open), few, undefined, run),
      ),
    );
    expect(second.save()).toEqual(first.save());
  });

  it('leaves the texts aside where labels held out say that they do harm', async () => {
    // all of one kind: taught to be half of each, students take praise for blame
    const praised = Array.from(shop.target.keys()).filter((row) => shop.target[row] === 1);
    const open = takeSample(shop, praised);
    const verdicts: Verdict[] = [];
    const model = await fitModel(
      taught(open, (own) => verdicts.push(own)),
      labelled,
      undefined,
      run,
    );
    expect(verdicts[0].students).toBeGreaterThan(verdicts[0].teachers);
    expect(verdicts[0].isKept).toBe(false);
    // the answer is the teachers', learned from labels alone, each as loud as the others
    const reading = await readTopics([...textsIn(labelled), ...textsIn(open)], run);
    const members = await Promise.all(
      [textGrams, textTopics(reading), onEncoder(reader, encoder)].map((own) =>
        fitModel(own, labelled, undefined, run),
      ),
    );
    const spreads = await Promise.all(members.map(async (own) => spreadOf(await own.margin(open.frame), 1)));
    const said = await Promise.all(members.map((own) => own.margin(asked.frame)));
    const scale = verdicts[0].temperature.teachers;
    const own = await model.margin(asked.frame);
    for (const [row, margin] of own.entries()) {
      // margins of a member are taken no further than 12 from even odds
      if (said.some((margins) => Math.abs(margins[row]) > 12)) continue;
      const together = said.reduce((sum, margins, k) => sum + margins[row] / spreads[k], 0) / said.length;
      expect(margin).toBeCloseTo(scale * together, 2);
    }
  });

  it('keeps to them where labels held out say that they help', async () => {
    const verdicts: Verdict[] = [];
    await fitModel(
      taught(shop, (own) => verdicts.push(own)),
      labelled,
      undefined,
      run,
    );
    expect(verdicts[0].isKept).toBe(true);
  });

  it('refuses amounts, and files without any such row', () => {
    const estimator = taught(shop);
    expect(estimator.refuses({ ...QUESTION, kind: 'amount' }, shop.frame)).toContain('amounts');
    const none = (estimatorById(SELF_TAUGHT) as SelfTaught).withParts({ encoder });
    expect(none.refuses(QUESTION, shop.frame)).toContain('without a target');
  });
});
