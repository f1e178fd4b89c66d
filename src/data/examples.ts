// Examples: for every customer of a population at every moment, the features of a view and the outcome that followed.
import { AppError, throwIfAborted } from '../core/errors.ts';
import { type Column, type Frame, makeFrame } from '../core/frame.ts';
import { type Progress, silent } from '../core/progress.ts';
import { localDay } from '../core/time.ts';
import type { Engine } from './engine.ts';
import { emptyValue } from './features/aggregate.ts';
import type { FeatureView } from './features/definition.ts';
import { planView } from './features/plan.ts';
import { collectColumns } from './features/sql/columns.ts';
import { type LogSql, reachMs, relationsOf, selectAt } from './features/sql/relations.ts';
import { collectSequences, type SequenceFeature } from './features/sql/sequence-columns.ts';
import { openWorktable } from './features/sql/worktable.ts';
import {
  emptyTarget,
  type LabelDefinition,
  labelRows,
  type Population,
  targetScale,
  targetSelect,
} from './labels.ts';
import type { EventSource } from './source.ts';

export interface ExampleOptions {
  readonly view: FeatureView;
  /** Absent for prediction. */
  readonly label?: LabelDefinition;
  readonly population: Population;
  /** UTC ms, in any order; each is used once. */
  readonly asOfs: readonly number[];
  /** Length of the label's horizon; needed with a label only. */
  readonly horizonMs?: number;
  /** Only these users, where they belong to the population. */
  readonly onlyEntities?: readonly string[];
  /** Of items and visits: the customers asked about, as SQL over `user_id`; everybody's events are read nevertheless. */
  readonly drawn?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Row i of everything belongs to (entities[i], asOf[i]); sorted by `asOf`, then `entity` in UTF-8 byte order. */
export interface ExampleSet {
  readonly entities: string[];
  /** UTC ms, [rows]. */
  readonly asOf: Float64Array;
  readonly frame: Frame;
  /** [rows]; present when a label was given. Money in minor units. */
  readonly target?: Float64Array;
  /** Rows at each moment, in order. */
  readonly counts: readonly { readonly asOf: number; readonly rows: number }[];
  /** What a row is about besides its customer, where it is about more. */
  readonly subjects?: Subjects;
}

/** Row i of everything belongs to example i. */
export interface Subjects {
  readonly items?: readonly string[];
  readonly sessions?: readonly string[];
  /** Where rows stand within the stretch that begins at their `asOf`: the moment each one is asked at, UTC ms. */
  readonly at?: Float64Array;
}

/**
 * Builds the examples of a view, a label and a population at some moments.
 *
 * The log is read once into narrow tables; every moment is then one bounded SELECT per table, scattered into typed
 * arrays by user number. Nothing after a moment reaches its features, and a label needs `asOf + horizonMs` to lie
 * inside the history: that is for the caller to see to.
 *
 * Cost: memory of the frame (8 bytes a number) plus one moment's aggregates.
 *
 * @throws AppError BAD_DEFINITION, USAGE, INTERRUPTED
 */
export async function buildExamples(
  engine: Engine,
  source: EventSource,
  options: ExampleOptions,
): Promise<ExampleSet> {
  const { view, label, population, signal, progress = silent } = options;
  const horizonMs = label ? requireHorizon(options.horizonMs) : 0;
  const moments = [...new Set(options.asOfs)].sort((a, b) => a - b);
  if (moments.length === 0 || moments.some((moment) => !Number.isSafeInteger(moment)))
    throw new AppError('USAGE', 'expected at least one moment in whole UTC milliseconds');
  const plan = planView(view);
  const relations = relationsOf(plan.aggregates);

  const steps = relations.length + moments.length + 1;
  let done = 0;
  const step = () => progress.step({ task: 'features', done: ++done, total: steps, unit: 'steps' });

  const work = await openWorktable(engine, source, {
    untilMs: moments[moments.length - 1],
    readUntilMs: moments[moments.length - 1] + horizonMs,
    onlyEntities: options.onlyEntities,
    signal,
  });
  try {
    step();
    const members = await work.membersAt(population, moments);
    const total = members.reduce((sum, codes) => sum + codes.length, 0);
    const tables: string[] = [];
    for (const relation of relations) {
      const reach = reachMs(relation);
      const select = (log: LogSql) => relation.select(log, work.dictionary);
      const afterMs = reach === undefined ? undefined : moments[0] - reach;
      tables.push(await work.materialise(select, { texts: relation.texts, afterMs }));
      step();
    }
    const labelTable = label
      ? await work.materialise((log) => labelRows(label, log), { afterMs: moments[0] })
      : '';

    const sequences = await collectSequences(
      engine,
      work,
      plan.features.flatMap(({ kind, feature }) => (kind === 'sequence' ? [feature as SequenceFeature] : [])),
      signal,
    );
    const columns = collectColumns(plan, total, work.levels);
    const entities: string[] = new Array(total);
    const asOf = new Float64Array(total);
    const target = label ? new Float64Array(total).fill(emptyTarget(label)) : undefined;
    const rowOf = new Int32Array(work.users.length);
    const values = plan.aggregates.map(() => new Float64Array(Math.max(0, ...members.map((m) => m.length))));
    const slotOf = new Map(plan.aggregates.map((aggregate, slot) => [aggregate, slot]));
    let offset = 0;
    for (const [at, moment] of moments.entries()) {
      const codes = members[at];
      rowOf.fill(-1);
      for (let row = 0; row < codes.length; row++) {
        rowOf[codes[row]] = row;
        entities[offset + row] = work.users[codes[row]];
        asOf[offset + row] = moment;
      }
      plan.aggregates.forEach((aggregate, slot) => {
        values[slot].fill(emptyValue(aggregate.op));
      });
      for (const [r, relation] of relations.entries()) {
        const slots = relation.aggregates.map((aggregate) => values[slotOf.get(aggregate) ?? 0]);
        await work.scatter(selectAt(relation, tables[r], moment), rowOf, slots);
      }
      await sequences.addMoment(moment, codes);
      const day = localDay(source.zone, moment);
      columns.finish({ asOfMs: moment, day }, { values, offset, rows: codes.length });
      if (label && target) {
        const part = target.subarray(offset, offset + codes.length);
        await work.scatter(targetSelect(label, labelTable, moment, horizonMs), rowOf, [part]);
        const scale = targetScale(label);
        if (scale !== 1) for (let i = 0; i < part.length; i++) part[i] /= scale;
      }
      offset += codes.length;
      throwIfAborted(signal);
      step();
    }
    const ragged = sequences.done().values();
    const finished = columns.done().map((column) => column ?? (ragged.next().value as Column));
    return {
      entities,
      asOf,
      frame: makeFrame(finished, { rows: total, currency: source.currency }),
      target,
      counts: moments.map((moment, at) => ({ asOf: moment, rows: members[at].length })),
    };
  } finally {
    await work.close();
  }
}

function requireHorizon(horizonMs: number | undefined): number {
  if (horizonMs !== undefined && Number.isSafeInteger(horizonMs) && horizonMs > 0) return horizonMs;
  throw new AppError('USAGE', `expected a horizon in whole milliseconds beside the label, got ${horizonMs}`);
}
