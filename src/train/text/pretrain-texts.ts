// One run of `text pretrain`: the texts of some columns, an encoder learned from them, put into a folder of its own.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { openEngine } from '../../data/engine.ts';
import { openTable } from '../../data/table/open-table.ts';
import { readColumns } from '../../data/table/read-columns.ts';
import { saveOwnEncoder } from '../../encoders/own/own-folder.ts';
import type { OwnSettings } from '../../encoders/own/own-settings.ts';
import { pretrainOwn } from '../../encoders/own/pretrain-own.ts';
import type { TextEncoder } from '../../encoders/text/text-encoder.ts';
import { runFolder } from '../../nn/trainer/run-folder.ts';

export interface PretrainTextsOptions {
  readonly data: string;
  /** Columns that hold texts; each cell is a text of its own. */
  readonly columns: readonly string[];
  readonly out: string;
  readonly settings: Partial<OwnSettings>;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface PretrainedTexts {
  readonly encoder: TextEncoder;
  readonly texts: number;
  /** Nats a hidden piece, at first and in the end. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly steps: number;
  readonly seconds: number;
}

/** Checkpoints lie here until the run is done: the same command takes an interrupted one up again. */
const RUN = 'pretraining';
const TEXTS_FILE = 'texts.sha256';
/** Steps whose losses are told as one. */
const TOLD = 50;

/** @throws AppError USAGE where the folder holds an encoder already; NOT_ENOUGH_DATA, BAD_DATA, INTERRUPTED, DISK */
export async function pretrainTexts(options: PretrainTextsOptions): Promise<PretrainedTexts> {
  const { out, settings, seed, threads, now, progress, signal } = options;
  if (existsSync(join(out, 'config.json')))
    throw new AppError(
      'USAGE',
      `--out: expected a folder without an encoder, "${out}" holds one; choose another`,
    );
  const startedMs = now();
  const texts = await readTexts(options);
  const checkpoints = join(out, RUN);
  mkdirSync(checkpoints, { recursive: true });
  keepToTexts(checkpoints, { texts, settings, seed });
  const { encoder, losses } = await pretrainOwn(texts, {
    ...{ name: out, settings, seed, threads, progress },
    files: runFolder(checkpoints, { now }),
    ...(signal && { signal }),
  });
  if (losses.length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected texts of two words or more, of which one can be guessed from the other; every text here is a single piece',
    );
  await saveOwnEncoder(encoder, out);
  rmSync(checkpoints, { recursive: true, force: true });
  const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length;
  return {
    encoder,
    texts: texts.length,
    firstLoss: mean(losses.slice(0, TOLD)),
    lastLoss: mean(losses.slice(-TOLD)),
    steps: losses.length,
    seconds: (now() - startedMs) / 1000,
  };
}

interface RunTold {
  readonly texts: readonly string[];
  readonly settings: Partial<OwnSettings>;
  readonly seed: number;
}

/** A run goes on with the texts it began with, once it has begun: its pieces are theirs. @throws AppError USAGE */
function keepToTexts(folder: string, { texts, ...told }: RunTold): void {
  const hash = createHash('sha256').update(JSON.stringify(told));
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  const digest = hash.digest('hex');
  const path = join(folder, TEXTS_FILE);
  const hasBegun = readdirSync(folder).some((name) => name !== TEXTS_FILE);
  if (!hasBegun || !existsSync(path)) writeFileSync(path, digest);
  if (readFileSync(path, 'utf8') === digest) return;
  throw new AppError(
    'USAGE',
    `--out: an interrupted run of other texts, settings or another seed lies in "${folder}"; run that command again, name another place, or remove that folder`,
  );
}

async function readTexts({ data, columns, threads, progress, signal }: PretrainTextsOptions) {
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-texts-'));
  const engine = await openEngine({ tempDir: join(scratch, 'spill'), threads });
  try {
    progress.step({ task: 'read', done: 0, total: 1, unit: 'files' });
    const decoded = join(scratch, 'data');
    mkdirSync(decoded);
    const source = await openTable(engine, data, { scratch: decoded, ...(signal && { signal }) });
    const text = { kind: 'text', reason: { en: '', zh: '' }, missing: 0, distinct: 0 } as const;
    const frame = await readColumns(
      engine,
      source,
      columns.map((name) => ({ ...text, name })),
      signal,
    );
    progress.step({ task: 'read', done: 1, total: 1, unit: 'files' });
    const texts = frame.columns.flatMap((column) => (column.kind === 'text' ? column.values : []));
    return texts.filter((own) => own !== '');
  } finally {
    engine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}
