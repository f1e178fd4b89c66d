// Online Retail as a table: every customer at every month's end, with the product's own features, to buy and to spend.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { selectColumns } from '../../src/core/frame.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { openEngine } from '../../src/data/engine.ts';
import { buildExamples } from '../../src/data/examples.ts';
import { readCapabilities, viewFor } from '../../src/data/features/capabilities.ts';
import { defaultView } from '../../src/data/features/default-view.ts';
import { importFiles } from '../../src/data/import/import-files.ts';
import { readSource } from '../../src/data/lake/read.ts';
import { createWorkspace } from '../../src/data/workspace.ts';
import type { Question } from '../../src/models/estimator.ts';
import { taskNamed } from '../../src/tasks/catalogue.ts';
import { boundView } from '../../src/train/bounded-view.ts';
import { type SetOptions, sampleOf } from './shop-tables.ts';
import type { TableSet } from './table-set.ts';

const DATA = fileURLToPath(new URL('../../examples/online-retail/online-retail.csv.gz', import.meta.url));
const HORIZON_DAYS = 30;
/** Months that are tests; each learns from all months before it. */
const TESTS = 5;
const FIRST_HISTORY_DAYS = 42;

/** `purchase`: buys within 30 days; `spend`: net money of 30 days, in pounds. */
export async function onlineRetail(task: 'purchase' | 'spend', _options: SetOptions): Promise<TableSet> {
  const dir = mkdtempSync(join(tmpdir(), 'foresell-bench-'));
  const engine = await openEngine({ threads: 2 });
  try {
    const workspace = createWorkspace(join(dir, 'shop'), { zone: 'Europe/London' });
    await importFiles(workspace, [DATA], 'online-retail', { threads: 2 });
    const source = await readSource(workspace, engine);
    const horizonMs = HORIZON_DAYS * DAY_MS;
    const moments: number[] = [];
    for (
      let asOf = source.lastMs - horizonMs;
      asOf > source.firstMs + FIRST_HISTORY_DAYS * DAY_MS;
      asOf -= horizonMs
    )
      moments.unshift(Math.floor(asOf / DAY_MS) * DAY_MS);
    const fed = viewFor(defaultView(HORIZON_DAYS), await readCapabilities(engine, source)).view;
    const { view } = boundView(fed, moments[0] - source.firstMs);
    const { target: label, population, kind, outcome } = taskNamed(task);
    const examples = await buildExamples(engine, source, {
      view,
      label,
      population,
      asOfs: moments,
      horizonMs,
    });
    const frame = selectColumns(
      examples.frame,
      examples.frame.columns
        .filter((column) => column.kind === 'number' || column.kind === 'category')
        .map((column) => column.name),
    );
    const question: Question = { kind, outcome, horizonDays: HORIZON_DAYS, discountPerYear: 0 };
    const rowsWhere = (wanted: (asOf: number) => boolean) =>
      Int32Array.from(Array.from(examples.asOf.keys()).filter((row) => wanted(examples.asOf[row])));
    const pounds = task === 'spend' ? 100 : 1;
    const target = Float64Array.from(examples.target as Float64Array, (value) => value / pounds);
    return {
      name: `online-retail-${task}`,
      loss: task === 'purchase' ? 'binary' : 'mae',
      sample: sampleOf(frame, target, { entities: examples.entities, question, asOf: examples.asOf }),
      peers: frame,
      splits: moments.slice(-TESTS).map((test) => ({
        train: rowsWhere((asOf) => asOf <= test - horizonMs),
        test: rowsWhere((asOf) => asOf === test),
      })),
      repeats: 1,
      order: examples.asOf,
      metrics:
        task === 'purchase'
          ? ['roc_auc', 'average_precision', 'brier', 'log_loss', 'ece']
          : ['mae', 'norm_gini', 'bias', 'rmse'],
      tries: 8,
      innerFolds: 1,
      protocol: `${TESTS} months, each learned from the months before it whose outcome was known; ${frame.columns.length} features of the product's own`,
    };
  } finally {
    engine.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
