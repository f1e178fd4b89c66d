// Counts of texts, and topics learned of texts without labels, on a small language whose meaning is known.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { loadModel } from '../../catalogue.ts';
import { fitHashedText, textReader } from '../../encoding/hashed-text.ts';
import type { Model, Question, Sample } from '../../estimator.ts';
import { textFrame } from '../texts.ts';
import { readTopics, textGrams, textTopics } from './grams.ts';
import { fitTopics, topicRows } from './topics.ts';

const run = { seed: 1, threads: 1, progress: silent };
const QUESTION: Question = { kind: 'binary', outcome: 'other', horizonDays: 0, discountPerYear: 0 };

/** Words of letters drawn: nothing in one tells of another. */
const words = (count: number, seed: number): readonly string[] => {
  const draw = random(seed);
  const letter = () => String.fromCharCode(97 + draw.integer(26));
  return Array.from({ length: count }, () => Array.from({ length: 6 }, letter).join(''));
};
const SAID = [words(30, 91), words(30, 92)];
const PLAIN = words(40, 93);

/** Two ways of talking, thirty words each, and words that tell nothing; who talks is the label. */
function talk(count: number, seed: number): { texts: readonly string[]; target: Float64Array } {
  const draw = random(seed);
  const target = Float64Array.from({ length: count }, (_, i) => i % 2);
  const texts = Array.from(target, (who) =>
    Array.from({ length: 6 }, (_, k) => (k < 4 ? SAID[who][draw.integer(30)] : PLAIN[draw.integer(40)])).join(
      ' ',
    ),
  );
  return { texts, target };
}

function sampleOf({ texts, target }: ReturnType<typeof talk>, question = QUESTION): Sample {
  return {
    ...{ question, frame: textFrame(texts), target, asOf: new Float64Array(texts.length) },
    entities: texts.map((_, i) => `text ${i}`),
  };
}

const accuracy = async (model: Model, { frame, target }: Sample): Promise<number> =>
  (await model.predict(frame)).filter((p, row) => p >= 0.5 === (target[row] === 1)).length / target.length;

const open = talk(600, 3);
const few = sampleOf(talk(8, 1));
const asked = sampleOf(talk(300, 11));

describe('topics', () => {
  it('let words that few labels never showed speak for those they did', async () => {
    const counted = await textGrams.fit(few, undefined, run);
    const reading = await readTopics(open.texts, run);
    expect(reading).toBeDefined();
    const told = await textTopics(reading).fit(few, undefined, run);
    expect(await accuracy(told, asked)).toBeGreaterThan((await accuracy(counted, asked)) + 0.1);
    expect(await accuracy(told, asked)).toBeGreaterThan(0.95);
  });

  it('are rows of length one, the strongest direction the loudest', async () => {
    const { vocabulary, matrix } = await fitHashedText(open.texts);
    const topics = await fitTopics(matrix, { seed: 1 });
    expect(topics).toBeDefined();
    const rows = topicRows(topics!, await textReader(vocabulary)(talk(300, 11).texts));
    const { dimensions } = topics!;
    const energy = new Float64Array(dimensions);
    for (let row = 0; row < rows.rows; row++) {
      let squares = 0;
      for (let k = rows.offsets[row]; k < rows.offsets[row + 1]; k++) {
        squares += rows.values[k] ** 2;
        energy[rows.codes[k]] += rows.values[k] ** 2;
      }
      expect(squares).toBeCloseTo(1, 5);
    }
    expect(Math.max(...energy)).toBeLessThanOrEqual(energy[0] + energy[1]);
    expect(energy[0] + energy[1]).toBeGreaterThan(energy[dimensions - 1] * 10);
  });

  it('are left out where texts are too few, and the n-grams speak', async () => {
    const own = await textTopics().fit(few, undefined, run);
    const counted = await textGrams.fit(few, undefined, run);
    expect(await own.predict(asked.frame)).toEqual(await counted.predict(asked.frame));
  });
});

describe('counts of texts', () => {
  const classes = sampleOf(
    { texts: open.texts, target: Float64Array.from(open.target, (y, i) => (i % 4 === 0 ? 2 : y)) },
    { ...QUESTION, kind: 'classes', classes: 3 },
  );

  it.each([
    ['n-grams', textGrams],
    ['topics', textTopics()],
  ])('%s come back as saved, of two answers and of three', async (_, estimator) => {
    for (const sample of [sampleOf(open), classes]) {
      const model = await estimator.fit(sample, undefined, run);
      const again = loadModel(model.save());
      expect(again.save()).toEqual(model.save());
      expect(await again.predict(asked.frame)).toEqual(await model.predict(asked.frame));
    }
  });

  it('give classes probabilities that sum to one', async () => {
    const model = await textGrams.fit(classes, undefined, run);
    const told = await model.predict(asked.frame);
    expect(told).toHaveLength(3 * asked.target.length);
    for (let from = 0; from < told.length; from += 3)
      expect(told[from] + told[from + 1] + told[from + 2]).toBeCloseTo(1, 9);
  });

  it('leave rows without weight out', async () => {
    const weight = Float64Array.from(few.target, (_, row) => Number(row < 4));
    const first = await textGrams.fit({ ...few, weight }, undefined, run);
    const turned = few.target.map((y, row) => (row < 4 ? y : 1 - y));
    const second = await textGrams.fit({ ...few, weight, target: turned }, undefined, run);
    expect(await second.predict(asked.frame)).toEqual(await first.predict(asked.frame));
  });

  it('refuse a saved model with a part missing', async () => {
    const { arrays, ...rest } = (await textGrams.fit(few, undefined, run)).save();
    const { idf, ...fewer } = arrays ?? {};
    expect(idf).toBeDefined();
    expect(() => loadModel({ ...rest, arrays: fewer })).toThrow('vocabulary');
  });
});
