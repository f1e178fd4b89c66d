// How good the answers of a running shop were: the log met with what the lake has seen since.
import { minorPerMajor } from '../../core/money.ts';
import { DAY_MS } from '../../core/time.ts';
import { type Engine, sqlText } from '../../data/engine.ts';
import { nodeJournalDisk } from '../../data/journal/journal-disk.ts';
import type { LabelDefinition } from '../../data/labels.ts';
import { withLake } from '../../data/lake/open.ts';
import { pseudonymSetup, pseudonymSql } from '../../data/pseudonym.ts';
import { DIGEST_DIGITS, digestKey, knownRecordSecret } from '../../data/record-secret.ts';
import type { EventSource } from '../../data/source.ts';
import { visitorLog } from '../../data/visits/visits.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { readDue, readDueLists } from '../../monitor/predictions/due-predictions.ts';
import { LIST_HORIZON_DAYS, listOutcomes } from '../../monitor/predictions/list-outcomes.ts';
import { LIST_PLACES, type ListQuality, listQuality } from '../../monitor/predictions/list-quality.ts';
import { type LiveQuality, liveQuality } from '../../monitor/predictions/live-quality.ts';
import { outcomesOf } from '../../monitor/predictions/outcomes.ts';
import { visitOutcomesOf } from '../../monitor/predictions/visit-outcomes.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import { SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { listTasks, showVersion } from '../../registry/versions.ts';
import { answerLogFolder } from './operation-paths.ts';

/** What is known of a task whose answers are measured; plain data, as it goes to another thread. */
export interface MeasuredTask {
  readonly task: string;
  readonly kind: 'binary' | 'amount';
  /** Whether it is asked about visits. */
  readonly isOfVisits: boolean;
  readonly label: LabelDefinition;
  readonly currency: string;
  /** The longest that its models answer about. */
  readonly horizonDays: number;
}

export const measuredTask = ({ task, horizonDays, background }: LoadedBundle): MeasuredTask => ({
  ...{
    task: task.name,
    kind: task.kind,
    isOfVisits: task.entity === 'session',
    label: task.target,
    horizonDays,
  },
  currency: background.frame.currency,
});

export interface MeasureOptions {
  readonly tasks: readonly MeasuredTask[];
  /** Lists of items, too; false for none. */
  readonly lists?: boolean;
  /**
   * All that happened until then is in the lake; the last event of the lake when absent. Events that a sender holds back for
   * longer are missed.
   */
  readonly knownUntilMs?: number;
  readonly threads: number;
  readonly seed?: number;
  /** Answers a task at most. */
  readonly most?: number;
  readonly signal?: AbortSignal;
}

export interface MeasuredAnswers {
  readonly quality: readonly LiveQuality[];
  readonly lists: readonly ListQuality[];
  /** Of each task: answers whose horizon has passed, after repeated ones of a customer and day are left out. */
  readonly due: Readonly<Record<string, number>>;
  /** UTC ms; NaN where the lake is empty. */
  readonly knownUntilMs: number;
}

/** Answers of the last ninety days whose horizon has passed: what was long ago says little of today's model. */
const WINDOW_DAYS = 90;
const MOST = 20_000;

/** @throws AppError INTERRUPTED, BAD_FILE */
export async function measureAnswers(
  workspace: Workspace,
  options: MeasureOptions,
): Promise<MeasuredAnswers> {
  const { tasks, seed = 1, most = MOST, signal } = options;
  const secret = knownRecordSecret(workspace.dir);
  const disk = nodeJournalDisk(answerLogFolder(workspace));
  const modelsDir = workspacePaths.models(workspace);
  const due: Record<string, number> = Object.fromEntries(tasks.map(({ task }) => [task, 0]));
  return withLake(workspace, options, async (engine, source) => {
    const knownUntilMs = options.knownUntilMs ?? source.lastMs;
    const quality: LiveQuality[] = [];
    const lists: ListQuality[] = [];
    if (!secret || Number.isNaN(knownUntilMs)) return { quality, lists, due, knownUntilMs };
    const key = digestKey(secret, 'person');
    for (const { task, kind, isOfVisits, label, currency, horizonDays } of tasks) {
      const afterMs = knownUntilMs - (horizonDays + WINDOW_DAYS) * DAY_MS;
      const logged = await readDue(disk, { task, afterMs, knownUntilMs, most });
      due[task] = logged.length;
      const records = await named(engine, isOfVisits ? visitorLog(source) : source, logged, key);
      const outcomes = isOfVisits ? visitOutcomesOf : outcomesOf;
      const actual = await outcomes(engine, source, { label, records }, signal);
      const perUnit = kind === 'amount' ? minorPerMajor(currency) : 1;
      quality.push(...liveQuality(records, actual, { kind, seed, perUnit }));
    }
    if (options.lists !== false && listTasks(modelsDir).includes(SEQUENCE_FOLDER)) {
      const afterMs = knownUntilMs - (LIST_HORIZON_DAYS + WINDOW_DAYS) * DAY_MS;
      const logged = await readDueLists(disk, {
        ...{ horizonDays: LIST_HORIZON_DAYS, afterMs, knownUntilMs, most },
      });
      due[SEQUENCE_FOLDER] = logged.length;
      const types = learnedTypes(modelsDir);
      const asked = {
        lists: await named(engine, source, logged, key),
        ...(types && { types }),
        mostPopular: Math.max(...LIST_PLACES),
      };
      lists.push(...listQuality(asked.lists, await listOutcomes(engine, source, asked, signal), { seed }));
    }
    return { quality, lists, due, knownUntilMs };
  });
}

/** Kinds of events the model of items learned from, where it was told. */
function learnedTypes(modelsDir: string): readonly string[] | undefined {
  const { events } = showVersion(modelsDir, SEQUENCE_FOLDER).settings as { readonly events?: unknown };
  return Array.isArray(events) && events.length > 0 ? events.map(String) : undefined;
}

const INSERT_ROWS = 2000;

/**
 * The records with ids of the lake in place of digests. Who has no event after the first answer keeps their digest: nothing
 * came of them, and their rows still belong together.
 */
async function named<Logged extends { readonly user_id: string; readonly as_of: number }>(
  engine: Engine,
  { events }: EventSource,
  records: readonly Logged[],
  key: Uint8Array,
): Promise<readonly Logged[]> {
  if (records.length === 0) return records;
  const digests = [...new Set(records.map(({ user_id }) => user_id))];
  const firstMs = records.reduce((least, { as_of }) => Math.min(least, as_of), Number.POSITIVE_INFINITY);
  for (const statement of pseudonymSetup(key)) await engine.run(statement);
  await engine.run('CREATE OR REPLACE TEMP TABLE asked_digests (digest VARCHAR)');
  for (let at = 0; at < digests.length; at += INSERT_ROWS) {
    const values = digests.slice(at, at + INSERT_ROWS).map((digest) => `(${sqlText(digest)})`);
    await engine.run(`INSERT INTO asked_digests VALUES ${values.join(', ')}`);
  }
  const known = await engine.rows<{ user_id: string; digest: string }>(
    `SELECT user_id, digest FROM (
       SELECT user_id, substr(${pseudonymSql('user_id')}, 1, ${DIGEST_DIGITS}) AS digest
       FROM (SELECT DISTINCT user_id FROM ${events} WHERE timestamp > ${firstMs} AND user_id IS NOT NULL)
     ) SEMI JOIN asked_digests USING (digest)`,
  );
  await engine.run('DROP TABLE asked_digests');
  const ids = new Map(known.map(({ user_id, digest }) => [digest, user_id]));
  return records.map((record) => ({ ...record, user_id: ids.get(record.user_id) ?? record.user_id }));
}
