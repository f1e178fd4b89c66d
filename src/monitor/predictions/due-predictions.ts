// Which logged answers can be judged by now: one a person, day and model, so that who is asked often does not count often.
import { hash32 } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { readSegments } from '../records/read-records.ts';
import {
  entityOf,
  type ListRecord,
  type PredictionRecord,
  parseList,
  parsePrediction,
} from './prediction-record.ts';

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
export function readDue(disk: JournalDisk, options: DueOptions): Promise<readonly PredictionRecord[]> {
  const { task, knownUntilMs } = options;
  return readFirst(disk, options, (line) => {
    const record = parsePrediction(line);
    if (!record || record.task !== task) return undefined;
    if (record.as_of + record.horizon_days * DAY_MS > knownUntilMs) return undefined;
    return { record, key: `${record.model_version}\u0000${record.arm}`, entity: entityOf(record) };
  });
}

/** Lists, the same way. @param horizonDays after which something must have followed */
export function readDueLists(
  disk: JournalDisk,
  options: Omit<DueOptions, 'task'> & { readonly horizonDays: number },
): Promise<readonly ListRecord[]> {
  const { knownUntilMs, horizonDays } = options;
  return readFirst(disk, options, (line) => {
    const record = parseList(line);
    if (!record || record.as_of + horizonDays * DAY_MS > knownUntilMs) return undefined;
    return { record, key: record.model_version, entity: record.user_id };
  });
}

interface DueLine<Kept> {
  readonly record: Kept;
  /** Apart from who is asked about and when. */
  readonly key: string;
  readonly entity: string;
}

async function readFirst<Kept extends { readonly as_of: number }>(
  disk: JournalDisk,
  { afterMs, most = MOST }: Omit<DueOptions, 'task'>,
  read: (line: string) => DueLine<Kept> | undefined,
): Promise<readonly Kept[]> {
  const first = new Map<string, DueLine<Kept>>();
  const earliestDay = new Date(Math.max(0, afterMs - DAY_MS)).toISOString().slice(0, 10);
  for await (const { lines } of readSegments(disk, ({ day }) => day >= earliestDay)) {
    for (const line of lines) {
      const found = read(line);
      if (!found || found.record.as_of <= afterMs) continue;
      const key = `${found.key}\u0000${Math.floor(found.record.as_of / DAY_MS)}\u0000${found.entity}`;
      if (!first.has(key)) first.set(key, found);
    }
  }
  const due = [...first.values()];
  const records = due.map(({ record }) => record);
  if (due.length <= most) return records;
  const ranks = Float64Array.from(due, ({ entity }) => hash32(entity));
  const limit = Float64Array.from(ranks).sort()[most];
  return records.filter((_, i) => ranks[i] < limit);
}
