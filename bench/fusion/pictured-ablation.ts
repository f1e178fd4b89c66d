// What each kind of knowledge adds, where the truth is known: behaviour, names, photographs, the moment, and some of them missing.
import { viewOf } from '../../src/core/case-view.ts';
import type { ItemVectors } from '../../src/core/item-vectors.ts';
import { random } from '../../src/core/random.ts';
import type { ItemAttributes, NextItemCases, Sequences } from '../../src/core/sequences.ts';
import { leaveOneOut } from '../../src/eval/sequences/leave-one-out.ts';
import type { Settings } from '../../src/models/estimator.ts';
import { contentKnn } from '../../src/models/sequence/classical/content-knn.ts';
import type { NextItemModel, Recommender } from '../../src/models/sequence/recommender.ts';
import { transformerWith } from '../../src/models/sequence/transformer/transformer.ts';
import { type Found, foundBy, meanFound } from './found-by-count.ts';
import { type PicturedShop, picturedShop } from './pictured-shop.ts';

const MISSING = 0.3;
const PRODUCTS = 3000;
const CUSTOMERS = 4000;

interface Asked {
  readonly seeds: readonly number[];
  readonly threads: number;
  readonly models?: readonly string[] | undefined;
  readonly settings: Settings;
  readonly sample: number;
  readonly log: (line: string) => void;
}

interface Told {
  readonly vectors: readonly string[];
  readonly context?: boolean;
  /** Of pictures and of names, each by itself. */
  readonly missing?: boolean;
}

const ROWS: Readonly<Record<string, Told>> = {
  behaviour: { vectors: [] },
  '+ text': { vectors: ['text'] },
  '+ image': { vectors: ['image'] },
  '+ text + image': { vectors: ['text', 'image'] },
  '+ context': { vectors: [], context: true },
  '+ text + image + context': { vectors: ['text', 'image'], context: true },
  'all, 30 % of pictures and names missing': { vectors: ['text', 'image'], context: true, missing: true },
};

/** Everything about a moment: the season of each event, the time between them; and of items their columns. */
export async function measurePictures({ seeds, threads, models, settings, sample, log }: Asked) {
  const shop = await picturedShop({
    products: Math.round(PRODUCTS / sample),
    customers: Math.round(CUSTOMERS / sample),
    ...{ seed: seeds[0], threads, log },
  });
  const table: Record<string, unknown> = {};
  const { train, valid, test } = leaveOneOut(shop.sequences);
  const cases = viewOf(test);
  const slices = { all: () => true, new: (item: number) => shop.isNew[item] === 1 };
  table['the truth before chance'] = await foundBy(truthOf(shop), cases, slices);
  const rows: Readonly<Record<string, Recommender>> = {
    'content-knn': told(contentKnn, { categories: {}, vectors: shop.vectors }),
    ...Object.fromEntries(
      Object.entries(ROWS).map(([name, own]) => [name, recommenderOf(own, shop, settings, seeds[0])]),
    ),
  };
  for (const [name, recommender] of Object.entries(rows)) {
    if (models && !models.includes(name)) continue;
    const found: Readonly<Record<string, Found>>[] = [];
    const isTold = ROWS[name]?.context === true;
    for (const seed of name === 'content-knn' ? seeds.slice(0, 1) : seeds) {
      const run = { seed, threads, progress: { step() {}, note() {} } };
      const own = isTold ? { train, valid } : { train: momentless(train), valid: valid && casesOf(valid) };
      const model = await recommender.fit(own.train, own.valid, run);
      found.push(await foundBy(isTold ? model : withoutMoments(model), cases, slices));
      await model.close?.();
      log(`pictures, ${name}, seed ${seed}: ${JSON.stringify(found.at(-1))}`);
    }
    table[name] = Object.fromEntries(
      Object.keys(slices).map((slice) => [slice, meanFound(found.map((one) => one[slice]))]),
    );
  }
  return {
    protocol:
      'real products, names and photographs; the behaviour is SIMULATED: customers like two kinds of article, two colours, a gender, what is of the season, a direction of looks (of photographs as MobileNetV2 sees them) and one of names (as USE-lite reads them), and choose by a softmax among 150 products come across; a tenth of the products is on offer at the last choice alone and asked about as new; leave-one-out, full ranking, own history excluded',
    ...{
      products: shop.sequences.itemIds.length,
      customers: shop.sequences.entities.length,
      seeds: seeds.length,
      table,
    },
  };
}

const told = (recommender: Recommender, attributes: ItemAttributes): Recommender =>
  recommender.knowing?.(attributes) ?? recommender;

function recommenderOf(
  { vectors, context, missing }: Told,
  shop: PicturedShop,
  settings: Settings,
  seed: number,
): Recommender {
  const draws = random(seed).fork('missing');
  const own = shop.vectors
    .filter(({ name }) => vectors.includes(name))
    .map((all): ItemVectors => {
      if (!missing) return all;
      return { ...all, known: all.known.map((known) => (draws.uniform() < MISSING ? 0 : known)) };
    });
  const attributes = { categories: context ? shop.categories : {}, vectors: own };
  return transformerWith(settings, { attributes });
}

function momentless({ timesMs: _, marks: __, ...rest }: Sequences): Sequences {
  return rest;
}

const casesOf = ({ before, targets }: NextItemCases): NextItemCases => ({
  before: momentless(before),
  targets,
});

const withoutMoments = (model: NextItemModel): NextItemModel => ({
  ...model,
  score: (before) => model.score(momentless(before)),
});

/** Ranks by what each customer's products were worth before chance had its say: nobody does better but by luck. */
const truthOf = ({ worthOfLast, sequences: { entities, itemIds } }: PicturedShop): NextItemModel => {
  const rowOf = new Map(entities.map((entity, row) => [entity, row]));
  return {
    recommender: 'truth',
    itemIds,
    async score(before) {
      const items = itemIds.length;
      const scores = new Float32Array(before.entities.length * items);
      before.entities.forEach((entity, row) => {
        scores.set(worthOfLast(rowOf.get(entity) as number), row * items);
      });
      return scores;
    },
    save: () => ({ estimator: 'truth', format: 1, state: {} }),
  };
};
