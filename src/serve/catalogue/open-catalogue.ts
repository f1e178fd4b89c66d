// A catalogue open for questions: its words indexed, its vectors ready to be compared, its encoder opened when first needed.
import { resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { cellTexts, findColumn } from '../../core/frame.ts';
import { type EmbedImagesOptions, embedImages } from '../../encoders/image/embed-images.ts';
import { openImageEncoder } from '../../encoders/image/image-encoder.ts';
import { imageFile } from '../../encoders/image/image-source.ts';
import { openAnyEncoder } from '../../encoders/own/own-folder.ts';
import { openEmbedder, type TextEmbedder } from '../../encoders/text/embed.ts';
import { indexTexts, type LexicalIndex } from '../../models/retrieval/lexical-index.ts';
import { openVectorSearch, type VectorSearch, vectorTable } from '../../models/retrieval/vector-search.ts';
import type { CatalogueBundle, NamedEncoder } from '../../registry/catalogue-bundle.ts';

export interface OpenOptions {
  /** What compares vectors and runs encoders. */
  readonly backend: EmbedImagesOptions['backend'];
  readonly threads?: number;
  /** Where the encoder of texts lies now, if it has moved. */
  readonly encoder?: string;
  readonly imageEncoder?: string;
}

/** Close it when done. */
export interface OpenCatalogue {
  readonly bundle: CatalogueBundle;
  /** Texts of a field, `''` where missing, [items] */
  texts(field: string): readonly string[];
  /** Made when first asked for. */
  words(): LexicalIndex;
  /** Absent where it was indexed without an encoder. */
  meaning(): Promise<VectorSearch | undefined>;
  pictures(): Promise<VectorSearch | undefined>;
  /** The vector of a question, by the encoder that read the titles. @throws AppError NOT_FOUND, TAMPERED */
  readQuestion(text: string): Promise<Float32Array>;
  /** The vector of a photograph. @throws AppError BAD_FILE for one that cannot be read */
  readPicture(path: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A word of the title says most of what an item is. */
const WEIGHTS: Readonly<Record<string, number>> = { title: 3, category: 2, brand: 2, description: 1 };

export function openCatalogue(
  bundle: CatalogueBundle,
  { backend, threads = 1, ...moved }: OpenOptions,
): OpenCatalogue {
  const texts = (field: string) =>
    cellTexts(findColumn(bundle.frame, bundle.fields[field] ?? ''), bundle.itemIds.length);
  let index: LexicalIndex | undefined;
  let embedder: TextEmbedder | undefined;
  const open = new Map<'meaning' | 'pictures', VectorSearch>();
  const searchOf = async (kind: 'meaning' | 'pictures') => {
    const vectors = bundle[kind];
    if (!vectors) return undefined;
    const search =
      open.get(kind) ??
      (await openVectorSearch(vectorTable(vectors.vectors, vectors.width), {
        backend,
        threads,
      }));
    open.set(kind, search);
    return search;
  };
  return {
    bundle,
    texts,
    words() {
      index ??= indexTexts(
        Object.entries(WEIGHTS)
          .filter(([field]) => bundle.fields[field] !== undefined)
          .map(([field, weight]) => ({ texts: texts(field), weight })),
      );
      return index;
    },
    meaning: () => searchOf('meaning'),
    pictures: () => searchOf('pictures'),
    async readQuestion(text) {
      const named = needEncoder(bundle.meaning?.encoder, 'texts', '--encoder');
      if (!embedder) {
        const encoder = await openAnyEncoder(moved.encoder ?? named.folder);
        sameEncoder(named, encoder.hash, '--encoder');
        embedder = openEmbedder(encoder, { backend, threads });
      }
      return embedder.embed([text], { kind: 'query' });
    },
    async readPicture(path) {
      const named = needEncoder(bundle.pictures?.encoder, 'pictures', '--image-encoder');
      const encoder = openImageEncoder(moved.imageEncoder ?? named.folder);
      sameEncoder(named, encoder.hash, '--image-encoder');
      const { vectors, faults } = await embedImages(encoder, [imageFile(resolve(path))], {
        backend,
        threads,
      });
      if (faults.length > 0) throw new AppError('BAD_FILE', `"${path}": ${faults[0].message}`);
      return vectors;
    },
    async close() {
      await embedder?.close();
      for (const search of open.values()) await search.close();
      open.clear();
    },
  };
}

function needEncoder(named: NamedEncoder | undefined, what: string, option: string): NamedEncoder {
  if (named) return named;
  throw new AppError(
    'USAGE',
    `the catalogue was indexed without an encoder of ${what}: index it again with ${option}`,
  );
}

/** Vectors of two encoders cannot be compared. */
function sameEncoder(named: NamedEncoder, hash: string, option: string): void {
  if (named.hash === hash) return;
  throw new AppError(
    'TAMPERED',
    `expected the encoder that the catalogue was indexed with ("${named.name}"), its files are others now: index it again, or name the right one with ${option}`,
  );
}
