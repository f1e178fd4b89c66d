// A trunk without its shop: no item, nobody, no moment; and the way into another shop, whose items are known by their content.
import { AppError } from '../../../core/errors.ts';
import { trace } from '../../../nn/module.ts';
import { input } from '../../../tensor/ops/leaf.ts';
import { volume } from '../../../tensor/type.ts';
import type { SavedModel } from '../../estimator.ts';
import { ITEM_TABLE } from '../../sequence/neural/continue/grown-values.ts';
import { tokenSpecs } from '../../sequence/neural/events/event-vectors.ts';
import type { TokenPlan } from '../../sequence/neural/events/tokens.ts';
import type { TransformerSettings } from '../../sequence/transformer/settings.ts';
import { transformerKind } from '../../sequence/transformer/transformer.ts';
import { behaviourTrunk } from '../../sequence/transformer/trunk.ts';
import type { LearnedTrunk } from '../pretrain.ts';
import { readTrunk, savedTrunk } from '../saved-trunk.ts';
import { BUCKETS, fitItemTower, type ItemContent, towerRows } from './item-tower.ts';

export interface PortableTrunk {
  /** Of no items: its table holds the row of unknown ones alone. */
  readonly trunk: LearnedTrunk;
  /** [BUCKETS, width]; absent where nothing was known of the items it learned from. */
  readonly itemTower?: Float32Array;
}

const ID = 'portable-trunk';
const FORMAT = 1;
const TOWER = 'item-tower';

/**
 * @param content of the trunk's items, in their order; absent where nothing is known of them
 * @throws AppError BAD_DATA for one without weights, USAGE for one that reads vectors of items
 */
export function withoutShop(trunk: LearnedTrunk, content: ItemContent | undefined): PortableTrunk {
  const { plan, settings, values, vocabulary } = trunk;
  const { width } = settings;
  const table = values[ITEM_TABLE];
  if (!table)
    throw new AppError(
      'BAD_DATA',
      'expected a trunk that has learned something, got one without weights; pretrain again',
    );
  if (plan.vectors.length > 0)
    throw new AppError(
      'USAGE',
      'expected a trunk that knows items by its own shop alone, this one reads their texts or pictures: pretrain one without --encoder to export it',
    );
  const isKnown = content && hasContent(content);
  return {
    trunk: {
      ...trunk,
      vocabulary: { ...vocabulary, itemIds: [] },
      plan: planOf(plan, []),
      values: { ...values, [ITEM_TABLE]: table.slice(0, width) },
    },
    ...(isKnown && { itemTower: fitItemTower(content, plan, { table, width }) }),
  };
}

const hasContent = ({ categories, brands, titles, priceMinor }: ItemContent): boolean =>
  [categories, brands, titles].some((texts) => texts.some((text) => text !== '')) ||
  priceMinor.some(Number.isFinite);

/** The trunk for a shop of these items, each with a row by its content. @param content in the order of the items */
export function forShop(
  { trunk, itemTower }: PortableTrunk,
  itemIds: readonly string[],
  content: ItemContent | undefined,
): LearnedTrunk {
  if (!itemTower || !content || itemIds.length === 0) return trunk;
  const { plan, values, vocabulary } = trunk;
  return {
    ...trunk,
    vocabulary: { ...vocabulary, itemIds },
    plan: planOf(plan, itemIds),
    values: { ...values, [ITEM_TABLE]: towerRows(content, itemTower, values[ITEM_TABLE]) },
  };
}

/** A row an item, none met yet. */
const planOf = (plan: TokenPlan, itemIds: readonly string[]): TokenPlan => ({
  ...plan,
  itemIds,
  rows: 1 + itemIds.length,
  rowOf: Int32Array.from(itemIds.keys(), (item) => 1 + item),
  counts: new Int32Array(itemIds.length),
  logShare: new Float32Array(itemIds.length),
  columns: [],
});

export function savedPortable({ trunk, itemTower }: PortableTrunk): SavedModel {
  const { state, arrays } = savedTrunk(trunk);
  return {
    estimator: ID,
    format: FORMAT,
    state,
    arrays: { ...arrays, ...(itemTower && { [TOWER]: itemTower }) },
  };
}

/** @throws AppError BAD_FILE for anything but a trunk without a shop whose weights have its own sizes; VERSION */
export function readPortable(saved: SavedModel): PortableTrunk {
  if (saved.estimator !== ID)
    throw new AppError(
      'BAD_FILE',
      `expected a trunk made by "trunk export", got "${saved.estimator.slice(0, 40)}"`,
    );
  if (saved.format !== FORMAT)
    throw new AppError(
      'VERSION',
      `expected a portable trunk of format ${FORMAT}, got ${saved.format}: export it again`,
    );
  const { [TOWER]: tower, ...arrays } = saved.arrays ?? {};
  const trunk = readTrunk({ estimator: 'behaviour-trunk', format: 1, state: saved.state, arrays });
  checkPlan(trunk);
  checkWeights(trunk);
  if (tower === undefined) return { trunk };
  if (!(tower instanceof Float32Array) || tower.length !== BUCKETS * trunk.settings.width || !isSound(tower))
    throw bad('an item tower of its own width');
  return { trunk, itemTower: tower };
}

function checkPlan({ plan, vocabulary, settings }: LearnedTrunk): void {
  if (plan.itemIds.length > 0 || plan.rows !== 1 || plan.columns.length > 0)
    throw bad('no items of another shop');
  const texts = [...vocabulary.typeLevels, ...vocabulary.categories];
  if (texts.some((text) => typeof text !== 'string') || texts.length > 600)
    throw bad('kinds and categories as texts');
  try {
    transformerKind.settings(0, settings);
  } catch {
    throw bad('settings within their bounds');
  }
}

/** Every weight the trunk is made of, of its size, and none beside. */
function checkWeights({ plan, settings, values }: LearnedTrunk): void {
  const wanted = trunkShapes(plan, settings);
  const names = Object.keys(values);
  for (const [name, size] of wanted)
    if (values[name]?.length !== size || !isSound(values[name])) throw bad(`${size} numbers in "${name}"`);
  if (names.length !== wanted.size) throw bad('no weights but its own');
}

const isSound = (values: Float32Array): boolean => values.every(Number.isFinite);

function trunkShapes(plan: TokenPlan, settings: TransformerSettings): ReadonlyMap<string, number> {
  const inputs = Object.entries(tokenSpecs(plan, { batch: 1, time: Math.min(4, settings.length) })).map(
    ([name, { dtype, axes }]) => [name, input(name, dtype, axes)] as const,
  );
  const { parameters } = trace(behaviourTrunk(plan, settings), Object.fromEntries(inputs));
  return new Map(parameters.map(({ name, tensor }) => [`trunk.${name}`, volume(tensor.shape)]));
}

const bad = (what: string): AppError =>
  new AppError('BAD_FILE', `expected a portable trunk with ${what}; export it again`);
