// The leakage checks of one training run, with the test's features computed again from a log that ends where it stands.
import { type Frame, takeRows } from '../core/frame.ts';
import { random } from '../core/random.ts';
import { type Engine, sqlText } from '../data/engine.ts';
import type { Subjects } from '../data/examples.ts';
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
  const { train, calibrate, test, subjects } = run.fitted.samples;
  const { plan } = run.fitted.horizon;
  const shared = {
    kind: run.fitted.task.kind,
    splitBy: 'time' as const,
    horizonMs: plan.horizonMs,
    train: stageOf(train, subjects?.train),
    ...(calibrate ? { calibrate: stageOf(calibrate, subjects?.calibrate) } : {}),
  };
  const asked = stageOf(test, subjects?.test);
  const whole = checkLeakage({
    ...shared,
    test: asked,
    predicted: run.assessment.chosen.answers.value,
  });
  const recomputed = checkLeakage({ ...shared, ...(await recompute(engine, source, asked, run)) });
  return [...whole, ...recomputed.filter(({ check }) => RECOMPUTING.has(check))];
}

/** Some rows of the test, and the same rows from a log that ends where they stand, and from one in another order. */
async function recompute(
  engine: Engine,
  source: EventSource,
  asked: Stage,
  { fitted, seed, signal }: { fitted: FittedTask; seed: number; signal?: AbortSignal },
): Promise<{ test: Stage; truncated: Frame; tiesShuffled: Frame }> {
  const { task, view, samples, horizon } = fitted;
  const { test, subjects } = samples;
  const { at } = subjects?.test ?? {};
  const drawn = recomputedRows(test, seed);
  const endMs = at ? middleOf(drawn.map((row) => at[row])) : horizon.plan.test[0];
  const rows = at ? drawn.filter((row) => at[row] <= endMs) : drawn;
  const entities = [...new Set(rows.map((row) => test.entities[row]))];
  const places = async (log: EventSource) => {
    const again = await readExamples(engine, log, {
      entity: task.entity,
      seed,
      view,
      population: task.population,
      asOfs: horizon.plan.test,
      onlyEntities: entities,
      signal,
      // Moments of visits are drawn as they were: from those whose end is known.
      ...(at ? { label: task.target, horizonMs: horizon.plan.horizonMs } : {}),
    });
    const placeOf = new Map(keysOf(again.entities, again.subjects).map((key, place) => [key, place]));
    return { frame: again.frame, placeOf };
  };
  const truncated = await places(endingAt(source, endMs));
  const shuffled = await places(inAnotherOrder(source, task.entity === 'user' ? entities : undefined));
  const both = rows.filter(
    (row) => truncated.placeOf.has(asked.entities[row]) && shuffled.placeOf.has(asked.entities[row]),
  );
  const frameOf = ({ frame, placeOf }: typeof truncated) =>
    takeRows(
      frame,
      both.map((row) => placeOf.get(asked.entities[row]) as number),
    );
  return {
    test: {
      frame: takeRows(asked.frame, both),
      entities: both.map((row) => asked.entities[row]),
      asOf: Float64Array.from(both, (row) => asked.asOf[row]),
      target: Float64Array.from(both, (row) => asked.target[row]),
    },
    truncated: frameOf(truncated),
    tiesShuffled: frameOf(shuffled),
  };
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

const stageOf = ({ frame, entities, asOf, target }: Sample, subjects?: Subjects): Stage => ({
  frame,
  entities: keysOf(entities, subjects),
  asOf,
  target,
});

/** One key a row: the customer, with the item or the moment of the visit where there is one. */
const keysOf = (entities: readonly string[], { items, sessions, at }: Subjects = {}): readonly string[] =>
  entities.map((entity, row) =>
    [entity, items?.[row], sessions?.[row], at?.[row]].filter((part) => part !== undefined).join('\u001f'),
  );

const middleOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

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

/** What the log holds (of some customers), its rows, and so its equal timestamps, in another order. */
const inAnotherOrder = (source: EventSource, entities: readonly string[] | undefined): EventSource => {
  const only = entities ? `WHERE user_id IN (${entities.map(sqlText).join(', ')}) ` : '';
  return { ...source, events: `(SELECT * FROM ${source.events} ${only}ORDER BY md5(event_id))` };
};
