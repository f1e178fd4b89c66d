// Texts to vectors: cut into pieces, sorted by length, run in batches of few shapes.
import { throwIfAborted } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { Backend, Session } from '../../tensor/session/session.ts';
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
  /** Programs held at a time; the longest unused one goes first. 4 by default. */
  readonly programs?: number;
}

/** An encoder open for embedding; close it when done. */
export interface TextEmbedder {
  readonly width: number;
  /** Vectors, [texts, width]. @throws AppError INTERRUPTED */
  embed(texts: readonly string[], run?: EmbedRun): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Texts cut into pieces at a time: what is held beside texts and vectors stays bounded. */
const WINDOW = 65_536;
const PAUSE_EVERY = 512;

/** Keeps compiled programs from call to call: for serving. */
export function openEmbedder(encoder: TextEncoder, options: EmbedderOptions): TextEmbedder {
  const { backend, threads = 1, programs = 4, ...program } = options;
  const open = new Map<string, Session>();

  const sessionFor = async ({ batch, time }: PlannedBatch): Promise<Session> => {
    const key = `${batch}×${time}`;
    const known = open.get(key);
    open.delete(key);
    if (known === undefined && open.size >= programs) {
      const [[oldest, session]] = open as Map<string, Session> & Iterable<[string, Session]>;
      open.delete(oldest);
      await session.release();
    }
    const session =
      known ?? (await backend.open(compileTexts(encoder, { batch, time }, program), { threads }));
    open.set(key, session);
    return session;
  };

  const embedWindow = async (
    texts: readonly string[],
    into: Float32Array,
    { signal, onRows, kind }: Window,
  ): Promise<void> => {
    const pieces = await cutTexts(encoder, texts, kind, signal);
    for (const planned of planBatches(
      Int32Array.from(pieces, ({ length }) => length),
      encoder.maxLength,
    )) {
      await pause(signal);
      const session = await sessionFor(planned);
      const { vectors } = await session.run(fillBatch(planned, pieces, encoder.tokenizer.special.pad));
      planned.rows.forEach((text, row) => {
        into.set(
          (vectors as Float32Array).subarray(row * encoder.width, (row + 1) * encoder.width),
          text * encoder.width,
        );
      });
      onRows(planned.rows.length);
    }
  };

  let busy: Promise<unknown> = Promise.resolve();
  const embed = async (
    texts: readonly string[],
    { kind = 'passage', progress = silent, signal }: EmbedRun = {},
  ): Promise<Float32Array> => {
    const vectors = new Float32Array(texts.length * encoder.width);
    let done = 0;
    const onRows = (rows: number): void => {
      done += rows;
      progress.step({ task: 'texts', done, total: texts.length, unit: 'texts' });
    };
    for (let from = 0; from < texts.length; from += WINDOW) {
      const window = texts.slice(from, from + WINDOW);
      await embedWindow(window, vectors.subarray(from * encoder.width), { kind, signal, onRows });
    }
    throwIfAborted(signal);
    return vectors;
  };

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
      await Promise.all([...open.values()].map((session) => session.release()));
      open.clear();
    },
  };
}

interface Window {
  readonly kind: TextKind;
  readonly signal: AbortSignal | undefined;
  readonly onRows: (rows: number) => void;
}

async function cutTexts(
  { tokenizer, prefixes, maxLength }: TextEncoder,
  texts: readonly string[],
  kind: TextKind,
  signal: AbortSignal | undefined,
): Promise<readonly Int32Array[]> {
  const pieces: Int32Array[] = [];
  for (const text of texts) {
    if (pieces.length % PAUSE_EVERY === 0) await pause(signal);
    pieces.push(tokenizer.encode(prefixes[kind] + text, maxLength));
  }
  return pieces;
}

/** Padded on the right; rows that no text fills are one padding piece, whose vector nobody reads. */
function fillBatch({ batch, time, rows }: PlannedBatch, pieces: readonly Int32Array[], pad: number) {
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
 * rounding. Holds one program at a time.
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
