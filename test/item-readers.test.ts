// Items read by encoders: what has no text has no vector, what the model knows is not read again, another encoder is refused.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../src/core/frame.ts';
import type { ItemCatalogue } from '../src/core/item-catalogue.ts';
import { nodeBackend } from '../src/tensor/session/session-node.ts';
import { checkReaders, readNewVectors, readVectors } from '../src/train/sequence/read-vectors.ts';

const fixture = (family: string): string =>
  fileURLToPath(new URL(`./fixtures/encoders/${family}`, import.meta.url));

const TITLES = ['red running shoes', 'espresso machine', '', 'red running shoes', 'garden chair'];
const catalogue = (known: number): ItemCatalogue => ({
  itemIds: TITLES.map((_, item) => `i${item}`),
  known,
  frame: makeFrame(
    [
      {
        ...{ name: 'title', label: { en: 'title', zh: '标题' }, unit: 'none', group: 'title', kind: 'text' },
        values: TITLES,
      },
    ],
    { rows: TITLES.length },
  ),
  titles: TITLES,
});
const running = { backend: nodeBackend, threads: 1 };

describe('items read by a text encoder', () => {
  it('have a vector where something is written of them, the same for the same words', async () => {
    const { vectors, sources } = await readVectors(catalogue(5), { encoder: fixture('bert') }, running);
    const [{ name, width, values, known }] = vectors;
    expect(name).toBe('text');
    expect([...known]).toEqual([1, 1, 0, 1, 1]);
    const row = (item: number) => [...values.subarray(item * width, (item + 1) * width)];
    expect(row(3)).toEqual(row(0));
    expect(row(1)).not.toEqual(row(0));
    expect(row(2).every((value) => value === 0)).toBe(true);
    expect(sources.text.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are read by the encoder a model learned from, and only those it never saw', async () => {
    const whole = await readVectors(catalogue(5), { encoder: fixture('bert') }, running);
    const options = { ...running, moved: {} };
    const fresh = await readNewVectors(catalogue(4), whole.sources, options);
    const { width } = whole.vectors[0];
    expect([...(fresh?.[0].known ?? [])]).toEqual([0, 0, 0, 0, 1]);
    const [read, before] = [fresh?.[0], whole.vectors[0]].map((own) => own?.values.subarray(4 * width));
    read?.forEach((value, at) => void expect(value).toBeCloseTo(before?.[at] as number, 5));
    expect(await readNewVectors(catalogue(5), whole.sources, options)).toBeUndefined();
    expect(await readNewVectors(catalogue(4), undefined, options)).toBeUndefined();
  });

  it('are refused where another encoder is named', async () => {
    const { sources } = await readVectors(catalogue(5), { encoder: fixture('bert') }, running);
    const moved = { encoder: fixture('distilbert') };
    await expect(readNewVectors(catalogue(4), sources, { ...running, moved })).rejects.toThrow(
      /encoder "bert" that the model learned from.*"distilbert" is another/,
    );
  });

  it('need pictures and what reads them together', () => {
    expect(() => checkReaders({ images: 'photos' })).toThrow(/--image-encoder/);
    expect(() => checkReaders({ encoder: 'bert' })).not.toThrow();
  });
});
