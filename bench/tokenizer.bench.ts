// How fast texts become pieces, and a vocabulary is learned: Beauty titles and Chinese take-away reviews, one core.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openTokenizer } from '../src/encoders/tokenizer/open-tokenizer.ts';
import { trainTokenizer } from '../src/encoders/tokenizer/train-tokenizer.ts';
import { atLeast, atMost, type Bench } from './bench.ts';

const shared = new URL('../../shared/', import.meta.url);
const TOKENIZERS = ['tokenizers/minilm-en', 'tokenizers/bge-small-zh', 'use-lite-en'];
const SENTENCES = 100_000;

/** Seconds are of the processor, so that a busy machine does not change them; the first reading counts, no cache warmed. */
export const bench: Bench = async ({ log }) => {
  if (!existsSync(new URL('models/tokenizers', shared))) {
    throw new Error('expected the shared models and data beside the repository, found none');
  }
  const titles = lines('amazon_text/beauty_asin_title.csv.gz');
  const reviews = lines('reviews_zh/waimai_10k.csv.gz');
  const own = openTokenizer(trainTokenizer([...titles, ...reviews], { size: 8000 }));
  const rates: Record<string, { readonly titles: number; readonly reviews: number }> = {};
  for (const name of [...TOKENIZERS, 'own']) {
    const rate = (texts: readonly string[]): number => {
      const tokenizer =
        name === 'own'
          ? openTokenizer(own.file)
          : openTokenizer(readFileSync(new URL(`models/${name}/tokenizer.json`, shared), 'utf8'));
      return Math.round(
        texts.length /
          cpuSeconds(() => {
            for (const text of texts) tokenizer.encode(text, 64);
          }),
      );
    };
    rates[name] = { titles: rate(titles), reviews: rate(reviews) };
    log(`${name}: ${rates[name].titles} titles a second, ${rates[name].reviews} reviews`);
  }
  const sentences = lines('reviews_en/womens_clothing_ecommerce_reviews.csv.gz')
    .flatMap((line) => line.split(/[.!?]+/))
    .filter((sentence) => sentence.length > 20)
    .slice(0, SENTENCES);
  const learning = cpuSeconds(() => trainTokenizer(sentences, { size: 8000 }));
  log(`${sentences.length} sentences learned from in ${learning.toFixed(1)} s`);
  return {
    bench: 'tokenizer',
    protocol: `${titles.length} Beauty titles and ${reviews.length} reviews of waimai_10k, 64 pieces at most; 8,000 pieces learned from ${sentences.length} sentences of Women's Clothing; seconds of one core`,
    targets: [
      atLeast('titles a second, WordPiece', rates['tokenizers/minilm-en']!.titles, 20_000),
      atMost('seconds to learn 8,000 pieces', learning, 10),
    ],
    figures: { rates, sentences: sentences.length, learning },
  };
};

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function lines(path: string): string[] {
  return gunzipSync(readFileSync(new URL(`data/${path}`, shared)))
    .toString('utf8')
    .split('\n')
    .slice(1);
}
