// A real sentence encoder in 8 bits: how far its embeddings move, how small and how fast it gets.
import { existsSync, readFileSync } from 'node:fs';
import { calibrate } from '../../src/nn/compress/calibration.ts';
import {
  type CompressionRow,
  compareForms,
  describeForms,
} from '../../src/nn/compress/compression-report.ts';
import { fixInputShapes } from '../../src/nn/compress/input-shapes.ts';
import { quantiseDynamic, quantisedActivations, quantiseStatic } from '../../src/nn/compress/quantise.ts';
import { readModel } from '../../src/tensor/onnx/read.ts';
import { writeModel } from '../../src/tensor/onnx/write.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';

const FOLDER = new URL('../../../shared/models/use-lite-en/', import.meta.url);
const LENGTH = 16;
const WIDTH = 512;

const THINGS = [
  'running shoes',
  'a winter jacket',
  'an espresso machine',
  'wireless headphones',
  'a garden chair',
  'red lipstick',
  'a mountain bike',
  'dog food',
  'a paperback novel',
  'baby clothes',
];
const FRAMES = [
  (thing: string) => `I am looking for ${thing}`,
  (thing: string) => `where is my order of ${thing}?`,
  (thing: string) => `${thing}, cheap and good`,
  (thing: string) => `I want to send back ${thing} because it broke`,
  (thing: string) => `best ${thing} I ever bought, thank you!`,
];

/** For the ranges of static quantisation; none of them is compared. */
const OTHERS = THINGS.flatMap((thing) => [
  `do you have ${thing} in blue?`,
  `${thing} for my sister's birthday`,
]);

/** Fifty, and three whose likeness is published: .647 between the first two, .270 between the first and the third. */
const SENTENCES = [
  ...FRAMES.flatMap((frame) => THINGS.map(frame)),
  'red running shoes',
  'jogging sneakers',
  'espresso machine',
];

interface Options {
  readonly threads: number;
  readonly log: (line: string) => void;
}

/** @returns undefined where the model is absent */
export async function compareSentenceEncoders({
  threads,
  log,
}: Options): Promise<readonly CompressionRow[] | undefined> {
  const path = new URL('model.onnx', FOLDER);
  if (!existsSync(path)) {
    log('compression: skipped the sentence encoder, ../shared/models/use-lite-en is absent');
    return undefined;
  }
  const encode = tokenizer();
  const file = readModel(readFileSync(path));
  const at = (sentences: readonly string[]) => {
    const shape = [sentences.length, LENGTH];
    return {
      model: fixInputShapes(file, { input_ids: shape, attention_mask: shape }),
      batch: batchOf(sentences, encode),
    };
  };
  const { model: float, batch } = at(SENTENCES);
  const others = at(OTHERS);
  const ranges = await calibrate(others.model, {
    backend: nodeBackend,
    activations: quantisedActivations(file),
    batches: [others.batch],
  });
  const session = await nodeBackend.open(float, { threads });
  const want = (await session.run(batch)).sentence_embedding as Float32Array;
  await session.release();

  const rows = await compareForms(
    [
      { name: 'float', model: writeModel(float) },
      { name: '8 bits, dynamic', model: writeModel(quantiseDynamic(float).model) },
      { name: '7 bits, dynamic', model: writeModel(quantiseDynamic(float, { bits: 7 }).model) },
      { name: '8 bits, static', model: writeModel(quantiseStatic(float, ranges).model) },
    ],
    {
      backend: nodeBackend,
      batches: [batch],
      threads,
      rounds: 9,
      score: ({ sentence_embedding }) => {
        const got = sentence_embedding as Float32Array;
        const cosines = SENTENCES.map((_, row) => cosine(embedding(got, row), embedding(want, row)));
        const [shoes, sneakers, machine] = [50, 51, 52].map((row) => embedding(got, row)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        return {
          'mean cosine': cosines.reduce((a, b) => a + b, 0) / cosines.length,
          'least cosine': Math.min(...cosines),
          'shoes~sneakers': cosine(shoes, sneakers),
          'shoes~espresso': cosine(shoes, machine),
        };
      },
    },
  );
  log(
    `compression: sentence encoder of 7 M parameters, ${SENTENCES.length} sentences of at most ${LENGTH} pieces, ${threads} threads`,
  );
  log(describeForms(rows));
  return rows;
}

function batchOf(sentences: readonly string[], encode: (sentence: string) => readonly number[]) {
  const input_ids = new BigInt64Array(sentences.length * LENGTH);
  const attention_mask = new BigInt64Array(sentences.length * LENGTH);
  for (const [row, sentence] of sentences.entries())
    for (const [i, id] of encode(sentence).slice(0, LENGTH).entries()) {
      input_ids[row * LENGTH + i] = BigInt(id);
      attention_mask[row * LENGTH + i] = 1n;
    }
  return { input_ids, attention_mask };
}

const embedding = (all: Float32Array, row: number): Float32Array =>
  all.subarray(row * WIDTH, (row + 1) * WIDTH);

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (p: Float32Array, q: Float32Array) =>
    p.reduce((total, value, i) => total + value * (q[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** The likeliest cut into pieces (Kudo 2018, arXiv:1804.10959, by Viterbi), for English sentences. */
function tokenizer(): (sentence: string) => readonly number[] {
  const { model } = JSON.parse(readFileSync(new URL('tokenizer.json', FOLDER), 'utf8')) as {
    model: { vocab: readonly (readonly [string, number])[] };
  };
  const pieces = new Map(model.vocab.map(([piece, score], id) => [piece, { id, score }]));
  const longest = Math.max(...model.vocab.map(([piece]) => piece.length));
  return (sentence) => {
    const text = `▁${sentence.normalize('NFKC').replaceAll(' ', '▁')}`;
    const best: { readonly score: number; readonly from: number; readonly id: number }[] = [
      { score: 0, from: 0, id: 0 },
    ];
    for (let end = 1; end <= text.length; end++) {
      // an unknown character costs more than any piece
      let found = { score: (best[end - 1]?.score ?? 0) - 100, from: end - 1, id: 0 };
      for (let from = Math.max(0, end - longest); from < end; from++) {
        const piece = pieces.get(text.slice(from, end));
        const score = (best[from]?.score ?? 0) + (piece?.score ?? Number.NEGATIVE_INFINITY);
        if (piece !== undefined && score > found.score) found = { score, from, id: piece.id };
      }
      best.push(found);
    }
    const ids: number[] = [];
    for (let at = text.length; at > 0; at = best[at]?.from ?? 0) ids.unshift(best[at]?.id ?? 0);
    return ids;
  };
}
