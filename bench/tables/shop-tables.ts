// Three public tables of shops: sessions that buy, customers who leave, garments that are recommended.
import { fileURLToPath } from 'node:url';
import { type Column, type Frame, makeFrame, selectColumns } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { hash32 } from '../../src/core/random.ts';
import type { Question } from '../../src/models/estimator.ts';
import { digestOf, groupedFolds, readFolds, splitsOf } from './folds.ts';
import {
  categories,
  flags,
  keysOf,
  numbers,
  QUESTIONS,
  readRows,
  type TableSet,
  tableOf,
  texts,
} from './table-set.ts';

export interface SetOptions {
  readonly seed: number;
}

const FOLDS = 5;

/** UCI Online Shoppers (Sakar et al. 2018): one row a session; equal sessions stay together; the folds are in the repository. */
export async function onlineShoppers({
  without = [],
}: {
  without?: readonly string[];
} = {}): Promise<TableSet> {
  const rows = await readRows('uci_online_shoppers/online_shoppers_intention.csv.gz');
  const columns = Object.keys(rows[0]).filter((column) => column !== 'Revenue');
  const target = flags(rows, 'Revenue');
  const entities = keysOf(rows, columns);
  const frame = tableOf(rows, columns, ['OperatingSystems', 'Browser', 'Region', 'TrafficType']);
  const repeats = readFolds(
    fileURLToPath(new URL('./folds/online-shoppers.txt', import.meta.url)),
    digestOf(Buffer.from(entities.join('\n')), new Uint8Array(target.buffer)),
  );
  const read = selectColumns(
    frame,
    columns.filter((column) => !without.includes(column)),
  );
  return {
    name: without.length > 0 ? `online-shoppers-without-${without.join('-')}` : 'online-shoppers',
    loss: 'binary',
    sample: sampleOf(read, target, { entities, question: QUESTIONS.binary }),
    peers: read,
    splits: repeats.flatMap(splitsOf),
    repeats: repeats.length,
    metrics: ['roc_auc', 'average_precision', 'brier', 'log_loss', 'ece'],
    tries: 15,
    innerFolds: 3,
    others: { tries: 6, innerFolds: 1 },
    protocol: 'five repeats of stratified 5-fold, equal sessions grouped, folds committed',
  };
}

/** The e-commerce churn table with customers of equal features counted once. */
export async function ecommerceChurn({ seed }: SetOptions): Promise<TableSet> {
  const all = await readRows('churn_ecommerce/churn_ecommerce.csv.gz');
  const columns = Object.keys(all[0]).filter((column) => column !== 'CustomerID' && column !== 'Churn');
  const seen = new Set<string>();
  const keys = keysOf(all, [...columns, 'Churn']);
  const rows = all.filter((_, i) => !seen.has(keys[i]) && seen.add(keys[i]));
  const target = flags(rows, 'Churn');
  const frame = tableOf(rows, columns);
  const entities = keysOf(rows, columns);
  const repeats = Array.from({ length: 2 }, (_, k) =>
    groupedFolds(entities, target, { folds: FOLDS, seed: seed + k }),
  );
  return {
    name: 'ecommerce-churn',
    loss: 'binary',
    sample: sampleOf(frame, target, { entities, question: QUESTIONS.binary }),
    peers: frame,
    splits: repeats.flatMap(splitsOf),
    repeats: repeats.length,
    metrics: ['roc_auc', 'average_precision', 'brier', 'log_loss', 'ece'],
    tries: 6,
    innerFolds: 2,
    protocol: 'equal rows removed, two repeats of stratified 5-fold, equal features grouped',
  };
}

const HASHED_WORDS = 1024;

/** Women's E-Commerce Clothing Reviews: recommended or not, from the text and the garment; the rating is not told. */
export async function womensClothing({ seed }: SetOptions): Promise<TableSet> {
  const rows = await readRows('reviews_en/womens_clothing_ecommerce_reviews.csv.gz');
  const target = flags(rows, 'Recommended IND');
  const entities = rows.map((row) => row['Clothing ID'] ?? '');
  const garment: Column[] = [
    numbers(rows, 'Age'),
    ...['Division Name', 'Department Name', 'Class Name'].map((column) => categories(rows, column)),
  ];
  const words: Column[] = ['Title', 'Review Text'].map((column) => texts(rows, column));
  const fold = groupedFolds(entities, target, { folds: FOLDS, seed });
  return {
    name: 'womens-clothing',
    loss: 'binary',
    sample: sampleOf(makeFrame([...garment, ...words]), target, { entities, question: QUESTIONS.binary }),
    peers: makeFrame([
      ...garment,
      ...hashedWords(rows.map((row) => `${row.Title ?? ''} ${row['Review Text'] ?? ''}`)),
    ]),
    splits: splitsOf(fold),
    repeats: 1,
    metrics: ['roc_auc', 'average_precision', 'brier', 'log_loss', 'ece'],
    tries: 3,
    innerFolds: 1,
    protocol: `stratified 5-fold, reviews of one garment grouped; the other libraries read counts of words in ${HASHED_WORDS} columns`,
  };
}

/** Counts of words by hash: what is handed to a library that reads no text. */
function hashedWords(documents: readonly string[]): Column[] {
  const counts = Array.from({ length: HASHED_WORDS }, () => new Float64Array(documents.length));
  documents.forEach((text, row) => {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}']+/gu))
      counts[hash32(word) % HASHED_WORDS][row]++;
  });
  return counts.map((values, k) => ({
    kind: 'number' as const,
    name: `word ${k}`,
    label: name(`Word ${k}`, `词 ${k}`),
    unit: 'count' as const,
    group: 'words',
    values,
  }));
}

export function sampleOf(
  frame: Frame,
  target: Float64Array,
  { entities, question, asOf }: { entities: readonly string[]; question: Question; asOf?: Float64Array },
) {
  return { question, frame, target, entities, asOf: asOf ?? new Float64Array(frame.rows) };
}
