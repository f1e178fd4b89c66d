// Items a model never saw among its own: by the model where it knows items by what they are, else by how likely their like is.
import type { ItemAttributes, Sequences } from '../../core/sequences.ts';
import type { AddedItems, NextItemModel } from './recommender.ts';

/** The model with the items after its own; as it is where there are none. It is asked, not saved. */
export function withAddedItems(model: NextItemModel, added: AddedItems): NextItemModel {
  if (added.itemIds.length === 0) return model;
  return model.withItems?.(added) ?? byTheirLike(model, added);
}

/**
 * A new item is as likely as an average item of each of its categories, the mean over what is known of it, narrow categories
 * counting more, ln(items / items of the category); never, where no category of it holds an item the model knows.
 */
function byTheirLike(model: NextItemModel, { itemIds, attributes }: AddedItems): NextItemModel {
  const known = model.itemIds.length;
  const all = known + itemIds.length;
  const kinds = kindsOf(attributes, known);
  return {
    recommender: model.recommender,
    itemIds: [...model.itemIds, ...itemIds],
    ...(model.isLogarithm && { isLogarithm: true }),
    async score(before) {
      const own = await model.score(knownOnly(before, known));
      const rows = own.length / Math.max(1, known);
      const scores = new Float32Array(rows * all);
      for (let row = 0; row < rows; row++) {
        const from = own.subarray(row * known, (row + 1) * known);
        const into = scores.subarray(row * all, (row + 1) * all);
        into.set(from);
        writeLike(from, kinds, into);
      }
      return scores;
    },
    save: model.save,
    ...(model.close && { close: model.close }),
  };
}

interface Kind {
  readonly codes: Int32Array;
  /** Of the items known, [levels] */
  readonly counts: Float64Array;
  readonly weights: Float64Array;
}

function kindsOf({ categories }: ItemAttributes, known: number): readonly Kind[] {
  return Object.values(categories).map(({ codes, levels }) => {
    const counts = new Float64Array(levels.length);
    for (let item = 0; item < known; item++) if (codes[item] >= 0) counts[codes[item]]++;
    // What all items have still tells a little.
    const weights = counts.map((count) => (count === 0 ? 0 : Math.log(1 + known / count)));
    return { codes, counts, weights };
  });
}

function writeLike(own: Float32Array, kinds: readonly Kind[], into: Float32Array): void {
  const known = own.length;
  let top = Number.NEGATIVE_INFINITY;
  for (const score of own) if (score > top) top = score;
  into.fill(Number.NEGATIVE_INFINITY, known);
  if (top === Number.NEGATIVE_INFINITY) return;
  const shares = Float64Array.from(own, (score) => Math.exp(score - top));
  const likely = new Float64Array(into.length - known);
  const told = new Float64Array(likely.length);
  for (const { codes, counts, weights } of kinds) {
    const sums = new Float64Array(counts.length);
    for (let item = 0; item < known; item++) if (codes[item] >= 0) sums[codes[item]] += shares[item];
    for (let i = 0; i < likely.length; i++) {
      const level = codes[known + i];
      if (level < 0 || counts[level] === 0) continue;
      likely[i] += (weights[level] * sums[level]) / counts[level];
      told[i] += weights[level];
    }
  }
  likely.forEach((share, i) => {
    if (told[i] > 0) into[known + i] = top + Math.log(share / told[i]);
  });
}

/** Codes of added items are none of the model's: an unknown one reads as nothing it has seen. */
function knownOnly(before: Sequences, known: number): Sequences {
  if (!before.items.some((item) => item >= known)) return before;
  return { ...before, items: before.items.map((item) => (item >= known ? -1 : item)) };
}
