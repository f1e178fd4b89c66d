// Texts to vectors: cut into pieces, sorted by length, run in batches of few shapes.
import { throwIfAborted } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { Backend, Session } from '../../tensor/session/session.ts';
import { openVectorCache, type VectorCache, vectorKey } from '../cache/vector-cache.ts';
import { type PlannedBatch, planBatches } from './batch-plan.ts';
import type { TextEncoder } from './text-encoder.ts';
import { compileTexts, type TextProgramOptions } from './text-program.ts';

/** Which of an encoder's prefixes a text gets: what is looked for with, or what is found. */
export type TextKind = 'query' | 'passage';

export interface EmbedRun {
  /** `passage` by default. */
  readonly kind?: TextKind;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

export interface EmbedderOptions extends TextProgramOptions {
  readonly backend: Backend;
  /** 1 by default. */
  readonly threads?: number;
  /** Programs held at a time, each with the encoder's weights; the one longest unused goes first. 4 by default. */
  readonly programs?: number;
  /** A folder: vectors already known are read from it, new ones kept in it. */
  readonly cache?: string | undefined;
}

/** An encoder open for embedding; close it when done. */
export interface TextEmbedder {
  readonly width: number;
  /**
   * Vectors, [texts, width].
   *
   * @throws AppError INTERRUPTED; USAGE for a pooling the encoder lacks
   */
  embed(texts: readonly string[], run?: EmbedRun): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Texts cut into pieces at a time: what is held beside texts and vectors stays bounded. */
const WINDOW = 65_536;
/** Texts cut into pieces between two pauses. */
const PAUSE_EVERY = 256;

/** Keeps compiled programs from call to call: for serving. */
export function openEmbedder(encoder: TextEncoder, options: EmbedderOptions): TextEmbedder {
  const { cache, ...rest } = options;
  const programs = openPrograms(encoder, rest);
  const cached =
    cache === undefined
      ? undefined
      : openVectorCache(cache, { hash: makerOf(encoder, options), width: encoder.width });

  const embed = async (
    texts: readonly string[],
    { kind = 'passage', progress = silent, signal }: EmbedRun = {},
  ): Promise<Float32Array> => {
    const { width, prefixes } = encoder;
    const vectors = new Float32Array(texts.length * width);
    for (let from = 0; from < texts.length; from += WINDOW) {
      const window = texts.slice(from, from + WINDOW).map((text) => prefixes[kind] + text);
      const into = vectors.subarray(from * width, (from + window.length) * width);
      const unknown = readKnown(window, into, { width, cached });
      let done = from + window.length - unknown.length;
      const onRows = (rows: Int32Array): void => {
        const places = Array.from(rows, (row) => unknown[row]);
        if (cached) {
          const fresh = new Float32Array(rows.length * width);
          for (const [i, place] of places.entries())
            fresh.set(into.subarray(place * width, (place + 1) * width), i * width);
          cached.add(
            places.map((place) => vectorKey(window[place])),
            fresh,
          );
        }
        done += rows.length;
        progress.step({ task: 'texts', done, total: texts.length, unit: 'texts' });
      };
      const at = (row: number): Float32Array =>
        into.subarray(unknown[row] * width, (unknown[row] + 1) * width);
      await runTexts(encoder, programs, { texts: unknown.map((place) => window[place]), at, onRows, signal });
    }
    throwIfAborted(signal);
    return vectors;
  };

  let busy: Promise<unknown> = Promise.resolve();
  return {
    width: encoder.width,
    // one call after the other: a program released under another call's feet would be a bug nobody could repeat
    embed: (texts, run) => {
      const turn = busy.then(() => embed(texts, run));
      busy = turn.catch(() => {});
      return turn;
    },
    close: async () => {
      await busy;
      await programs.close();
    },
  };
}

/** All that a vector depends on besides its text. */
function makerOf(
  encoder: TextEncoder,
  { pooling, isNormalised, precision = 'float' }: TextProgramOptions,
): string {
  const { hash } = encoder;
  return [hash, pooling ?? encoder.pooling, isNormalised ?? encoder.isNormalised, precision].join('-');
}

/** Fills in what is known; the places of the others. */
function readKnown(
  texts: readonly string[],
  into: Float32Array,
  { width, cached }: { readonly width: number; readonly cached: VectorCache | undefined },
): readonly number[] {
  const places = Array.from(texts, (_, i) => i);
  if (cached === undefined) return places;
  return places.filter((i) => {
    const known = cached.get(vectorKey(texts[i]));
    if (known !== undefined) into.set(known, i * width);
    return known === undefined;
  });
}

interface Programs {
  at(shape: PlannedBatch): Promise<Session>;
  close(): Promise<void>;
}

/** Sessions by batch shape, opened when first needed. */
function openPrograms(
  encoder: TextEncoder,
  { backend, threads = 1, programs = 4, ...program }: EmbedderOptions,
): Programs {
  const open = new Map<string, Session>();
  return {
    at: async ({ batch, time }) => {
      const key = `${batch}×${time}`;
      const known = open.get(key);
      open.delete(key);
      while (known === undefined && open.size >= programs) {
        const [oldest, session] = open.entries().next().value as [string, Session];
        open.delete(oldest);
        await session.release();
      }
      const session =
        known ?? (await backend.open(compileTexts(encoder, { batch, time }, program), { threads }));
      open.set(key, session);
      return session;
    },
    close: async () => {
      const sessions = [...open.values()];
      open.clear();
      for (const session of sessions) await session.release();
    },
  };
}

interface Work {
  /** With their prefixes. */
  readonly texts: readonly string[];
  /** Where a text's vector goes. */
  readonly at: (text: number) => Float32Array;
  readonly onRows: (texts: Int32Array) => void;
  readonly signal: AbortSignal | undefined;
}

async function runTexts(
  encoder: TextEncoder,
  programs: Programs,
  { texts, at, onRows, signal }: Work,
): Promise<void> {
  const { width, maxLength, tokenizer } = encoder;
  const pieces: Int32Array[] = [];
  for (const text of texts) {
    if (pieces.length % PAUSE_EVERY === 0) await pause(signal);
    pieces.push(tokenizer.encode(text, maxLength));
  }
  for (const planned of planBatches(
    Int32Array.from(pieces, ({ length }) => length),
    maxLength,
  )) {
    await pause(signal);
    const session = await programs.at(planned);
    const { vectors } = await session.run(fillBatch(planned, pieces, tokenizer.special.pad));
    planned.rows.forEach((text, row) => {
      at(text).set((vectors as Float32Array).subarray(row * width, (row + 1) * width));
    });
    onRows(planned.rows);
  }
}

/** Padded on the right; rows that no text fills are one padding piece, whose vector nobody reads. */
export function fillBatch({ batch, time, rows }: PlannedBatch, pieces: readonly Int32Array[], pad: number) {
  const ids = new Int32Array(batch * time).fill(pad);
  const mask = new Float32Array(batch * time);
  for (let row = 0; row < batch; row++) {
    const text = rows[row];
    const read = text === undefined ? [pad] : pieces[text];
    ids.set(read, row * time);
    mask.fill(1, row * time, row * time + read.length);
  }
  return { ids, mask };
}

/**
 * Vectors of texts, [texts, width], each as the encoder alone would give it: order and neighbours change nothing but
 * rounding (in `int8` a little more: activations are rounded by the range of their batch). Holds one program at a time.
 *
 * @throws AppError INTERRUPTED; USAGE for a pooling the encoder lacks
 */
export async function embedTexts(
  encoder: TextEncoder,
  texts: readonly string[],
  { kind = 'passage', progress = silent, signal, ...options }: EmbedderOptions & EmbedRun,
): Promise<Float32Array> {
  const embedder = openEmbedder(encoder, { programs: 1, ...options });
  try {
    return await embedder.embed(texts, { kind, progress, signal });
  } finally {
    await embedder.close();
  }
}
