// Nine days of Taobao users brought in through the front door, and their examples of a task on each of the last seven days.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAY_MS } from '../../src/core/time.ts';
import { openEngine, sqlText } from '../../src/data/engine.ts';
import type { Subjects } from '../../src/data/examples.ts';
import { readCapabilities, viewFor } from '../../src/data/features/capabilities.ts';
import { startingView, withEvents } from '../../src/data/features/default-view.ts';
import { importFiles } from '../../src/data/import/import-files.ts';
import { parseMapping } from '../../src/data/import/mapping.ts';
import { readSource } from '../../src/data/lake/read.ts';
import { readExamples } from '../../src/data/read-examples.ts';
import { createWorkspace } from '../../src/data/workspace.ts';
import type { Sample } from '../../src/models/estimator.ts';
import type { Task } from '../../src/tasks/task.ts';
import { boundView } from '../../src/train/bounded-view.ts';
import { questionFor } from '../../src/train/samples.ts';

const DATA = fileURLToPath(new URL('../../../shared/data/taobao_users/events_share.csv.gz', import.meta.url));

export const hasTaobao = existsSync(DATA);

/** The first of the nine days is history alone; the second joins it, so that every example has two days behind it. */
const FIRST_ASKED = Date.UTC(2017, 10, 27) - 8 * 3_600_000;
const DAYS_ASKED = 7;
const HISTORY_DAYS = 2;

const ITEMS_MAPPING =
  'kind: items\nfile: { format: csv, encoding: utf-8, separator: "," }\ncolumns:\n  item_id: item_id\n  category: category\n';

export interface TaobaoExamples {
  readonly sample: Sample;
  readonly subjects: Subjects;
  /** Beginnings of the days asked about, Beijing midnights in UTC ms. */
  readonly days: readonly number[];
  readonly events: number;
}

/** Every moment (of visits: up to three of each) of the last seven days, each with what was known strictly before its outcome. */
export async function taobaoExamples(
  task: Task,
  { seed, threads, events }: { seed: number; threads: number; events: boolean },
): Promise<TaobaoExamples> {
  const dir = mkdtempSync(join(tmpdir(), 'taobao-'));
  const engine = await openEngine({ threads });
  try {
    mkdirSync(join(dir, 'shop'));
    const workspace = createWorkspace(join(dir, 'shop'), { zone: 'Asia/Shanghai' });
    const items = await engine.rows<{ item_id: number; category_id: number }>(
      `SELECT item_id, min(category_id) AS category_id FROM read_csv(${sqlText(DATA)}) GROUP BY item_id ORDER BY item_id`,
    );
    const itemsFile = join(dir, 'items.csv');
    writeFileSync(
      itemsFile,
      `item_id,category\n${items.map((item) => `${item.item_id},${item.category_id}`).join('\n')}\n`,
    );
    await importFiles(workspace, [itemsFile], parseMapping(ITEMS_MAPPING, 'items'), { threads });
    await importFiles(workspace, [DATA], 'taobao', { threads });
    const source = await readSource(workspace, engine);
    const span = { horizonDays: 1, historyDays: HISTORY_DAYS };
    const starting = startingView(task.entity, span);
    const told = events ? withEvents(starting, task.entity) : starting;
    const fed = viewFor(told, await readCapabilities(engine, source)).view;
    const days = Array.from({ length: DAYS_ASKED }, (_, day) => FIRST_ASKED + day * DAY_MS);
    const examples = await readExamples(engine, source, {
      entity: task.entity,
      view: boundView(fed, HISTORY_DAYS * DAY_MS).view,
      label: task.target,
      population: task.population,
      asOfs: days,
      horizonMs: DAY_MS,
      seed,
    });
    return {
      sample: { question: questionFor(task, 1), ...examples, target: examples.target as Float64Array },
      subjects: examples.subjects ?? {},
      days,
      events: source.rows,
    };
  } finally {
    engine.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
