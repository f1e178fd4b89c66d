// SASRec with BCE on TensorFlow.js' WebAssembly backend: the model of ../decoder_torch.py, width 64, 2 blocks, 2 heads.
//
// What tfjs cannot do there, and what stands in for it:
// - the backend has no UnsortedSegmentSum, the gradient of gather: a plain loop over the WebAssembly heap;
// - there is no AdamW: each weight is decayed, then Adam's step is taken;
// - `tf.dropout` draws through a slow generator: masks are filled with Math.random instead;
// - in Node the backend has SIMD and one thread only, whatever is asked for.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { checksum, makeBatches, SASREC_SHAPE } from '../batches.ts';

const { values: options } = parseArgs({
  options: {
    packages: { type: 'string' },
    dropout: { type: 'string', default: '.2' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
});
const require = createRequire(`${options.packages}/package.json`);
const tf = require('@tensorflow/tfjs');
const { getThreadsCount, setThreadsCount } = require('@tensorflow/tfjs-backend-wasm');

const WIDTH = 64;
const HEADS = 2;
const INNER = 64;
const BLOCKS = 2;
const RATE = 1e-3;
const DECAY = 0.01;
const dropoutRate = Number(options.dropout);
const { batch: BATCH, length: LENGTH, items: ITEMS } = SASREC_SHAPE;
const ROWS = BATCH * LENGTH;

tf.registerKernel({
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc({ inputs: { x, segmentIds }, backend, attrs: { numSegments } }) {
    const width = x.shape.slice(1).reduce((size, dimension) => size * dimension, 1);
    const output = backend.makeOutput([numSegments, ...x.shape.slice(1)], 'float32');
    const sums = backend.typedArrayFromHeap(output).fill(0);
    const rows = backend.typedArrayFromHeap(x);
    const ids = backend.typedArrayFromHeap(segmentIds);
    for (let row = 0; row < ids.length; row++) {
      for (let at = row * width, to = ids[row] * width, end = at + width; at < end; at++, to++) sums[to] += rows[at];
    }
    return output;
  },
});

setThreadsCount(Number(options.threads));
await tf.setBackend('wasm');
await tf.ready();

const batches = makeBatches(SASREC_SHAPE, Number(options.seed));
const bytesBefore = process.memoryUsage.rss();

const parameters = [];
const parameter = (initial) => {
  const variable = tf.variable(initial);
  parameters.push(variable);
  return variable;
};
const matrix = (rows, columns) => parameter(tf.randomNormal([rows, columns], 0, 0.02, 'float32', parameters.length + 1));
const linear = (from, to) => ({ weight: matrix(from, to), bias: parameter(tf.zeros([to])) });
const norm = () => ({ scale: parameter(tf.ones([WIDTH])), shift: parameter(tf.zeros([WIDTH])) });

const table = matrix(ITEMS, WIDTH);
const positions = matrix(LENGTH, WIDTH);
const blocks = Array.from({ length: BLOCKS }, () => ({
  attentionNorm: norm(),
  query: linear(WIDTH, WIDTH),
  key: linear(WIDTH, WIDTH),
  value: linear(WIDTH, WIDTH),
  out: linear(WIDTH, WIDTH),
  forwardNorm: norm(),
  inner: linear(WIDTH, INNER),
  back: linear(INNER, WIDTH),
}));
const lastNorm = norm();
const ahead = tf.tensor2d(
  Float32Array.from({ length: LENGTH * LENGTH }, (_, at) => (at % LENGTH > Math.floor(at / LENGTH) ? -1e9 : 0)),
  [LENGTH, LENGTH],
);

function dropout(x) {
  if (dropoutRate === 0) return x;
  const mask = new Float32Array(x.size);
  const kept = 1 / (1 - dropoutRate);
  for (let at = 0; at < mask.length; at++) mask[at] = Math.random() < dropoutRate ? 0 : kept;
  return x.mul(tf.tensor(mask, x.shape));
}

const project = (x, { weight, bias }) => tf.fused.matMul({ a: x, b: weight, bias });

function normalize(x, { scale, shift }) {
  const centered = x.sub(x.mean(-1, true));
  return centered.mul(centered.square().mean(-1, true).add(1e-5).rsqrt()).mul(scale).add(shift);
}

/** [batch · length, width] to [batch · heads, length, width / heads]. */
const splitHeads = (x) =>
  x
    .reshape([BATCH, LENGTH, HEADS, WIDTH / HEADS])
    .transpose([0, 2, 1, 3])
    .reshape([BATCH * HEADS, LENGTH, WIDTH / HEADS]);

function attend(x, { query, key, value, out }) {
  const [q, k, v] = [query, key, value].map((projection) => splitHeads(project(x, projection)));
  const scores = tf.matMul(q, k, false, true).mul((WIDTH / HEADS) ** -0.5).add(ahead);
  const mixed = tf
    .matMul(dropout(tf.softmax(scores)), v)
    .reshape([BATCH, HEADS, LENGTH, WIDTH / HEADS])
    .transpose([0, 2, 1, 3])
    .reshape([ROWS, WIDTH]);
  return project(mixed, out);
}

function lossOf({ inputs, targets, negatives, real }) {
  let x = dropout(table.gather(inputs).reshape([BATCH, LENGTH, WIDTH]).add(positions)).reshape([ROWS, WIDTH]);
  for (const block of blocks) {
    x = x.add(dropout(attend(normalize(x, block.attentionNorm), block)));
    const inner = project(normalize(x, block.forwardNorm), block.inner).relu();
    x = x.add(dropout(project(inner, block.back)));
  }
  const state = normalize(x, lastNorm);
  const positive = state.mul(table.gather(targets)).sum(-1);
  const negative = state.mul(table.gather(negatives)).sum(-1);
  return positive.neg().softplus().add(negative.softplus()).mul(real).sum().div(real.sum());
}

const held = batches.map(({ inputs, targets, negatives }) => ({
  inputs: tf.tensor1d(inputs, 'int32'),
  targets: tf.tensor1d(targets, 'int32'),
  negatives: tf.tensor1d(negatives, 'int32'),
  real: tf.tensor1d(Float32Array.from(targets, (target) => (target === 0 ? 0 : 1))),
}));
const adam = tf.train.adam(RATE, 0.9, 0.999, 1e-8);

function step(batch) {
  const { value, grads } = tf.variableGrads(() => lossOf(batch), parameters);
  tf.tidy(() => parameters.forEach((variable) => variable.assign(variable.mul(1 - RATE * DECAY))));
  adam.applyGradients(grads);
  const loss = value.dataSync()[0];
  tf.dispose([value, grads]);
  return loss;
}

/** The largest resident size so far; Linux only, elsewhere the size now. */
function peakBytes() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {
    return process.memoryUsage.rss();
  }
}

const say = (message) => console.log(JSON.stringify(message));
const begun = performance.now();
let done = 0;
const next = () => step(held[done++ % held.length]);
for (let at = 0; at < 5; at++) next();
say({
  ready: true,
  framework: `tfjs-wasm ${tf.version.tfjs}`,
  threads: tf.env().get('WASM_HAS_MULTITHREAD_SUPPORT') ? getThreadsCount() : 1,
  parameters: parameters.reduce((sum, variable) => sum + variable.size, 0),
  batches: checksum(batches),
  warmUpMilliseconds: performance.now() - begun,
  bytesBefore,
});
createInterface({ input: process.stdin }).on('line', (line) => {
  const milliseconds = [];
  const losses = [];
  for (let left = JSON.parse(line).steps; left > 0; left--) {
    const started = performance.now();
    losses.push(next());
    milliseconds.push(performance.now() - started);
  }
  say({ milliseconds, losses, peakBytes: peakBytes(), bytesBefore, tensors: tf.memory().numTensors });
});
