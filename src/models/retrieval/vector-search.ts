// The exact nearest of many vectors by cosine: no approximation, blocks of the table multiplied with batches of questions.
import { pause } from '../../core/pause.ts';
import { topPlaces } from '../../core/top-places.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import type { Backend, Session } from '../../tensor/session/session.ts';

/** Vectors of length one, so that a product is a cosine; rows of zeros are rows without a vector. */
export interface VectorTable {
  readonly rows: number;
  readonly width: number;
  /** [rows, width] */
  readonly vectors: Float32Array;
}

/** Each row scaled to length one; rows of zeros stay. */
export function vectorTable(vectors: Float32Array, width: number): VectorTable {
  const rows = vectors.length / width;
  const scaled = new Float32Array(vectors.length);
  for (let at = 0; at < vectors.length; at += width) {
    let squares = 0;
    for (let k = at; k < at + width; k++) squares += vectors[k] * vectors[k];
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let k = at; k < at + width; k++) scaled[k] = vectors[k] * scale;
  }
  return { rows, width, vectors: scaled };
}

/** 1 where a row has a vector, [rows] */
export function presentRows({ rows, width, vectors }: VectorTable): Uint8Array {
  const present = new Uint8Array(rows);
  for (let row = 0; row < rows; row++)
    for (let k = row * width; k < (row + 1) * width && present[row] === 0; k++)
      if (vectors[k] !== 0) present[row] = 1;
  return present;
}

/** The nearest rows of each question, best first. */
export interface Neighbours {
  /** Rows of the table, [questions, most]; −1 where there are no more. */
  readonly places: Int32Array;
  /** Cosines, [questions, most]. */
  readonly likeness: Float32Array;
}

export interface NearestOptions {
  readonly most: number;
  /** 1 where a row may be an answer, [rows]; those without a vector never are. */
  readonly allowed?: Uint8Array;
  /** The row that question i must not find: itself, where the table asks about itself. */
  readonly except?: Int32Array;
  readonly onQuestions?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Open on one table; close it when done. */
export interface VectorSearch {
  readonly table: VectorTable;
  /** Cosines of one question with every row, [rows]. */
  likeness(question: Float32Array): Promise<Float32Array>;
  /** @param questions [questions, width], of any length @throws AppError INTERRUPTED */
  nearest(questions: Float32Array, options: NearestOptions): Promise<Neighbours>;
  close(): Promise<void>;
}

/** Rows of a block: scores of one block and batch stay in the processor's caches. */
const BLOCK = 16_384;
/** Questions at a time: one alone waits for memory, this many share what was fetched. */
const BATCH = 32;

export async function openVectorSearch(
  table: VectorTable,
  { backend, threads = 1 }: { readonly backend: Backend; readonly threads?: number },
): Promise<VectorSearch> {
  const { rows, width, vectors } = table;
  const block = Math.min(BLOCK, rows);
  const blocks = blockStarts(rows, block).map((from) => ({
    from,
    part: vectors.subarray(from * width, (from + block) * width),
  }));
  const sessions = new Map<number, Session>();
  const sessionOf = async (batch: number): Promise<Session> => {
    const known = sessions.get(batch);
    if (known) return known;
    const questions = input('questions', 'float', { question: batch, width });
    const part = input('part', 'float', { row: block, width });
    const graph = emitModel({ scores: matmul(questions, part, { transposeRight: true }) });
    const opened = await backend.open(graph, { threads });
    sessions.set(batch, opened);
    return opened;
  };
  const present = presentRows(table);

  /** Scores of one batch, [batch, rows]. */
  const score = async (questions: Float32Array, batch: number, into: Float32Array): Promise<void> => {
    const session = await sessionOf(batch);
    for (const { from, part } of blocks) {
      const { scores } = await session.run({ questions, part });
      for (let i = 0; i < batch; i++)
        into.set((scores as Float32Array).subarray(i * block, (i + 1) * block), i * rows + from);
    }
  };

  return {
    table,
    async likeness(question) {
      const scores = new Float32Array(rows);
      if (rows > 0) await score(vectorTable(question, width).vectors, 1, scores);
      return scores;
    },
    async nearest(questions, { most, allowed, except, onQuestions, signal }) {
      const count = questions.length / width;
      const places = new Int32Array(count * most).fill(-1);
      const likeness = new Float32Array(count * most);
      const may = allowed ? allowed.map((own, row) => own & present[row]) : present;
      const asked = vectorTable(questions, width).vectors;
      const batch = count >= BATCH ? BATCH : 1;
      const scores = new Float32Array(batch * rows);
      for (let done = 0; done < count && rows > 0; ) {
        await pause(signal);
        // The last batch begins earlier rather than being of another size: asking twice costs less than another program.
        const from = Math.min(done, count - batch);
        await score(asked.subarray(from * width, (from + batch) * width), batch, scores);
        for (let i = done - from; i < batch; i++) {
          const own = scores.subarray(i * rows, (i + 1) * rows);
          const self = except?.[from + i] ?? -1;
          if (self >= 0) own[self] = Number.NEGATIVE_INFINITY;
          const best = topPlaces(own, most, may);
          places.set(best, (from + i) * most);
          best.forEach((place, k) => {
            likeness[(from + i) * most + k] = own[place];
          });
        }
        done = from + batch;
        onQuestions?.(done);
      }
      return { places, likeness };
    },
    async close() {
      for (const session of sessions.values()) await session.release();
      sessions.clear();
    },
  };
}

/** Blocks of one size that cover all rows; the last may begin inside the one before. */
function blockStarts(rows: number, block: number): readonly number[] {
  if (rows === 0) return [];
  return Array.from({ length: Math.ceil(rows / block) }, (_, k) => Math.min(k * block, rows - block));
}
