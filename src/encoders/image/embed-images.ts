// Pictures to vectors: decoding of the next batches runs beside the network on this one.
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { Backend, Session } from '../../tensor/session/session.ts';
import { type VectorCache, vectorKey } from '../cache/vector-cache.ts';
import { type DecodeImage, IMAGE_LIMITS, type ImageLimits, openSharpDecoder } from './image-decoder.ts';
import type { ImageEncoder } from './image-encoder.ts';
import { pixelWriter } from './image-processing.ts';
import type { ImageSource } from './image-source.ts';

/** A picture that has no vector, and why. */
export interface ImageFault {
  readonly index: number;
  readonly name: string;
  /** For a person; nothing of the picture itself. */
  readonly message: string;
}

export interface ImageVectors {
  readonly width: number;
  /** [images, width]; zeros where there is none. */
  readonly vectors: Float32Array;
  /** [images], 1 where there is a vector. */
  readonly present: Uint8Array;
  readonly faults: readonly ImageFault[];
}

export interface EmbedImagesOptions {
  readonly backend: Backend;
  /** Of the network; decoding has threads of its own. 1 by default. */
  readonly threads?: number;
  /** Pictures a run; 16 by default: larger ones need more memory and are no faster. */
  readonly batch?: number;
  /** sharp by default. */
  readonly decode?: DecodeImage;
  readonly limits?: ImageLimits;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const BATCH = 16;
/** Batches being decoded while one is in the network: the network blocks this thread, so work must lie ready in others. */
const AHEAD = 2;

type Decoded = { readonly rgb: Uint8Array } | { readonly message: string };

/**
 * The vectors of pictures as the network gives them, not normalised. A picture that cannot be read is returned as a fault;
 * the others are not harmed.
 *
 * @throws AppError NOT_FOUND where sharp is missing, INTERRUPTED
 */
export async function embedImages(
  encoder: ImageEncoder,
  sources: readonly ImageSource[],
  options: EmbedImagesOptions,
): Promise<ImageVectors> {
  const { backend, threads = 1, limits = IMAGE_LIMITS, progress = silent, signal } = options;
  const size = Math.max(1, Math.min(options.batch ?? BATCH, sources.length));
  const decode = options.decode ?? (await openSharpDecoder());
  const { width, processing } = encoder;
  const vectors = new Float32Array(sources.length * width);
  const present = new Uint8Array(sources.length);
  const faults: ImageFault[] = [];
  if (sources.length === 0) return { width, vectors, present, faults };

  const decodeOne = async (source: ImageSource): Promise<Decoded> => {
    try {
      return { rgb: await decode(await source.read(limits.bytes), processing, limits) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { message: error.message };
    }
  };
  const decodeBatch = (from: number) => {
    const ready = Promise.all(sources.slice(from, from + size).map(decodeOne));
    // Awaited in its turn; until then a failure is nobody's.
    ready.catch(() => {});
    return ready;
  };

  const write = pixelWriter(processing, encoder.order);
  const pixels = 3 * processing.width * processing.height;
  const fed = new Float32Array(size * pixels);
  const session = await backend.open(encoder.graph(size), { threads });
  try {
    const waiting = Array.from({ length: AHEAD }, (_, k) => k * size)
      .filter((from) => from < sources.length)
      .map(decodeBatch);
    for (let from = 0; from < sources.length; from += size) {
      await pause(signal);
      const decoded = await (waiting.shift() as Promise<Decoded[]>);
      const next = from + AHEAD * size;
      if (next < sources.length) waiting.push(decodeBatch(next));
      throwIfAborted(signal);
      decoded.forEach((one, i) => {
        if ('message' in one) {
          faults.push({ index: from + i, name: sources[from + i].name, message: one.message });
          return;
        }
        write(one.rgb, fed, i * pixels);
        present[from + i] = 1;
      });
      const given = await runBatch(session, encoder, fed);
      decoded.forEach((_, i) => {
        if (present[from + i] === 1)
          poolOne(
            encoder,
            given.subarray(i * (given.length / size), (i + 1) * (given.length / size)),
            vectors.subarray((from + i) * width, (from + i + 1) * width),
          );
      });
      progress.step({
        task: 'pictures',
        done: Math.min(from + size, sources.length),
        total: sources.length,
        unit: 'pictures',
      });
    }
  } finally {
    await session.release();
  }
  return { width, vectors, present, faults };
}

async function runBatch(
  session: Session,
  { input, output }: ImageEncoder,
  fed: Float32Array,
): Promise<Float32Array> {
  const results = await session.run({ [input]: fed });
  return results[output] as Float32Array;
}

/** One picture's output to its vector. */
function poolOne({ pooling, width }: ImageEncoder, given: Float32Array, into: Float32Array): void {
  if (pooling === 'given') {
    into.set(given);
    return;
  }
  const places = given.length / width;
  // [width, places] of planes, else [places, width]
  const [step, stride] = pooling === 'mean of planes' ? [places, 1] : [1, width];
  for (let k = 0; k < width; k++) {
    let sum = 0;
    for (let place = 0; place < places; place++) sum += given[k * step + place * stride];
    into[k] = sum / places;
  }
}

/**
 * The same, with the vectors of pictures met before taken from a cache and new ones put there. A picture is known by its
 * bytes, not by its name.
 */
export async function embedImagesCached(
  encoder: ImageEncoder,
  sources: readonly ImageSource[],
  options: EmbedImagesOptions,
  cache: VectorCache,
): Promise<ImageVectors & { readonly reused: number }> {
  const { width } = encoder;
  const most = (options.limits ?? IMAGE_LIMITS).bytes;
  const keys: (string | undefined)[] = [];
  for (const [i, source] of sources.entries()) {
    if (i % PAUSE_EVERY === 0) await pause(options.signal);
    // What cannot be read is said by the reading that follows.
    keys.push(await keyOf(source, most));
  }
  const places = sources.flatMap((_, i) => (cache.get(keys[i] ?? '') ? [] : [i]));
  const fresh = await embedImages(
    encoder,
    places.map((i) => sources[i]),
    options,
  );
  const vectors = new Float32Array(sources.length * width);
  const present = new Uint8Array(sources.length);
  const given = places.map((i, at) => ({ i, vector: fresh.vectors.subarray(at * width, (at + 1) * width) }));
  const found = given.filter(({ i }, at) => fresh.present[at] === 1 && keys[i] !== undefined);
  const kept = new Float32Array(found.length * width);
  found.forEach(({ vector }, at) => {
    kept.set(vector, at * width);
  });
  cache.add(
    found.map(({ i }) => keys[i] as string),
    kept,
  );
  sources.forEach((_, i) => {
    const own = cache.get(keys[i] ?? '');
    if (!own) return;
    vectors.set(own, i * width);
    present[i] = 1;
  });
  const faults = fresh.faults.map((fault) => ({ ...fault, index: places[fault.index] }));
  return { width, vectors, present, faults, reused: sources.length - places.length };
}

const PAUSE_EVERY = 256;

async function keyOf(source: ImageSource, most: number): Promise<string | undefined> {
  try {
    return vectorKey(await source.read(most));
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
