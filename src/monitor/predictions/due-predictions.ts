// Which logged answers can be judged by now: one a person, day and model, so that who is asked often does not count often.
import { hash32 } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { readSegments } from '../records/read-records.ts';
import { entityOf, type PredictionRecord, parsePrediction } from './prediction-record.ts';

export interface DueOptions {
  readonly task: string;
  /** Only answers whose `as_of` is later. */
  readonly afterMs: number;
  /** Everything that happened until then is in the lake. */
  readonly knownUntilMs: number;
  /** At most so many, the same ones each time; 50,000 when absent. */
  readonly most?: number;
}

const MOST = 50_000;

/** In the order of the log. */
export async function readDue(disk: JournalDisk, options: DueOptions): Promise<readonly PredictionRecord[]> {
  const { task, afterMs, knownUntilMs, most = MOST } = options;
  const first = new Map<string, PredictionRecord>();
  const earliestDay = new Date(Math.max(0, afterMs - DAY_MS)).toISOString().slice(0, 10);
  for await (const { lines } of readSegments(disk, ({ day }) => day >= earliestDay)) {
    for (const line of lines) {
      const record = parsePrediction(line);
      if (!record || record.task !== task || record.as_of <= afterMs) continue;
      if (record.as_of + record.horizon_days * DAY_MS > knownUntilMs) continue;
      const day = Math.floor(record.as_of / DAY_MS);
      const key = `${record.model_version}\u0000${record.arm}\u0000${day}\u0000${entityOf(record)}`;
      if (!first.has(key)) first.set(key, record);
    }
  }
  const due = [...first.values()];
  if (due.length <= most) return due;
  const ranks = Float64Array.from(due, (record) => hash32(entityOf(record)));
  const limit = Float64Array.from(ranks).sort()[most];
  return due.filter((_, i) => ranks[i] < limit);
}
