// Fashion photographs: categories from frozen vectors, cold items found by photograph, search, duplicates, pictures a second.
import { atLeast, type Bench, type Target } from './bench.ts';
import { catalogueSearch } from './fashion/catalogue-search.ts';
import { categoryHeads } from './fashion/category-heads.ts';
import { coldItems } from './fashion/cold-items.ts';
import { type Fashion, pictureVectors, readFashion } from './fashion/fashion-data.ts';
import { pictureThroughput } from './fashion/picture-throughput.ts';
import { plantedDuplicates } from './fashion/planted-duplicates.ts';

const PARTS = ['throughput', 'categories', 'cold', 'search', 'duplicates'] as const;

/** `npm run bench -- fashion [PART …]`; all parts where none is named. */
export const bench: Bench = async (options) => {
  const parts = options.args.length > 0 ? options.args : PARTS;
  const unknown = parts.find((part) => !PARTS.includes(part as (typeof PARTS)[number]));
  if (unknown !== undefined) throw new Error(`expected parts among ${PARTS.join(', ')}, got ${unknown}`);
  const fashion: Fashion = await readFashion();
  const figures: Record<string, unknown> = {
    products: fashion.ids.length,
    names: new Set(fashion.keys).size,
  };
  if (parts.includes('throughput')) figures.throughput = await pictureThroughput(fashion, options);
  if (parts.includes('categories') || parts.includes('cold')) {
    const vectors = await pictureVectors(fashion, options);
    if (parts.includes('categories')) figures.categories = await categoryHeads(fashion, vectors, options);
    if (parts.includes('cold')) figures.cold = await coldItems(fashion, vectors, options);
  }
  if (parts.includes('search')) figures.search = await catalogueSearch(fashion, options);
  if (parts.includes('duplicates')) figures.duplicates = await plantedDuplicates(fashion, options);
  return {
    bench: 'fashion',
    protocol:
      'splits by name, a fifth of the names held out with all their products, three seeds; the encoder is never trained',
    targets: targetsOf(figures),
    figures,
  };
};

interface Measured {
  readonly throughput?: { readonly share_of_the_bare_network: Readonly<Record<string, number>> };
  readonly duplicates?: {
    readonly 'by the shape of the data': { readonly recall: { readonly mean: number } };
  };
}

function targetsOf({ throughput, duplicates }: Measured): readonly Target[] {
  return [
    ...(throughput
      ? [
          atLeast(
            'archive to vectors, share of the bare network, 1 thread',
            throughput.share_of_the_bare_network['1 thread'],
            0.8,
          ),
        ]
      : []),
    ...(duplicates
      ? [atLeast('planted duplicates found', duplicates['by the shape of the data'].recall.mean, 0.9)]
      : []),
  ];
}
