// The leakage checks of one training run, with the test's features computed again from a log that ends where it stands.
import { takeRows } from '../core/frame.ts';
import { random } from '../core/random.ts';
import { type Engine, sqlText } from '../data/engine.ts';
import { readExamples } from '../data/read-examples.ts';
import type { EventSource } from '../data/source.ts';
import { checkLeakage, LEAKAGE_CHECKS } from '../eval/leakage/check-leakage.ts';
import type { Finding, Stage } from '../eval/leakage/finding.ts';
import type { Sample } from '../models/estimator.ts';
import type { Assessment } from './assess.ts';
import type { FittedTask } from './fit.ts';

/** Customers whose features are computed a second time; a leak in a feature shows in all of them. */
const RECOMPUTED_CUSTOMERS = 300;

export async function findLeaks(
  engine: Engine,
  source: EventSource,
  run: { fitted: FittedTask; assessment: Assessment; seed: number; signal?: AbortSignal },
): Promise<readonly Finding[]> {
  const { train, calibrate, test } = run.fitted.samples;
  const { plan } = run.fitted.horizon;
  const shared = {
    kind: run.fitted.task.kind,
    splitBy: 'time' as const,
    horizonMs: plan.horizonMs,
    train: stageOf(train),
    ...(calibrate ? { calibrate: stageOf(calibrate) } : {}),
  };
  const whole = checkLeakage({
    ...shared,
    test: stageOf(test),
    predicted: run.assessment.chosen.answers.value,
  });
  const rows = recomputedRows(test, run.seed);
  const entities = rows.map((row) => test.entities[row]);
  const again = (log: EventSource) =>
    readExamples(engine, log, {
      entity: run.fitted.task.entity,
      view: run.fitted.view,
      population: run.fitted.task.population,
      asOfs: plan.test,
      onlyEntities: entities,
      signal: run.signal,
    });
  const truncated = await again(endingAt(source, plan.test[0]));
  const shuffled = await again(inAnotherOrder(source, entities));
  const recomputed = checkLeakage({
    ...shared,
    test: {
      frame: takeRows(test.frame, rows),
      entities,
      asOf: Float64Array.from(rows, (row) => test.asOf[row]),
      target: Float64Array.from(rows, (row) => test.target[row]),
    },
    truncated: truncated.frame,
    tiesShuffled: shuffled.frame,
  });
  return [...whole, ...recomputed.filter(({ check }) => RECOMPUTING.has(check))];
}

/** Checks that compare features with the same features computed again. */
const RECOMPUTING: ReadonlySet<string> = new Set(['features-after-as-of', 'shuffled-ties']);

/** Checks for tables without time, or for statistics a run of ours does not hand in. */
const NOT_FOR_TIME_SPLITS: ReadonlySet<string> = new Set([
  'customers-on-both-sides',
  'copied-rows',
  'events-after-as-of',
  'fitted-on-test',
]);

/** Ids of the checks a training run really makes. */
export const checksMade = (kind: 'binary' | 'amount'): readonly string[] =>
  Object.keys(LEAKAGE_CHECKS).filter(
    (check) => !NOT_FOR_TIME_SPLITS.has(check) && (kind === 'binary' || check !== 'calibrated-on-test'),
  );

const stageOf = ({ frame, entities, asOf, target }: Sample): Stage => ({ frame, entities, asOf, target });

/** Rows of a seeded draw of customers, in the order they stand in. */
function recomputedRows(test: Sample, seed: number): number[] {
  const order = random(seed).fork('leak check').shuffle(Array.from(test.target.keys()));
  return order.slice(0, RECOMPUTED_CUSTOMERS).sort((a, b) => a - b);
}

/** The same log as it stood at a moment. */
const endingAt = (source: EventSource, asOf: number): EventSource => ({
  ...source,
  events: `(SELECT * FROM ${source.events} WHERE timestamp <= ${asOf})`,
  lastMs: Math.min(source.lastMs, asOf),
});

/** What the log holds of some customers, its rows, and so its equal timestamps, in another order. */
const inAnotherOrder = (source: EventSource, entities: readonly string[]): EventSource => ({
  ...source,
  events:
    `(SELECT * FROM ${source.events} WHERE user_id IN (${entities.map(sqlText).join(', ')}) ` +
    'ORDER BY md5(event_id))',
});
