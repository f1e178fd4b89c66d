// A simulated shop over real products with photographs: customers with tastes that are known, and what they chose.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ItemVectors } from '../../src/core/item-vectors.ts';
import { type Random, random } from '../../src/core/random.ts';
import type { ItemAttributes, Sequences } from '../../src/core/sequences.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { openVectorCache } from '../../src/encoders/cache/vector-cache.ts';
import { embedImagesCached } from '../../src/encoders/image/embed-images.ts';
import { openImageEncoder } from '../../src/encoders/image/image-encoder.ts';
import { openImageArchive } from '../../src/encoders/image/zip-images.ts';
import { openAnyEncoder } from '../../src/encoders/own/own-folder.ts';
import { embedTexts } from '../../src/encoders/text/embed.ts';
import { fitWhitening, whitened } from '../../src/models/sequence/neural/fusion/whitening.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { readRows } from '../tables/table-set.ts';

const shared = (path: string): string => fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));

export interface PicturedShop {
  readonly sequences: Sequences;
  /** `text` of names and `image` of photographs. */
  readonly vectors: readonly ItemVectors[];
  readonly categories: ItemAttributes['categories'];
  /** 1 for items that are on offer at everybody's last moment alone: [items] */
  readonly isNew: Uint8Array;
  /** What each customer's last choice was worth to them before chance, of every item: [items] */
  readonly worthOfLast: (customer: number) => Float64Array;
}

export interface PicturedOptions {
  readonly products: number;
  readonly customers: number;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

const SEASONS = ['Spring', 'Summer', 'Fall', 'Winter'];
const NEW_SHARE = 0.1;
/** Directions of looks and of names that tastes are about. */
const TASTES = 12;
/** Products a customer comes across at a time. */
const SEEN = 150;
const WORTH = { type: 2, colour: 1, gender: 2, season: 1.2, look: 1.5, name: 1 };

type Product = Readonly<Record<string, string | null>>;

export async function picturedShop(options: PicturedOptions): Promise<PicturedShop> {
  const { seed, customers, log } = options;
  const all = await readRows('fashion_images/styles_with_images.csv.gz');
  const order = random(seed).fork('products').shuffle(Int32Array.from(all.keys()));
  const products = Array.from(order.subarray(0, options.products), (row) => all[row]);
  const vectors = await readProducts(products, options);
  const [looks, names] = [vectors[1], vectors[0]].map((own) => ({
    known: own.known,
    at: whitened(own, fitWhitening(own, TASTES, 1)),
  }));
  const codes = (column: string) => coded(products.map((one) => one[column] ?? ''));
  const [type, colour, gender] = ['articleType', 'baseColour', 'gender'].map(codes);
  const season = Int32Array.from(products, (one) => SEASONS.indexOf(one.season ?? ''));
  const draws = random(seed).fork('behaviour');
  const items = products.length;
  const isNew = Uint8Array.from({ length: items }, () => (draws.uniform() < NEW_SHARE ? 1 : 0));
  const liked = Float64Array.from({ length: items }, () => 0.7 * draws.normal());
  const worths: Float64Array[] = [];
  const events: { readonly item: number; readonly timeMs: number }[][] = [];
  const typed = Int32Array.from(type.codes);
  for (let customer = 0; customer < customers; customer++) {
    const taste = tasteOf(draws, typed, items);
    const ofSeason = (now: number): Float64Array =>
      Float64Array.from({ length: items }, (_, item) => {
        let worth = liked[item];
        if (taste.types.includes(type.codes[item])) worth += WORTH.type;
        if (taste.like.map((one) => colour.codes[one]).includes(colour.codes[item])) worth += WORTH.colour;
        if (gender.codes[taste.like[0]] === gender.codes[item]) worth += WORTH.gender;
        if (season[item] === now) worth += WORTH.season;
        // Both have a mean square length of one: so has the product, over customers.
        for (let d = 0; d < TASTES; d++)
          worth +=
            WORTH.look * taste.look[d] * looks.at[item * TASTES + d] +
            WORTH.name * taste.name[d] * names.at[item * TASTES + d];
        return worth;
      });
    const bySeason = SEASONS.map((_, now) => ofSeason(now));
    const steps = 4 + draws.integer(7);
    const own: { item: number; timeMs: number }[] = [];
    let timeMs = Date.UTC(2024, 0, 1) + draws.integer(365) * DAY_MS;
    for (let step = 0; step < steps; step++) {
      timeMs += Math.round(-Math.log(1 - draws.uniform()) * 25 * DAY_MS);
      const worth = bySeason[seasonAt(timeMs)];
      own.push({
        item: choose(draws, worth, (item) => isTaken(own, item) || (isNew[item] === 1 && step < steps - 1)),
        timeMs,
      });
    }
    worths.push(bySeason[seasonAt(timeMs)]);
    events.push(own);
  }
  log(
    `simulated ${customers} customers over ${items} real products, ${isNew.filter((one) => one).length} of them new at the end`,
  );
  return {
    sequences: sequencesOf(
      events,
      products.map((one) => one.id ?? ''),
    ),
    vectors,
    categories: { type, colour, gender },
    isNew,
    worthOfLast: (customer) => worths[customer],
  };
}

const seasonAt = (timeMs: number): number => Math.floor(((new Date(timeMs).getUTCMonth() + 10) % 12) / 3);
const isTaken = (own: readonly { readonly item: number }[], item: number): boolean =>
  own.some((one) => one.item === item);

function tasteOf(draws: Random, types: Int32Array, items: number) {
  const like = [draws.integer(items), draws.integer(items)];
  const direction = () => Float64Array.from({ length: TASTES }, () => draws.normal());
  return { like, types: like.map((item) => types[item]), look: direction(), name: direction() };
}

/** The best of those come across, each worth as much more or less as chance has it (Gumbel): a choice by a softmax. */
function choose(draws: Random, worth: Float64Array, isOut: (item: number) => boolean): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < SEEN || best < 0; k++) {
    const item = draws.integer(worth.length);
    if (isOut(item)) continue;
    const felt = worth[item] - Math.log(-Math.log(1 - draws.uniform()));
    if (felt > most) [best, most] = [item, felt];
  }
  return best;
}

function sequencesOf(
  events: readonly (readonly { readonly item: number; readonly timeMs: number }[])[],
  itemIds: readonly string[],
): Sequences {
  const flat = events.flat();
  const offsets = new Uint32Array(events.length + 1);
  events.forEach((own, customer) => {
    offsets[customer + 1] = offsets[customer] + own.length;
  });
  return {
    entities: events.map((_, customer) => `c${customer}`),
    offsets,
    items: Int32Array.from(flat, ({ item }) => item),
    timesMs: Float64Array.from(flat, ({ timeMs }) => timeMs),
    marks: [
      {
        name: 'season',
        levels: SEASONS.length + 1,
        codes: Uint8Array.from(flat, ({ timeMs }) => 1 + seasonAt(timeMs)),
      },
    ],
    itemIds,
  };
}

function coded(texts: readonly string[]): { readonly codes: Int32Array; readonly levels: readonly string[] } {
  const levels = [...new Set(texts.filter((text) => text !== ''))].sort();
  const places = new Map(levels.map((level, code) => [level, code]));
  return { codes: Int32Array.from(texts, (text) => places.get(text) ?? -1), levels };
}

/** Names and photographs as vectors; those of photographs are kept beside the machine's other temporary files. */
async function readProducts(
  products: readonly Product[],
  { threads, log }: PicturedOptions,
): Promise<readonly ItemVectors[]> {
  const startedMs = performance.now();
  const encoder = await openAnyEncoder(shared('models/use-lite-en'));
  const names = products.map((one) => one.productDisplayName ?? '');
  const text = await embedTexts(encoder, names, { backend: nodeBackend, threads });
  const pictures = openImageEncoder(shared('models/mobilenet-v2-1.0-224-imagenet-dequant'));
  const archive = openImageArchive(shared('data/fashion_images/images_9583.zip'));
  try {
    const byName = new Map(archive.images.map((image) => [image.name, image]));
    const sources = products.map((one) => {
      const found = byName.get(`${one.id}.jpg`);
      if (!found) throw new Error('expected a photograph of every product');
      return found;
    });
    const cache = openVectorCache(join(tmpdir(), 'foresell-bench-pictures'), pictures);
    const image = await embedImagesCached(pictures, sources, { backend: nodeBackend, threads }, cache);
    log(
      `${products.length} names and photographs read in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
    );
    return [
      {
        name: 'text',
        width: encoder.width,
        values: text,
        known: Uint8Array.from(names, (one) => (one === '' ? 0 : 1)),
      },
      { name: 'image', width: pictures.width, values: image.vectors, known: image.present },
    ];
  } finally {
    archive.close();
  }
}
