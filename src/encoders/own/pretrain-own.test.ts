// An encoder of a shop's own: what it learns from texts alone, and that it can be put down and taken up.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { embedTexts } from '../text/embed.ts';
import type { TextEncoder } from '../text/text-encoder.ts';
import { madeUpTexts } from './made-up-language.ts';
import { openAnyEncoder, saveOwnEncoder } from './own-folder.ts';
import { batchFor, pretrainOwn } from './pretrain-own.ts';
import { openSavedEncoder } from './rebuild-own.ts';

const SMALL = {
  width: 32,
  blocks: 1,
  heads: 2,
  length: 24,
  vocabulary: 400,
  batch: 32,
  dropout: 0,
  rate: 0.01,
};
const task = { name: 'own', backend: nodeBackend, seed: 1, threads: 1, progress: silent };
const { texts } = madeUpTexts(600, 1);
const learned = await pretrainOwn(texts, { ...task, settings: { ...SMALL, epochs: 30 } });
const { encoder } = await pretrainOwn(texts, { ...task, settings: { ...SMALL, steps: 0 } });

const folder = mkdtempSync(join(tmpdir(), 'foresell-own-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = { backend: nodeBackend, threads: 1 };

async function likeness(own: TextEncoder, first: string, second: string): Promise<number> {
  const vectors = await embedTexts(own, [first, second], { ...run, isNormalised: true });
  return vectors.subarray(0, own.width).reduce((sum, value, i) => sum + value * vectors[own.width + i], 0);
}

describe('an encoder of a shop’s own', () => {
  it('guesses hidden words better and better', () => {
    const mean = (losses: readonly number[]) => losses.reduce((a, b) => a + b, 0) / losses.length;
    const [first, last] = [mean(learned.losses.slice(0, 10)), mean(learned.losses.slice(-10))];
    // half of the words can be told from their place, half not at all
    expect(last).toBeLessThan(0.6 * first);
  });

  it('finds words of like meaning alike, which chance does not', async () => {
    const gap = async (own: TextEncoder) =>
      (await likeness(own, 'superb and divine', 'lovely and charming')) -
      (await likeness(own, 'superb and divine', 'shabby and torn'));
    expect(await gap(learned.encoder)).toBeGreaterThan((await gap(encoder)) + 0.1);
  });

  it('is the same again from the same texts and seed', async () => {
    const again = await pretrainOwn(texts, { ...task, settings: { ...SMALL, steps: 3 } });
    const once = await pretrainOwn(texts, { ...task, settings: { ...SMALL, steps: 3 } });
    expect(again.encoder.hash).toBe(once.encoder.hash);
    expect(again.encoder.hash).not.toBe(encoder.hash);
  });

  it('comes back from a folder and from its plan with the same vectors', async () => {
    await saveOwnEncoder(learned.encoder, folder);
    const { plan, values, name } = learned.encoder;
    const asked = ['the coat is superb', 'never again'];
    const want = await embedTexts(learned.encoder, asked, run);
    for (const own of [await openAnyEncoder(folder), openSavedEncoder({ name, plan, values })]) {
      expect(own.hash).toBe(learned.encoder.hash);
      expect(await embedTexts(own, asked, run)).toEqual(want);
    }
  });

  it('is refused once its files are not those that were saved', async () => {
    const other = join(folder, 'changed');
    await saveOwnEncoder(learned.encoder, other);
    const path = join(other, 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(path, bytes);
    await expect(openAnyEncoder(other)).rejects.toMatchObject({ code: 'TAMPERED' });
  });

  it('takes fewer texts at a step where few are read, so that there are steps enough', () => {
    expect([100, 16_000, 43_000, 139_000, 10_000_000].map(batchFor)).toEqual([8, 8, 16, 64, 64]);
  });

  it.each([
    [{ length: 2 }, 'from 4 to 8192 for "length", got 2'],
    [{ share: 0 }, 'for "share", got 0'],
    [{ blocks: 1.5 }, 'a whole number from 1 to 64 for "blocks"'],
    [{ rate: Number.NaN }, 'for "rate", got NaN'],
    [{ width: 30, heads: 4 }, 'heads that divide the width, got 4 of 30'],
  ])('is not told %j', async (settings, words) => {
    await expect(pretrainOwn(texts, { ...task, settings })).rejects.toThrow(words);
  });

  it('is refused where values are missing or of another size, by name', () => {
    const { plan, values, name } = learned.encoder;
    const { places: _, ...rest } = values;
    expect(() => openSavedEncoder({ name, plan, values: rest })).toThrow('numbers for "places", got none');
    const deeper = { ...plan, config: { ...(plan.config as object), blocks: 3 } };
    expect(() => openSavedEncoder({ name, plan: deeper, values })).toThrow('got none');
  });

  it('is not learned from a handful of texts', async () => {
    await expect(pretrainOwn(texts.slice(0, 20), task)).rejects.toMatchObject({ code: 'NOT_ENOUGH_DATA' });
  });
});
