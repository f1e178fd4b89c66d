// One history taken apart: what each of its events is worth to a network's answer, and how far its attention looks back to it.

import type { RunArray, Session } from '../../../tensor/session/session.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { tokenFeeds } from '../neural/events/event-vectors.ts';
import type { TokenPlan, Tokens } from '../neural/events/tokens.ts';
import type { Trunk } from '../neural/network.ts';
import type { Values } from '../neural/trained.ts';
import { type BlockWeights, rollOut } from './attention-rollout.ts';
import { type Integrated, integrateGradients, type Moving } from './integrated-gradients.ts';
import { type ExplainingProgram, readingProgram } from './trunk-programs.ts';

/** Points of the way asked at once: a short one is one batch. */
export const POINTS = 32;

export interface ExplainedBy {
  readonly trunk: Trunk;
  readonly plan: TokenPlan;
  readonly values: Values;
  readonly width: number;
  /**
   * The answer by the event `vectors` [points, time, width] and what else moves, at histories padded to `time`: made by
   * `pathProgram` around a `fedTrunk`.
   */
  readonly path: (time: number) => ExplainingProgram;
  readonly threads: number;
}

export interface HistoryAsked {
  /** Padded to `time` places, the history's own first. */
  readonly tokens: Tokens;
  readonly time: number;
  readonly places: number;
  /** Places from here on stand still: they ask, and know nothing. All move by default. */
  readonly asking?: number;
  /** What moves beside the vectors, of one point; nothing by default. */
  readonly from?: Moving;
  readonly to?: Moving;
  /** What else the path is fed, of all points. */
  readonly fixed: Readonly<Record<string, RunArray>>;
  readonly signal?: AbortSignal | undefined;
}

export interface HistoryExplained extends Integrated {
  /** What each place's event is worth, [places]: next to the same moments with nothing known of any. */
  readonly places: Float64Array;
  /** By attention roll-out, [places, places]: row t is what the state of place t is made of. Absent without attention. */
  readonly attention?: Float64Array;
}

export interface HistoryExplainer {
  /** @throws AppError INTERRUPTED */
  explain(asked: HistoryAsked): Promise<HistoryExplained>;
  close(): Promise<void>;
}

/** Nothing is known of an event that is unknown in every way: its vector is where the way begins. */
export function historyExplainer(by: ExplainedBy): HistoryExplainer {
  const opened = new Map<string, Promise<Running>>();
  const running = (key: string, program: () => ExplainingProgram): Promise<Running> => {
    const known = opened.get(key) ?? open(program(), by);
    opened.set(key, known);
    return known;
  };
  return {
    async explain(asked) {
      const { tokens, time, places, asking = places, fixed, signal } = asked;
      const reading = await running(`reading ${time}`, () =>
        readingProgram(by.trunk, by.plan, { batch: 2, time }),
      );
      const { vectors, ...weights } = await reading.run(besideNothing(by.plan, tokens));
      const [known, unknown] = halves(vectors as Float32Array);
      const from = { ...asked.from, vectors: withStill(unknown, known, asking * by.width) };
      const to = { ...asked.to, vectors: known };
      const path = await running(`path ${time}`, () => by.path(time));
      const found = await integrateGradients({
        ...{ from, to, points: POINTS },
        ...(signal && { signal }),
        ask: async (moving) => {
          const { answer, ...slopes } = await path.run({ ...moving, ...fixed });
          return {
            answers: answer as Float32Array,
            slopes: Object.fromEntries(
              Object.keys(to).map((name) => [name, slopes[`slope.${name}`] as Float32Array | undefined]),
            ),
          };
        },
      });
      const blocks = blocksOf(weights, time);
      return {
        ...found,
        places: sumsOf(found.worth.vectors, by.width).subarray(0, places),
        ...(blocks.length > 0 && { attention: corner(rollOut(blocks, time), time, places) }),
      };
    },
    async close() {
      const all = [...opened.values()];
      opened.clear();
      for (const one of all) await (await one).session.release();
    },
  };
}

/** The same arrays at every point of the way. */
export const pointFeeds = (
  feeds: Readonly<Record<string, Int32Array | Float32Array>>,
): Record<string, Int32Array | Float32Array> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, own]) => {
      const size = POINTS * own.length;
      const all = own instanceof Float32Array ? new Float32Array(size) : new Int32Array(size);
      for (let point = 0; point < POINTS; point++) all.set(own, point * own.length);
      return [name, all];
    }),
  );

interface Running {
  readonly session: Session;
  readonly run: (feeds: Readonly<Record<string, RunArray>>) => ReturnType<Session['run']>;
}

async function open({ model, parameters }: ExplainingProgram, by: ExplainedBy): Promise<Running> {
  const session = await nodeBackend.open(model, { threads: by.threads });
  const weights = Object.fromEntries(parameters.map((name) => [name, by.values[name]]));
  return { session, run: (feeds) => session.run({ ...feeds, ...weights }) };
}

/** Feeds of two histories: this one, and one of as many unknown events; of every kind of token the unknown is 0. */
function besideNothing(plan: TokenPlan, tokens: Tokens): Record<string, RunArray> {
  return Object.fromEntries(
    Object.entries(tokenFeeds(plan, tokens)).map(([name, own]) => {
      const both =
        own instanceof Int32Array ? new Int32Array(2 * own.length) : new Float32Array(2 * own.length);
      both.set(own);
      return [name, both];
    }),
  );
}

const halves = (values: Float32Array): readonly [Float32Array, Float32Array] => [
  values.slice(0, values.length / 2),
  values.slice(values.length / 2),
];

/** `moved` up to a place, and what stands still from there on. */
function withStill(moved: Float32Array, still: Float32Array, from: number): Float32Array {
  const both = still.slice();
  both.set(moved.subarray(0, from));
  return both;
}

function sumsOf(values: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(values.length / width);
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / width)] += values[i];
  return sums;
}

/** The first of the two histories' weights in each block. */
function blocksOf(weights: Readonly<Record<string, RunArray>>, time: number): readonly BlockWeights[] {
  return Object.keys(weights).map((_, block) => {
    const both = weights[`weights${block}`] as Float32Array;
    const own = both.subarray(0, both.length / 2);
    // Every head's rows add up to 1: their number is the sum over the first place's.
    const rows = Math.round(own.reduce((sum, weight) => sum + weight, 0));
    const heads = rows / time;
    return { weights: own, heads, time, keys: own.length / rows };
  });
}

/** The first `places` rows and columns, [places, places]. */
function corner(square: Float64Array, time: number, places: number): Float64Array {
  const inner = new Float64Array(places * places);
  for (let row = 0; row < places; row++)
    inner.set(square.subarray(row * time, row * time + places), row * places);
  return inner;
}
