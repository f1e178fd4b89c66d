import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from './open-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface TinyGoldens {
  readonly texts: readonly string[];
  readonly tokenizers: Readonly<
    Record<string, { readonly file: object; readonly ids: number[][]; readonly places: number[][] }>
  >;
}

/** [ids, places] of every 500 texts, the first 16 digits of SHA-256. */
type Hashes = Readonly<Record<string, Readonly<Record<'en' | 'zh', readonly (readonly [string, string])[]>>>>;

/** Where clusters are normalised as one, every piece of them has the whole cluster's place; the reference parts some. */
const PARTED_BY_THE_REFERENCE = /[\p{M}\uff9e\uff9f\u1100-\u11ff\r▁\ufffd]/u;

const placesOf = (tokenizer: Tokenizer, text: string): number[] => {
  const { ids, starts, ends } = tokenizer.encodeWithPlaces(text, 1e6);
  return Array.from(ids, (_, i) => {
    // The reference writes (0, 0) for what is put around a text, wherever it stands.
    const isFrame = starts[i] === ends[i];
    return isFrame ? [0, 0] : [starts[i]!, ends[i]!];
  }).flat();
};

describe('tokenizers of every kind, as the reference library reads them', () => {
  const { texts, tokenizers }: TinyGoldens = JSON.parse(read('test/fixtures/tokenizers/tiny.json'));

  it.each(Object.keys(tokenizers))('%s', (name) => {
    const { file, ids, places } = tokenizers[name]!;
    const tokenizer = openTokenizer(JSON.stringify(file));
    texts.forEach((text, i) => {
      const traced = tokenizer.encodeWithPlaces(text, 1e6);
      expect([...tokenizer.encode(text, 1e6)], text).toEqual(ids[i]);
      expect([...traced.ids], text).toEqual(ids[i]);
      if (PARTED_BY_THE_REFERENCE.test(text)) return;
      for (let k = 0; k < traced.ids.length; k++) {
        const start = places[i]![2 * k]!;
        const end = places[i]![2 * k + 1]!;
        // White space alone is a place with us, and none in the reference when it trims (one letter too, after a space it put in).
        if (start === end || text.slice(traced.starts[k], traced.ends[k]).trim() === '') continue;
        expect([tokenizer.piece(traced.ids[k]!), traced.starts[k], traced.ends[k]], text).toEqual([
          tokenizer.piece(traced.ids[k]!),
          start,
          end,
        ]);
      }
    });
  });
});

const shared = new URL('../../../../shared/', import.meta.url);
const folders = {
  'minilm-en': 'tokenizers/minilm-en',
  'bge-small-zh': 'tokenizers/bge-small-zh',
  'use-lite-en': 'use-lite-en',
};
const isHere =
  existsSync(new URL('models/tokenizers', shared)) && existsSync(new URL('data/reviews_zh', shared));

describe.skipIf(!isHere)('real tokenizers on 10,000 real texts a language (needs ../shared)', () => {
  const lines = (path: string, count: number): string[] =>
    gunzipSync(readFileSync(new URL(`data/${path}`, shared)))
      .toString('utf8')
      .split('\n')
      .slice(0, count);
  const { hashes }: { hashes: Hashes } = JSON.parse(read('test/fixtures/tokenizers/real.json'));
  const texts = isHere
    ? {
        en: [
          ...lines('reviews_en/womens_clothing_ecommerce_reviews.csv.gz', 7000),
          ...lines('amazon_text/beauty_asin_title.csv.gz', 3000),
        ],
        zh: [
          ...lines('reviews_zh/ChnSentiCorp_htl_all.csv.gz', 5000),
          ...lines('reviews_zh/waimai_10k.csv.gz', 5000),
        ],
      }
    : { en: [], zh: [] };

  for (const [name, folder] of Object.entries(folders)) {
    for (const language of ['en', 'zh'] as const) {
      it(`${name} gives the same pieces for every text of ${language}, and the same places`, () => {
        const tokenizer = openTokenizer(
          readFileSync(new URL(`models/${folder}/tokenizer.json`, shared), 'utf8'),
        );
        hashes[name]![language].forEach(([ids, places], part) => {
          const some = texts[language].slice(500 * part, 500 * part + 500);
          expect(some).toHaveLength(500);
          const all = createHash('sha256');
          for (const text of some) all.update(Int32Array.from([...tokenizer.encode(text, 1e6), -1]));
          expect(all.digest('hex').slice(0, 16), `part ${part}`).toBe(ids);
          if (part > 2) return;
          const stood = createHash('sha256');
          for (const text of some) stood.update(Int32Array.from([...placesOf(tokenizer, text), -1]));
          expect(stood.digest('hex').slice(0, 16), `places of part ${part}`).toBe(places);
        });
      });
    }
  }
});
