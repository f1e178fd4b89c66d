// Texts a second: the whole way from text to vector beside bare sessions on batches already cut, and 8 bits beside floats.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlannedBatch, planBatches } from '../../src/encoders/text/batch-plan.ts';
import { embedTexts, fillBatch } from '../../src/encoders/text/embed.ts';
import type { TextEncoder } from '../../src/encoders/text/text-encoder.ts';
import { compileTexts } from '../../src/encoders/text/text-program.ts';
import { fixInputShapes } from '../../src/nn/compress/input-shapes.ts';
import { readModel } from '../../src/tensor/onnx/read.ts';
import type { RunArray, Session } from '../../src/tensor/session/session.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { type Contestant, type Interleaved, interleave } from '../interleave.ts';

/** Wall time; or the processor's, which a busy machine does not stretch, fair with one thread. */
export type Clock = 'wall' | 'cpu';

/** Milliseconds. */
const NOW: Readonly<Record<Clock, () => number>> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

export interface RateOptions {
  readonly clock: Clock;
  readonly threads: number;
  readonly rounds: number;
  /** The folder's ONNX file, run as it is beside ours. */
  readonly onnx: string | undefined;
}

export interface EmbeddingRate {
  /** Texts a second by the median of rounds. */
  readonly rates: Readonly<Record<string, number>>;
  /** Times as many texts a second as the bare sessions, round by round. */
  readonly ofBare: Interleaved['ratios'];
  /** Times as many texts a second in 8 bits as in floats, round by round. */
  readonly int8: readonly number[];
}

/** Each round takes texts of its own, the same for every contestant. */
export async function embeddingRate(
  encoder: TextEncoder,
  texts: readonly string[],
  { clock, threads, rounds, onnx }: RateOptions,
): Promise<EmbeddingRate> {
  const size = Math.floor(texts.length / rounds);
  const turns: Record<string, number> = {};
  const next = (name: string): readonly string[] => {
    const turn = turns[name] ?? 0;
    turns[name] = turn + 1;
    return texts.slice(turn * size, (turn + 1) * size);
  };
  const now = NOW[clock];
  const timed = async (work: () => Promise<unknown>): Promise<readonly number[]> => {
    const start = now();
    await work();
    return [now() - start];
  };
  const whole = (precision: 'float' | 'int8'): Contestant => {
    const run = { backend: nodeBackend, threads, precision };
    return () => {
      const chunk = next(precision);
      return timed(() => embedTexts(encoder, chunk, run));
    };
  };
  const bare =
    (name: string, open: (shape: PlannedBatch) => Promise<Bare>): Contestant =>
    () =>
      bareRun(encoder, next(name), { open, now });
  const own = async (shape: PlannedBatch): Promise<Bare> => {
    return {
      session: await nodeBackend.open(compileTexts(encoder, shape), { threads }),
      feeds: (fed) => fed,
    };
  };
  const contestants: Record<string, Contestant> = {
    bare: bare('bare', own),
    float: whole('float'),
    int8: whole('int8'),
  };
  if (onnx !== undefined) contestants['bare, its own ONNX file'] = bare('onnx', openFile(onnx, threads));
  await embedTexts(encoder, texts.slice(0, 64), { backend: nodeBackend, threads });
  const measured = await interleave(rounds, contestants);
  const rates = Object.fromEntries(
    Object.entries(measured.medians).map(([name, milliseconds]) => [
      name,
      Math.round((1000 * size) / milliseconds),
    ]),
  );
  const { float, int8 } = measured.ratios;
  return {
    rates,
    ofBare: measured.ratios,
    int8: float.rounds.map((slow, round) => slow / int8.rounds[round]),
  };
}

interface Bare {
  readonly session: Session;
  readonly feeds: (fed: ReturnType<typeof fillBatch>) => Readonly<Record<string, RunArray>>;
}

/** Only the runs are timed: opening, cutting and filling are not. */
async function bareRun(
  encoder: TextEncoder,
  texts: readonly string[],
  { open, now }: { readonly open: (shape: PlannedBatch) => Promise<Bare>; readonly now: () => number },
): Promise<readonly number[]> {
  const pieces = texts.map((text) =>
    encoder.tokenizer.encode(encoder.prefixes.passage + text, encoder.maxLength),
  );
  let total = 0;
  let current: { readonly key: string; readonly bare: Bare } | undefined;
  for (const planned of planBatches(
    Int32Array.from(pieces, ({ length }) => length),
    encoder.maxLength,
  )) {
    const key = `${planned.batch} ${planned.time}`;
    if (current?.key !== key) {
      await current?.bare.session.release();
      current = { key, bare: await open(planned) };
    }
    const fed = current.bare.feeds(fillBatch(planned, pieces, encoder.tokenizer.special.pad));
    const start = now();
    await current.bare.session.run(fed);
    total += now() - start;
  }
  await current?.bare.session.release();
  return [total];
}

/** The file as its exporter wrote it, its shapes fixed. */
function openFile(path: string, threads: number): (shape: PlannedBatch) => Promise<Bare> {
  const model = readModel(readFileSync(path));
  return async ({ batch, time }) => {
    const shape = [batch, time];
    const fixed = fixInputShapes(
      model,
      Object.fromEntries(model.graph.inputs.map(({ name }) => [name, shape])),
    );
    return {
      session: await nodeBackend.open(fixed, { threads }),
      feeds: ({ ids, mask }) => ({
        input_ids: BigInt64Array.from(ids, BigInt),
        attention_mask: BigInt64Array.from(mask, BigInt),
        token_type_ids: new BigInt64Array(ids.length),
      }),
    };
  };
}

/** A folder's ONNX file, where it has one. */
export function onnxFileOf(folder: string): string | undefined {
  return ['model.onnx', 'onnx/model.onnx'].map((file) => join(folder, file)).find((file) => existsSync(file));
}
