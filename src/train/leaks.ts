// The leakage checks of one training run, with the test's features computed again from a log that ends where it stands.
import { takeRows } from '../core/frame.ts';
import { random } from '../core/random.ts';
import type { Engine } from '../data/engine.ts';
import { buildExamples } from '../data/examples.ts';
import type { EventSource } from '../data/source.ts';
import { checkLeakage } from '../eval/leakage/check-leakage.ts';
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
  const part = { ...stageOf(test), frame: takeRows(test.frame, rows) };
  const again = await buildExamples(engine, endingAt(source, plan.test[0]), {
    view: run.fitted.view,
    population: run.fitted.task.population,
    asOfs: plan.test,
    onlyEntities: rows.map((row) => test.entities[row]),
    signal: run.signal,
  });
  const truncated = checkLeakage({
    ...shared,
    test: {
      ...part,
      entities: rows.map((row) => test.entities[row]),
      asOf: Float64Array.from(rows, (row) => test.asOf[row]),
      target: Float64Array.from(rows, (row) => test.target[row]),
    },
    truncated: again.frame,
  });
  return [...whole, ...truncated.filter(({ check }) => check === 'features-after-as-of')];
}

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
