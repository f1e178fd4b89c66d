// Month after month: a network fitted afresh, one continued with replay, one without, and one that never learns again, on the same cases.
import { type CaseView, caseEntities } from '../../src/core/case-view.ts';
import { silent } from '../../src/core/progress.ts';
import { hash32 } from '../../src/core/random.ts';
import { cutSequences, type NextItemCases, type Sequences } from '../../src/core/sequences.ts';
import { everyPrefix } from '../../src/eval/sequences/prefixes.ts';
import type { TargetRanks } from '../../src/eval/sequences/rank-targets.ts';
import { type ContinueSettings, type Effort, newsSince } from '../../src/models/sequence/continuing.ts';
import { continueNetwork } from '../../src/models/sequence/neural/continue/continue-network.ts';
import { askedOf } from '../../src/models/sequence/neural/continue/replay.ts';
import { trainingBatches } from '../../src/models/sequence/neural/events/batches.ts';
import { trainNetwork } from '../../src/models/sequence/neural/fit.ts';
import { openScorer } from '../../src/models/sequence/neural/scorer.ts';
import type { Trained } from '../../src/models/sequence/neural/trained.ts';
import type { TransformerSettings } from '../../src/models/sequence/transformer/settings.ts';
import { transformerKind } from '../../src/models/sequence/transformer/transformer.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { rankCases } from '../../src/train/sequence/rank-cases.ts';

/** Of the customers: their old events nobody learns, and everybody is asked about them. */
const APART = 0.1;
const MONTH_MS = 30 * 86_400_000;

export interface RollingRun {
  /** Told to all networks alike. */
  readonly settings: TransformerSettings;
  readonly how: ContinueSettings;
  readonly months: number;
  /** Nothing later is read, UTC ms. */
  readonly untilMs: number;
  /** Whether what a customer has had is a candidate. */
  readonly history: keyof TargetRanks;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

export const ARMS = ['full', 'replay', 'alone', 'stale'] as const;
export type Arm = (typeof ARMS)[number];

export interface ArmMonth {
  /** Places of the next month's targets. */
  readonly next: Float64Array;
  /** Places of the old targets of those kept apart. */
  readonly old: Float64Array;
  readonly steps: number;
  /** Events asked for in learning, all readings together. */
  readonly asked: number;
  readonly seconds: number;
}

export interface Month {
  /** UTC ms: what came up to here is learned, the month after it is asked about. */
  readonly endMs: number;
  readonly newEvents: number;
  readonly newItems: number;
  readonly entities: readonly string[];
  readonly arms: Readonly<Record<Arm, ArmMonth>>;
}

export interface Rolled {
  /** Readings after which the first fit was at its best by its own validation: all later ones take as many. */
  readonly epochs: number;
  readonly oldEntities: readonly string[];
  readonly months: readonly Month[];
}

export async function rollMonths(sequences: Sequences, run: RollingRun): Promise<Rolled> {
  const { months, untilMs, seed, threads, settings, how, log } = run;
  const end = (month: number): number => untilMs - (months - month + 1) * MONTH_MS;
  const apart = (row: number): boolean =>
    hash32(sequences.entities[row], hash32(`continual ${seed}`)) < APART * 2 ** 32;
  const upTo = (ms: number) => before(sequences, ms, (row) => !apart(row));
  const old = lastEvents(before(sequences, end(0), apart));
  const fitRun = { seed, threads, progress: silent };
  const task = { kind: transformerKind, settings, parts: { backend: nodeBackend }, run: fitRun };
  const watched = await timed(() => trainNetwork(upTo(end(0)), undefined, task));
  const { epochs } = watched.result;
  log(`first fit: best after ${epochs[0].toFixed(1)} readings, ${watched.seconds.toFixed(0)} s`);
  // As `sequence fit` does: once it is known when to stop, what told it is learned as well.
  const first = await timed(() => trainNetwork(upTo(end(0)), undefined, { ...task, stopAfter: epochs }));
  let [replay, alone]: [Trained, Trained] = [first.result, first.result];
  const rolled: Month[] = [];
  for (let month = 1; month <= months; month++) {
    const known = upTo(end(month));
    const news = newsSince(known, end(month - 1));
    const full = await timed(() => trainNetwork(known, undefined, { ...task, stopAfter: epochs }));
    const goOn = (trained: Trained, share: number) =>
      timed(() => continueNetwork(trained, news, { ...task, how: { ...how, replay: share } }));
    const withReplay = await goOn(replay, how.replay);
    const without = await goOn(alone, 0);
    [replay, alone] = [withReplay.result, without.result];
    const next = monthCases(sequences, end(month), end(month + 1));
    const asked = { next, old, run };
    const ofEffort = ({ result, seconds }: { result: { effort: Effort }; seconds: number }) => ({
      ...{ steps: result.effort.steps, asked: result.effort.asked, seconds },
    });
    const arms = {
      full: {
        ...(await placesOf(full.result, asked)),
        steps: Math.round(
          epochs[0] * trainingBatches(full.result.network.plan, known, settings, seed).batchesPerEpoch,
        ),
        ...{ asked: Math.round(askedOf(known) * epochs[0]), seconds: full.seconds },
      },
      replay: { ...(await placesOf(replay, asked)), ...ofEffort(withReplay) },
      alone: { ...(await placesOf(alone, asked)), ...ofEffort(without) },
      stale: { ...(await placesOf(first.result, asked)), steps: 0, asked: 0, seconds: 0 },
    };
    rolled.push({
      endMs: end(month),
      newEvents: news.newFrom.reduce((sum, from, row) => sum + known.offsets[row + 1] - from, 0),
      newItems: newItems(upTo(end(month - 1)), known),
      entities: caseEntities(next),
      arms,
    });
    log(
      `${new Date(end(month)).toISOString().slice(0, 10)}: ${ARMS.map((arm) => `${arm} ${meanNdcg(arms[arm].next).toFixed(4)} old ${meanNdcg(arms[arm].old).toFixed(4)} (${arms[arm].asked}, ${arms[arm].seconds.toFixed(0)} s)`).join(', ')}`,
    );
  }
  return { epochs: epochs[0], oldEntities: old.before.entities, months: rolled };
}

export const meanNdcg = (places: Float64Array): number =>
  places.reduce((sum, place) => sum + (place <= 10 ? 1 / Math.log2(1 + place) : 0), 0) / places.length;

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const startedMs = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - startedMs) / 1000 };
}

/** Events up to a moment of the rows that are wanted; those with none are left out. */
export function before(sequences: Sequences, ms: number, wanted: (row: number) => boolean): Sequences {
  const { offsets, timesMs } = sequences;
  if (!timesMs) throw new Error('expected moments to roll over months');
  const cut = (row: number): number => {
    let to = offsets[row + 1];
    while (to > offsets[row] && timesMs[to - 1] > ms) to--;
    return to;
  };
  const rows = [...sequences.entities.keys()].filter((row) => wanted(row) && cut(row) > offsets[row]);
  return cutSequences(sequences, rows, (row) => [offsets[row], cut(row)]);
}

export function lastEvents(sequences: Sequences): NextItemCases {
  const { offsets, items } = sequences;
  const rows = [...sequences.entities.keys()].filter((row) => offsets[row + 1] - offsets[row] >= 2);
  return {
    before: cutSequences(sequences, rows, (row) => [offsets[row], offsets[row + 1] - 1]),
    targets: Int32Array.from(rows, (row) => items[offsets[row + 1] - 1]),
  };
}

/** Every event of a month with another one of the same customer before it. */
export function monthCases(sequences: Sequences, fromMs: number, toMs: number): CaseView {
  const upTo = before(sequences, toMs, () => true);
  const { timesMs = new Float64Array(), offsets } = upTo;
  const rows = [...upTo.entities.keys()].filter((row) => timesMs[offsets[row + 1] - 1] > fromMs);
  return everyPrefix(upTo, rows, (row) => {
    let at = offsets[row] + 1;
    while (at < offsets[row + 1] && timesMs[at] <= fromMs) at++;
    return at;
  });
}

function newItems(was: Sequences, is: Sequences): number {
  const known = new Set(was.items);
  return new Set(is.items.filter((item) => !known.has(item))).size;
}

export async function placesOf(
  trained: Trained,
  { next, old, run }: { readonly next: CaseView; readonly old: NextItemCases; readonly run: RollingRun },
): Promise<{ readonly next: Float64Array; readonly old: Float64Array }> {
  const scorer = openScorer(trained, nodeBackend, run.threads);
  const { itemIds } = trained.network.plan;
  const model = { recommender: 'transformer', itemIds, score: scorer.score, save: neverSaved };
  try {
    const places = async (cases: CaseView | NextItemCases) =>
      (await rankCases(model, cases, { now: Date.now })).ranks[run.history];
    return { next: await places(next), old: await places(old) };
  } finally {
    await scorer.close();
  }
}

const neverSaved = (): never => {
  throw new Error('a network of the benchmark is not saved');
};
