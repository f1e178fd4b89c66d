// A trained network at rest, and back, nothing believed before it is checked.
import { AppError } from '../../../core/errors.ts';
import { volume } from '../../../tensor/type.ts';
import type { SavedModel } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import { type RecommenderState, readRecommender, readValues } from '../saved-recommender.ts';
import type { TokenPlan } from './events/tokens.ts';
import type { Trained, Values } from './fit.ts';
import { type NetworkKind, networkOf } from './network.ts';
import { answerPrograms } from './scoring.ts';
import { isMasked, type NetworkSettings } from './settings.ts';

const FORMAT = 1;

interface NetworkState extends RecommenderState {
  readonly typeLevels: readonly string[];
  readonly timed: boolean;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly levels: number }[];
}

export function savedTrained(id: string, { network, members }: Trained): SavedModel {
  const { plan, settings } = network;
  const { itemIds, typeLevels, timed, rows, columns, rowOf, counts, logShare } = plan;
  const state: NetworkState = {
    ...{ settings, itemIds, typeLevels, timed, rows },
    columns: columns.map(({ name, levels }) => ({ name, levels })),
  };
  const arrays = {
    ...{ rowOf, counts, logShare },
    ...Object.fromEntries(columns.map(({ codes }, c) => [`column.${c}`, codes])),
    ...Object.fromEntries(
      members.flatMap((values, m) =>
        Object.entries(values).map(([name, value]) => [prefixOf(m) + name, value] as const),
      ),
    ),
  };
  return { estimator: id, format: FORMAT, state: asJson(state), arrays };
}

/** @throws AppError VERSION for another format; BAD_FILE for another model, or one with parts missing */
export function readTrained<S extends NetworkSettings>(kind: NetworkKind<S>, saved: SavedModel): Trained {
  const { id } = kind;
  const state = readRecommender<NetworkState>(saved, id, FORMAT, ['typeLevels', 'timed', 'rows', 'columns']);
  const { itemIds, typeLevels, timed, rows, columns } = state;
  const settings = kind.settings(0, state.settings);
  const codes = (key: string, below: number): Int32Array => {
    const array = readValues(saved, key, 'int32', itemIds.length);
    if (array.every((code) => code >= 0 && code < below)) return array;
    throw new AppError('BAD_FILE', `a saved "${id}" model needs codes below ${below} in "${key}"`);
  };
  const plan: TokenPlan = {
    ...{ itemIds, typeLevels, timed, rows, masked: isMasked(settings) },
    rowOf: codes('rowOf', rows),
    counts: readValues(saved, 'counts', 'int32', itemIds.length),
    logShare: readValues(saved, 'logShare', 'float32', itemIds.length),
    columns: columns.map((column, c) => ({ ...column, codes: codes(`column.${c}`, column.levels) })),
  };
  const network = networkOf(kind, plan, settings);
  const needed = answerPrograms(network, 1).flatMap(({ parameters }) => parameters);
  const members = Array.from({ length: settings.members }, (_, m): Values => {
    const prefix = prefixOf(m);
    for (const { name, shape } of needed) readValues(saved, prefix + name, 'float32', volume(shape));
    const keys = Object.keys(saved.arrays ?? {}).filter((key) => key.startsWith(prefix));
    return Object.fromEntries(
      keys.map((key) => [key.slice(prefix.length), readValues(saved, key, 'float32')]),
    );
  });
  return { network, members };
}

const prefixOf = (member: number): string => `member.${member}.`;
