// "Looks like what you had": items whose text or picture lies nearest to the mean of a history's, whoever took them.
import { AppError, throwIfAborted } from '../../../core/errors.ts';
import type { ItemVectors } from '../../../core/item-vectors.ts';
import { name } from '../../../core/name.ts';
import { pause } from '../../../core/pause.ts';
import { type ItemAttributes, type Sequences, sequenceCount } from '../../../core/sequences.ts';
import { emitModel } from '../../../tensor/onnx/emit.ts';
import { input } from '../../../tensor/ops/leaf.ts';
import { matmul } from '../../../tensor/ops/matrix.ts';
import type { Session } from '../../../tensor/session/session.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { asJson } from '../../saved.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { checkTrain, refusesEmpty } from '../refusal.ts';
import { readSavedState, readValues } from '../saved-recommender.ts';
import { knownItems } from './evidence.ts';
import { popularityShares } from './popularity.ts';

export const CONTENT_KNN = 'content-knn';
const FORMAT = 1;

/** Vectors of one kind, of length one; all 0 of an item without one. */
interface Kind {
  readonly name: string;
  readonly width: number;
  /** [items, width] */
  readonly unit: Float32Array;
}

interface ContentState {
  readonly itemIds: readonly string[];
  readonly kinds: readonly { readonly name: string; readonly width: number }[];
}

const UNTOLD =
  'nothing is known of what items say or look like: name a table of the items and an encoder (--items, --encoder)';

/**
 * The baseline that everything told of texts and pictures is to beat: cosines with the mean of the history's vectors, the
 * mean over kinds of vectors. Popularity counts only where there is no history, and among items without any vector, last of all.
 */
function contentKnnOf(told: readonly ItemVectors[]): Recommender {
  const vectors = told.filter(({ known }) => known.some((one) => one === 1));
  const recommender: Recommender = {
    id: CONTENT_KNN,
    label: name('Alike in text or picture', '图文相似商品'),
    role: 'baseline',
    knowing: ({ vectors = [] }) => contentKnnOf(vectors),
    refuses: (train) => (vectors.length === 0 ? UNTOLD : refusesEmpty(train)),
    async fit(train, _valid, run) {
      throwIfAborted(run.signal);
      checkTrain(recommender, train);
      const kinds = vectors.map((own) => ({ name: own.name, width: own.width, unit: unitVectors(own) }));
      run.progress.step({ task: CONTENT_KNN, done: 1, total: 1 });
      return modelOf(train.itemIds, kinds, popularityShares(train, 0));
    },
    load(saved) {
      const { itemIds, kinds } = readSavedState<ContentState>(saved, CONTENT_KNN, FORMAT, [
        'itemIds',
        'kinds',
      ]);
      const items = itemIds.length;
      const read = kinds.map((own) => ({
        ...own,
        unit: readValues(saved, `vectors.${own.name}`, 'float32', items * own.width),
      }));
      return modelOf(itemIds, read, readValues(saved, 'shares', 'float64', items));
    },
  };
  return recommender;
}

export const contentKnn = contentKnnOf([]);

function unitVectors({ width, values, known }: ItemVectors): Float32Array {
  const unit = new Float32Array(values.length);
  known.forEach((has, item) => {
    if (has !== 1) return;
    const own = values.subarray(item * width, (item + 1) * width);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let j = 0; j < width; j++) unit[item * width + j] = own[j] / length;
  });
  return unit;
}

function modelOf(itemIds: readonly string[], kinds: readonly Kind[], shares: Float64Array): NextItemModel {
  const asking = openAsking(kinds, itemIds.length);
  return {
    recommender: CONTENT_KNN,
    itemIds,
    score: (before) => scoreByContent(before, { kinds, shares, asking }),
    close: asking.close,
    withItems: ({ itemIds: more, attributes }) => {
      const grown = kinds.map((own) => withVectors(own, attributes, itemIds.length, more.length));
      const all = new Float64Array(itemIds.length + more.length);
      all.set(shares);
      return modelOf([...itemIds, ...more], grown, all);
    },
    save: () => ({
      estimator: CONTENT_KNN,
      format: FORMAT,
      state: asJson({ itemIds, kinds: kinds.map(({ name: kind, width }) => ({ name: kind, width })) }),
      arrays: { shares, ...Object.fromEntries(kinds.map((own) => [`vectors.${own.name}`, own.unit])) },
    }),
  };
}

/** @throws AppError BAD_DATA for vectors of another width */
function withVectors(own: Kind, { vectors = [] }: ItemAttributes, known: number, more: number): Kind {
  const unit = new Float32Array((known + more) * own.width);
  unit.set(own.unit);
  const found = vectors.find((told) => told.name === own.name);
  if (found && found.width !== own.width)
    throw new AppError(
      'BAD_DATA',
      `expected "${own.name}" vectors of ${own.width} numbers, as the model learned from, got ${found.width}: use the same encoder`,
    );
  if (found) unit.set(unitVectors(found).subarray(known * own.width), known * own.width);
  return { ...own, unit };
}

/** Histories at a time; of so few one after the other: a visitor's list does not wait for the room of thirty. */
const BATCH = 32;
const FEW = 4;
/** Below any cosine. */
const UNSEEN = -2;

/** What asking takes, worked out and opened when first asked. */
interface Asking {
  /** 1 for items that have a vector, a kind: [items] */
  readonly present: readonly Uint8Array[];
  /** A program a kind, for so many histories at a time. */
  sessions(batch: number): Promise<readonly Session[]>;
  close(): Promise<void>;
}

function openAsking(kinds: readonly Kind[], items: number): Asking {
  const open = new Map<number, Promise<readonly Session[]>>();
  let present: readonly Uint8Array[] | undefined;
  return {
    get present() {
      present ??= kinds.map(({ unit, width }) => presentRows(unit, width, items));
      return present;
    },
    sessions(batch) {
      const known = open.get(batch);
      if (known) return known;
      const opened = Promise.all(kinds.map(({ width }) => openCosines(items, width, batch)));
      open.set(batch, opened);
      opened.catch(() => open.delete(batch));
      return opened;
    },
    async close() {
      const all = [...open.values()];
      open.clear();
      for (const sessions of all) for (const session of await sessions) await session.release();
    },
  };
}

async function scoreByContent(
  before: Sequences,
  { kinds, shares, asking }: { kinds: readonly Kind[]; shares: Float64Array; asking: Asking },
): Promise<Float32Array> {
  const items = shares.length;
  const rows = sequenceCount(before);
  const scores = new Float32Array(rows * items);
  const { present } = asking;
  const batch = rows <= FEW ? 1 : BATCH;
  const sessions = await asking.sessions(batch);
  for (let from = 0; from < rows; from += batch) {
    await pause(undefined);
    const count = Math.min(batch, rows - from);
    const told = new Float32Array(batch * items);
    const kindsTold = new Float32Array(batch * items);
    for (const [k, { unit, width }] of kinds.entries()) {
      const means = new Float32Array(batch * width);
      for (let r = 0; r < count; r++)
        writeMean(knownItems(before, from + r, items), unit, means.subarray(r * width, (r + 1) * width));
      const { cosines } = await sessions[k].run({ means, unit });
      for (let r = 0; r < count; r++) {
        if (means[r * width] === 0 && means.subarray(r * width, (r + 1) * width).every((one) => one === 0))
          continue;
        for (let item = 0; item < items; item++)
          if (present[k][item] === 1) {
            told[r * items + item] += (cosines as Float32Array)[r * items + item];
            kindsTold[r * items + item]++;
          }
      }
    }
    for (let at = 0; at < count * items; at++)
      scores[from * items + at] = kindsTold[at] > 0 ? told[at] / kindsTold[at] : UNSEEN + shares[at % items];
  }
  return scores;
}

const openCosines = (items: number, width: number, batch: number) =>
  nodeBackend.open(
    emitModel({
      cosines: matmul(input('means', 'float', { batch, width }), input('unit', 'float', { items, width }), {
        transposeRight: true,
      }),
    }),
  );

function presentRows(unit: Float32Array, width: number, items: number): Uint8Array {
  return Uint8Array.from({ length: items }, (_, item) => {
    for (let j = 0; j < width; j++) if (unit[item * width + j] !== 0) return 1;
    return 0;
  });
}

/** The direction of the mean; all 0 where no item of the history has a vector. */
function writeMean(history: Int32Array, unit: Float32Array, into: Float32Array): void {
  const width = into.length;
  for (const item of history) for (let j = 0; j < width; j++) into[j] += unit[item * width + j];
  const length = Math.sqrt(into.reduce((sum, value) => sum + value * value, 0));
  if (length > 0) for (let j = 0; j < width; j++) into[j] /= length;
}
