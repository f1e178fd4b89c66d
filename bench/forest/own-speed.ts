// Times our own forest on a table written by bench/tables/exchange.ts, over the protocol of bench/peers/README.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type Frame, makeFrame, takeRows } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { silent } from '../../src/core/progress.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { attributeForest } from '../../src/models/forest/attribution/attribute-forest.ts';
import { scoreForest } from '../../src/models/forest/score.ts';
import { gbdtWith, savedGbdt } from '../../src/models/gbdt/gbdt.ts';

const SETTINGS = { trees: 100, leaves: 63, learningRate: 0.1, minRows: 20, patience: 0 } as const;
const SCORED_ROWS = 1_000_000;
const EXPLAINED_ROWS = 1_000;
const EXPLAINED_TREES = 500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { task: { type: 'string' }, threads: { type: 'string', default: '1' } },
});
const folder = positionals[0] ?? '';
const threads = Number(values.threads);
const before = process.memoryUsage().rss;
const sample = readTable(folder);
const startedMs = performance.now();
const work = await workFor(values.task ?? 'train');
say({
  ready: true,
  framework: 'foresell',
  threads,
  parameters: 0,
  batches: 0,
  warmUpMilliseconds: performance.now() - startedMs,
  bytesBefore: before,
});
for await (const line of createInterface({ input: process.stdin })) {
  const milliseconds: number[] = [];
  for (let left = (JSON.parse(line) as { steps: number }).steps; left > 0; left--) {
    const begun = performance.now();
    await work();
    milliseconds.push(performance.now() - begun);
  }
  say({ milliseconds, losses: [], peakBytes: process.resourceUsage().maxRSS * 1024 });
}

async function workFor(task: string): Promise<() => Promise<unknown>> {
  const boosted = (trees: number, own = threads) =>
    gbdtWith({ ...SETTINGS, trees }).fit(sample, undefined, { seed: 1, threads: own, progress: silent });
  if (task === 'train') return () => boosted(SETTINGS.trees);
  if (task === 'score') {
    const { forest } = savedGbdt((await boosted(SETTINGS.trees, 2)).save());
    const rows = Int32Array.from({ length: SCORED_ROWS }, (_, row) => row % sample.frame.rows);
    const frame = takeRows(sample.frame, rows);
    return () => scoreForest(forest, frame, { threads });
  }
  const { forest } = savedGbdt((await boosted(EXPLAINED_TREES, 2)).save());
  const few = takeRows(
    sample.frame,
    Array.from({ length: EXPLAINED_ROWS }, (_, row) => row),
  );
  if (task === 'explain') return () => attributeForest(forest, few, { threads });
  throw new Error(`expected train, score or explain, got ${task}`);
}

function readTable(from: string): Sample {
  const about = JSON.parse(readFileSync(join(from, 'table.json'), 'utf8')) as {
    rows: number;
    columns: readonly { name: string }[];
  };
  const matrix = new Float32Array(bufferOf(join(from, 'matrix.f32')));
  const width = about.columns.length;
  const frame: Frame = makeFrame(
    about.columns.map((column, at) => {
      const numbers = new Float64Array(about.rows);
      for (let row = 0; row < about.rows; row++) numbers[row] = matrix[row * width + at];
      return {
        kind: 'number' as const,
        name: column.name,
        label: name(column.name, column.name),
        unit: 'none' as const,
        group: column.name,
        values: numbers,
      };
    }),
  );
  return {
    question: { kind: 'binary', outcome: 'other', horizonDays: 1, discountPerYear: 0 },
    frame,
    target: new Float64Array(bufferOf(join(from, 'target.f64'))),
    entities: Array.from({ length: about.rows }, (_, row) => String(row)),
    asOf: new Float64Array(about.rows),
  };
}

function bufferOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
