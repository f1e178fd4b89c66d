// Beauty's sequences with the titles of its items, read by an encoder.
import { fileURLToPath } from 'node:url';
import type { ItemVectors } from '../../src/core/item-vectors.ts';
import { openAnyEncoder } from '../../src/encoders/own/own-folder.ts';
import { embedTexts } from '../../src/encoders/text/embed.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { readRows } from '../tables/table-set.ts';

/** What `encoder=` may say besides a folder. */
const KNOWN: Readonly<Record<string, string>> = {
  use: fileURLToPath(new URL('../../../shared/models/use-lite-en', import.meta.url)),
};

export interface ReadTexts {
  readonly encoder: string;
  readonly vectors: ItemVectors;
  readonly textsPerSecond: number;
}

/** Items without a title have no vector. @param itemIds as Beauty's file calls them */
export async function readBeautyTexts(
  itemIds: readonly string[],
  { encoder: named, threads, log }: { encoder: string; threads: number; log: (line: string) => void },
): Promise<ReadTexts> {
  const titles = new Map(
    (await readRows('amazon_text/beauty_asin_title.csv.gz')).map(({ asin, title }) => [
      asin ?? '',
      title ?? '',
    ]),
  );
  const titleOf = new Map(
    (await readRows('amazon_text/beauty_s3rec_id_to_asin.csv.gz')).map((row) => [
      row.s3rec_item_id ?? '',
      titles.get(row.asin ?? '') ?? '',
    ]),
  );
  const texts = itemIds.map((id) => titleOf.get(id) ?? '');
  const encoder = await openAnyEncoder(KNOWN[named] ?? named);
  const startedMs = performance.now();
  const values = await embedTexts(encoder, texts, { backend: nodeBackend, threads });
  const seconds = (performance.now() - startedMs) / 1000;
  const known = Uint8Array.from(texts, (text) => (text === '' ? 0 : 1));
  log(
    `${encoder.name}: ${texts.length} titles (${known.filter((one) => one === 0).length} missing) in ${seconds.toFixed(0)} s`,
  );
  return {
    encoder: encoder.name,
    vectors: { name: 'text', width: encoder.width, values, known },
    textsPerSecond: texts.length / seconds,
  };
}
