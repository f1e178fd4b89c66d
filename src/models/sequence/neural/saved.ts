// A trained network at rest, and back, nothing believed before it is checked.
import { AppError } from '../../../core/errors.ts';
import { volume } from '../../../tensor/type.ts';
import type { SavedModel } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import type { Compression } from '../recommender.ts';
import { type RecommenderState, readRecommender, readValues } from '../saved-recommender.ts';
import {
  isPacked,
  isPart,
  type Packed,
  packWeight,
  readCompression,
  scaledAxes,
  unpackWeight,
} from './compressed.ts';
import type { TokenPlan } from './events/tokens.ts';
import { type NetworkKind, networkOf } from './network.ts';
import { answerPrograms } from './scoring.ts';
import { isMasked, type NetworkSettings } from './settings.ts';
import type { Trained, Values } from './trained.ts';

const FORMAT = 1;

/** What of a plan is no bulk. */
export interface PlanState {
  readonly itemIds: readonly string[];
  readonly typeLevels: readonly string[];
  readonly timed: boolean;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly levels: number }[];
  /** Absent where there are none. */
  readonly vectors?: readonly { readonly name: string; readonly rawWidth: number; readonly width: number }[];
  readonly lift?: number;
  /** Absent in models made before events had any. */
  readonly marks?: TokenPlan['marks'];
}

interface NetworkState extends RecommenderState, PlanState {
  /** Absent in models made before it was noted. */
  readonly readings?: number;
  /** Absent where weights lie as they were learned. */
  readonly compressed?: Compression;
}

/** A plan at rest: what reads as text, and the arrays beside it. */
export function savedPlan(plan: TokenPlan): {
  readonly state: PlanState;
  readonly arrays: Readonly<Record<string, Int32Array | Float32Array>>;
} {
  const { itemIds, typeLevels, timed, rows, columns, vectors, marks, lift, rowOf, counts, logShare } = plan;
  return {
    state: {
      ...{ itemIds, typeLevels, timed, rows },
      columns: columns.map(({ name, levels }) => ({ name, levels })),
      ...(vectors.length > 0 && {
        vectors: vectors.map(({ name, whitening: { rawWidth, width } }) => ({ name, rawWidth, width })),
      }),
      ...(marks.length > 0 && { marks }),
      ...(lift !== undefined && { lift }),
    },
    arrays: {
      ...{ rowOf, counts, logShare },
      ...Object.fromEntries(columns.map(({ codes }, c) => [`column.${c}`, codes])),
      ...Object.fromEntries(
        vectors.flatMap(({ name, values, whitening }) => [
          [`vectors.${name}`, values],
          [`vectors.${name}.mean`, whitening.mean],
          [`vectors.${name}.basis`, whitening.basis],
        ]),
      ),
    },
  };
}

/** @throws AppError BAD_FILE for arrays that are absent, of another length, or name what there is not */
export function readPlan(saved: SavedModel, state: PlanState, masked: boolean): TokenPlan {
  const { itemIds, typeLevels, timed, rows, columns, vectors = [], marks = [], lift } = state;
  const codes = (key: string, below: number): Int32Array => {
    const array = readValues(saved, key, 'int32', itemIds.length);
    if (array.every((code) => code >= 0 && code < below)) return array;
    throw new AppError(
      'BAD_FILE',
      `a saved "${saved.estimator}" model needs codes below ${below} in "${key}"`,
    );
  };
  return {
    ...{ itemIds, typeLevels, timed, rows, masked, marks },
    ...(typeof lift === 'number' && Number.isFinite(lift) && { lift }),
    rowOf: codes('rowOf', rows),
    counts: readValues(saved, 'counts', 'int32', itemIds.length),
    logShare: readValues(saved, 'logShare', 'float32', itemIds.length),
    columns: columns.map((column, c) => ({ ...column, codes: codes(`column.${c}`, column.levels) })),
    vectors: vectors.map(({ name, rawWidth, width }) => {
      const numbers = (key: string, length: number) =>
        readValues(saved, `vectors.${name}${key}`, 'float32', length);
      const mean = numbers('.mean', rawWidth);
      const whitening = { rawWidth, width, mean, basis: numbers('.basis', rawWidth * width) };
      return { name, whitening, values: numbers('', itemIds.length * (width + 1)) };
    }),
  };
}

export function savedTrained(id: string, { network, members, readings, compressed }: Trained): SavedModel {
  const { plan, settings } = network;
  const atRest = savedPlan(plan);
  const state: NetworkState = {
    ...{ ...atRest.state, settings },
    ...(readings !== undefined && { readings }),
    ...(compressed && { compressed }),
  };
  const axes = compressed && scaledAxes(network, members[0]);
  const arrays = {
    ...atRest.arrays,
    ...Object.fromEntries(
      members.flatMap((values, m) =>
        Object.entries(values).flatMap(([name, value]): (readonly [string, Packed])[] => {
          const axis = axes?.get(name);
          return compressed && axis
            ? packWeight(prefixOf(m) + name, value, axis, compressed)
            : [[prefixOf(m) + name, value]];
        }),
      ),
    ),
  };
  return { estimator: id, format: FORMAT, state: asJson(state), arrays };
}

/** @throws AppError VERSION for another format; BAD_FILE for another model, or one with parts missing */
export function readTrained<S extends NetworkSettings>(kind: NetworkKind<S>, saved: SavedModel): Trained {
  const { id } = kind;
  const state = readRecommender<NetworkState>(saved, id, FORMAT, ['typeLevels', 'timed', 'rows', 'columns']);
  const settings = kind.settings(0, state.settings);
  const plan = readPlan(saved, state, isMasked(settings));
  const network = networkOf(kind, plan, settings);
  const needed = answerPrograms(network, 1).flatMap(({ parameters }) => parameters);
  const { compressed, readings } = state;
  const members = Array.from({ length: settings.members }, (_, m): Values => {
    const prefix = prefixOf(m);
    const packed = compressed ? needed.filter(({ name }) => isPacked(saved, prefix + name)) : [];
    const unpacked = packed.map(
      ({ name, shape }) => [name, unpackWeight(saved, prefix + name, shape)] as const,
    );
    const own = new Map(unpacked);
    for (const { name, shape } of needed)
      if (!own.has(name)) readValues(saved, prefix + name, 'float32', volume(shape));
    const keys = Object.keys(saved.arrays ?? {}).filter((key) => key.startsWith(prefix) && !isPart(key));
    const plain = keys.map((key) => [key.slice(prefix.length), readValues(saved, key, 'float32')] as const);
    return Object.fromEntries([...plain, ...own]);
  });
  return {
    ...{ network, members },
    ...(typeof readings === 'number' && readings > 0 && { readings }),
    ...(compressed && { compressed: readCompression(compressed, id) }),
  };
}

const prefixOf = (member: number): string => `member.${member}.`;
