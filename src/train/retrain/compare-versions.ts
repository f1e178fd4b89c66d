// Two saved versions of a task on the same examples of a period that neither has learned from.
import { DAY_MS } from '../../core/time.ts';
import type { Engine } from '../../data/engine.ts';
import type { ExampleSet } from '../../data/examples.ts';
import { readExamples } from '../../data/read-examples.ts';
import type { EventSource } from '../../data/source.ts';
import { comparePredictions } from '../../eval/compare-predictions.ts';
import { ROW_METRICS } from '../../eval/metrics/metric.ts';
import { forecast } from '../../models/calibrated.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import { sampleCustomers } from '../customer-sample.ts';
import type { VersionComparison } from './decide.ts';

export interface VersionsCompared {
  readonly comparison: VersionComparison;
  readonly examples: number;
  /** The incumbent has seen outcomes of the period, in part or whole. */
  readonly incumbentHasSeen: boolean;
}

export interface CompareOptions {
  /** Moments to stand at, UTC ms: those of the new version's test. */
  readonly moments: readonly number[];
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Each version reads the examples by its own features; those that both have are compared, customers drawn with replacement.
 *
 * @param bundles of one horizon
 * @throws AppError NOT_ENOUGH_DATA where the deciding metric has no value
 */
export async function compareVersions(
  engine: Engine,
  source: EventSource,
  bundles: { readonly challenger: LoadedBundle; readonly incumbent: LoadedBundle },
  { moments, seed, signal }: CompareOptions,
): Promise<VersionsCompared> {
  const { challenger, incumbent } = bundles;
  const { task } = challenger;
  const horizonMs = Math.round(challenger.checkedDays * DAY_MS);
  const drawn = await sampleCustomers(engine, source, {
    ...{ task, moments: moments.length, seed },
    ...(signal && { signal }),
  });
  const answersOf = async (bundle: LoadedBundle) => {
    const examples = await readExamples(engine, drawn.source, {
      ...{ entity: task.entity, drawn: drawn.drawn, seed, view: bundle.view, label: task.target },
      ...{ population: task.population, asOfs: moments, horizonMs, signal },
    });
    const { model, corrections } = bundle.calibrated;
    const { value } = await forecast({ model, corrections }, examples.frame, examples.asOf);
    return { examples, value };
  };
  const ours = await answersOf(challenger);
  const theirs = await answersOf(incumbent);
  const places = new Map<string, number>();
  for (let row = 0; row < theirs.value.length; row++) places.set(nameOf(theirs.examples, row), row);
  const pairs: [number, number][] = [];
  for (let row = 0; row < ours.value.length; row++) {
    const other = places.get(nameOf(ours.examples, row));
    if (other !== undefined) pairs.push([row, other]);
  }
  const target = ours.examples.target as Float64Array;
  const comparison = comparePredictions(
    {
      entities: pairs.map(([row]) => ours.examples.entities[row]),
      actual: Float64Array.from(pairs, ([row]) => target[row]),
      first: Float64Array.from(pairs, ([row]) => ours.value[row]),
      second: Float64Array.from(pairs, ([, row]) => theirs.value[row]),
    },
    task.metrics[0],
    { seed },
  );
  return {
    comparison: { ...comparison, isHigherBetter: ROW_METRICS[comparison.metric].better === 'higher' },
    examples: pairs.length,
    incumbentHasSeen: moments.some((moment) => moment < incumbent.seenUntilMs),
  };
}

/** What an example is about, and when. */
const nameOf = ({ entities, asOf, subjects }: ExampleSet, row: number): string =>
  JSON.stringify([
    entities[row],
    asOf[row],
    subjects?.items?.[row] ?? null,
    subjects?.sessions?.[row] ?? null,
    subjects?.at?.[row] ?? null,
  ]);
