// What is said of costs, and to whom it is said: to who can answer, before anything is fitted.
import { expect, test } from 'vitest';
import { behaviourTransformer } from '../models/behaviour/behaviour.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, Question, Sample } from '../models/estimator.ts';
import { gbdt } from '../models/gbdt/gbdt.ts';
import { logisticRegression } from '../models/linear/linear.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { searchableOf } from './search-best.ts';
import { stateCosts } from './stated-costs.ts';

const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };
const sampleOf = (customers: number, events: boolean): Sample =>
  madeUpSample({ customers, seed: 1, question: BUYS, events });

function stated(
  candidates: readonly Estimator[],
  train: Sample,
  limits: { mostSeconds?: number; fits: number },
) {
  const notes: string[] = [];
  const costs = stateCosts(candidates, train, { ...limits, progress: { note: (line) => notes.push(line) } });
  return { notes, costs };
}

const lora = estimatorById('transformer:lora');
const both = [logisticRegression, lora];

test('a model that costs more than all others says so, fit by fit, and is left out where nobody asked for so much', () => {
  const train = sampleOf(600, true);
  const { notes, costs } = stated(both, train, { fits: 6 });
  const seconds = costs.get(lora)?.seconds as number;
  expect([...costs.keys()]).toEqual([lora]);
  expect(notes).toEqual([
    `transformer:lora will take about ${Math.ceil(6 * seconds)} s of one thread, 6 fits of ${Math.ceil(seconds)} s`,
  ]);
  const limited = stated(both, train, { fits: 6, mostSeconds: 3 * seconds });
  expect(limited.notes).toEqual([]);
  expect(limited.costs.get(lora)?.tooMuch).toMatch(/it would take about .* --model/);
});

test('who cannot answer has no cost, and who has a cost is fitted with its own settings alone', () => {
  const { notes, costs } = stated(both, sampleOf(600, false), { fits: 1 });
  expect([notes, costs.size]).toEqual([[], 0]);
  const ranked = [lora, gbdt].map((estimator) => ({ estimator }));
  expect(searchableOf(ranked).map(({ estimator }) => estimator.id)).toEqual(['gbdt']);
});

test('more rows cost more up to the most that are learned from, a trunk handed in less, a frozen one least', () => {
  const costOf = (estimator: Estimator, customers: number) =>
    estimator.seconds?.(sampleOf(customers, true)) ?? 0;
  const frozen = estimatorById('transformer:frozen');
  expect(costOf(lora, 400)).toBeGreaterThan(1.5 * costOf(lora, 200));
  const small = behaviourTransformer.withSettings?.({ mostRows: 100, pretrainSteps: 0 }) as Estimator;
  // Histories are not equally long on average among so few.
  expect(costOf(small, 400) / costOf(small, 200)).toBeCloseTo(1, 0);
  expect(costOf(frozen, 400)).toBeLessThan(costOf(lora, 400));
});
