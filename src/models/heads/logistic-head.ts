// Logistic regression of classes on frozen vectors: one softmax over all of them, its sums worked out by the engine.

import { gradients } from '../../tensor/gradient.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { add, mul } from '../../tensor/ops/arithmetic.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { softmaxCrossEntropy } from '../../tensor/ops/losses/cross-entropy.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { sum } from '../../tensor/ops/structure.ts';
import type { Backend, Session } from '../../tensor/session/session.ts';
import { type AwaitedObjective, descend } from './descend.ts';

/** Vectors to learn from, row by row. */
export interface VectorRows {
  /** [rows, width] */
  readonly vectors: Float32Array;
  readonly width: number;
}

export interface LabelledVectors extends VectorRows {
  /** [rows], from 0 */
  readonly labels: Int32Array;
  /** [rows] */
  readonly weight: Float64Array;
  readonly classes: number;
}

/** A fitted head: logits = vector · coefficients + intercepts. */
export interface LogisticHead {
  readonly width: number;
  readonly classes: number;
  /** [width, classes] */
  readonly coefficients: Float64Array;
  /** [classes] */
  readonly intercepts: Float64Array;
}

/** Rows of one run of the engine: large enough that its products are fast, small enough for any memory. */
const CHUNK = 2048;

export interface HeadRun {
  readonly backend: Backend;
  readonly threads: number;
  /** Share of the loss an iteration must gain to be worth another; 1e-5 by default. */
  readonly tolerance?: number;
  readonly signal?: AbortSignal;
  readonly onIteration?: (iteration: number) => void;
}

export interface HeadFitting {
  /** Fits at one penalty: Σ weight · cross-entropy + penalty / 2 · ‖coefficients‖², intercepts free. */
  fit(penalty: number, start: LogisticHead | undefined): Promise<LogisticHead>;
  release(): Promise<void>;
}

const TOLERANCE = 1e-5;
const MOST_ITERATIONS = 300;

/** Opens the engine on one set of rows; several penalties are then fitted, each from the one before. */
export async function openHeadFitting(rows: LabelledVectors, run: HeadRun): Promise<HeadFitting> {
  const { width, classes, labels } = rows;
  const chunk = Math.min(CHUNK, Math.max(1, labels.length));
  const session = await run.backend.open(lossGraph(chunk, width, classes), { threads: run.threads });
  const chunks = cutChunks(rows, chunk);
  return {
    async fit(penalty, start) {
      const from = new Float64Array((width + 1) * classes);
      if (start) {
        from.set(start.coefficients);
        from.set(start.intercepts, width * classes);
      } else from.set(priors(rows), width * classes);
      const objective = penalisedLoss(session, chunks, { width, classes, penalty });
      const { point } = await descend(objective, from, {
        tolerance: run.tolerance ?? TOLERANCE,
        maxIterations: MOST_ITERATIONS,
        ...(run.signal && { signal: run.signal }),
        ...(run.onIteration && { onIteration: run.onIteration }),
      });
      return {
        width,
        classes,
        coefficients: point.slice(0, width * classes),
        intercepts: point.slice(width * classes),
      };
    },
    release: () => session.release(),
  };
}

function lossGraph(chunk: number, width: number, classes: number) {
  const vectors = input('vectors', 'float', { row: chunk, width });
  const labels = input('labels', 'int32', { row: chunk });
  const weight = input('weight', 'float', { row: chunk });
  const coefficients = input('coefficients', 'float', { width, class: classes });
  const intercepts = input('intercepts', 'float', { class: classes });
  const logits = add(matmul(vectors, coefficients), intercepts);
  const loss = sum(mul(softmaxCrossEntropy(logits, labels), weight));
  const [slopes, level] = gradients(loss, [coefficients, intercepts]);
  return emitModel({
    loss,
    coefficientSlopes: slopes.dense as typeof loss,
    interceptSlopes: level.dense as typeof loss,
  });
}

interface Chunk {
  readonly vectors: Float32Array;
  readonly labels: Int32Array;
  readonly weight: Float32Array;
}

/** Rows in equal chunks, read where they lie but for the last, which is filled with rows that weigh nothing. */
function cutChunks({ vectors, width, labels, weight }: LabelledVectors, size: number): readonly Chunk[] {
  return Array.from({ length: Math.ceil(labels.length / size) }, (_, k) => {
    const [from, to] = [k * size, (k + 1) * size];
    const whole = to <= labels.length;
    const own = vectors.subarray(from * width, Math.min(to, labels.length) * width);
    const padded = whole ? own : new Float32Array(size * width);
    if (!whole) padded.set(own);
    const chunk = { vectors: padded, labels: new Int32Array(size), weight: new Float32Array(size) };
    chunk.labels.set(labels.subarray(from, to));
    chunk.weight.set(weight.subarray(from, to));
    return chunk;
  });
}

function penalisedLoss(
  session: Session,
  chunks: readonly Chunk[],
  { width, classes, penalty }: { width: number; classes: number; penalty: number },
): AwaitedObjective {
  const coefficients = new Float32Array(width * classes);
  const intercepts = new Float32Array(classes);
  return async (point, gradient) => {
    coefficients.set(point.subarray(0, coefficients.length));
    intercepts.set(point.subarray(coefficients.length));
    gradient.fill(0);
    let value = 0;
    for (const chunk of chunks) {
      const out = await session.run({ ...chunk, coefficients, intercepts });
      value += Number(out.loss[0]);
      addTo(gradient, out.coefficientSlopes as Float32Array, 0);
      addTo(gradient, out.interceptSlopes as Float32Array, coefficients.length);
    }
    for (let i = 0; i < coefficients.length; i++) {
      value += (penalty / 2) * point[i] * point[i];
      gradient[i] += penalty * point[i];
    }
    return value;
  };
}

function addTo(sums: Float64Array, part: Float32Array, at: number): void {
  for (let i = 0; i < part.length; i++) sums[at + i] += part[i];
}

/** Logarithms of the classes' shares, half a row added to each: where a head without coefficients stands. */
function priors({ labels, weight, classes }: LabelledVectors): Float64Array {
  const counts = new Float64Array(classes).fill(0.5);
  for (let row = 0; row < labels.length; row++) counts[labels[row]] += weight[row];
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => Math.log(count / total));
}

/** @returns [rows, classes] */
export function headLogits(head: LogisticHead, { vectors, width }: VectorRows): Float64Array {
  const { classes, coefficients, intercepts } = head;
  const rows = vectors.length / width;
  const logits = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    own.set(intercepts);
    for (let k = 0; k < width; k++) {
      const value = vectors[row * width + k];
      if (value === 0) continue;
      const from = k * classes;
      for (let c = 0; c < classes; c++) own[c] += value * coefficients[from + c];
    }
  }
  return logits;
}
