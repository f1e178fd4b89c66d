// What one served shop records of its own work: answers, refused events, who did what; how good and how steady its models are.
import { AppError } from '../../core/errors.ts';
import { nodeJournalDisk } from '../../data/journal/journal-disk.ts';
import { digestKey, recordSecret } from '../../data/record-secret.ts';
import type { Workspace } from '../../data/workspace.ts';
import type { AuditEntry } from '../../monitor/audit/audit-log.ts';
import { openWorkspaceAudit, type WorkspaceAudit } from '../../monitor/audit/workspace-audit.ts';
import type { Logger } from '../../monitor/log/logger.ts';
import type { Metrics } from '../../monitor/metrics/metrics.ts';
import { showListQuality } from '../../monitor/predictions/list-quality.ts';
import { showQuality } from '../../monitor/predictions/live-quality.ts';
import { openPredictionLog } from '../../monitor/predictions/prediction-log.ts';
import { openRejectedLog, type RejectedLog } from '../../monitor/rejected/rejected-log.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import { SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import type { Refreshed } from '../online/models-in-service.ts';
import { type AnswerDrift, watchAnswerDrift } from './answer-drift.ts';
import { type AnswerLog, createAnswerLog } from './answer-log.ts';
import { EVENT_FIELD_NAMES } from './event-field-names.ts';
import { type MeasuredAnswers, measuredTask } from './measure-answers.ts';
import { measureBeside } from './measure-beside.ts';
import { answerLogFolder, rejectedFolder } from './operation-paths.ts';
import type { ServeSettings } from './serve-settings.ts';

export interface ServiceMonitorParts {
  readonly workspace: Workspace;
  /** As keys name it. */
  readonly name: string;
  readonly settings: ServeSettings;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** UTC ms. */
  readonly now: () => number;
  /** A person's id as the lake knows it, where the shop keeps pseudonyms. */
  readonly personId?: (id: string) => string;
}

export interface ServiceMonitor {
  readonly name: string;
  readonly settings: ServeSettings;
  readonly answers: AnswerLog;
  readonly rejected: RejectedLog;
  readonly drift: AnswerDrift;
  readonly audit: WorkspaceAudit;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Writes to the audit log without waiting; a failure is logged. */
  note(entry: AuditEntry): void;
  /** Models that answer from now on. */
  changed(refreshed: Refreshed): void;
  /**
   * Compares answers whose horizon has passed with what came of them, in a thread of its own.
   *
   * @param knownUntilMs all that happened until then is in the lake
   */
  measure(bundles: readonly LoadedBundle[], knownUntilMs: number): Promise<MeasuredAnswers>;
  /** Removes what has been kept long enough. */
  tidy(): Promise<void>;
  /** What commands have left for the audit log, and what was counted for it. */
  collect(): Promise<void>;
  close(): Promise<void>;
}

/** @throws AppError BUSY where another process records for this workspace, TAMPERED, DISK, BAD_FILE */
export async function openServiceMonitor(parts: ServiceMonitorParts): Promise<ServiceMonitor> {
  const { workspace, name, settings, metrics, now, personId } = parts;
  const logger = parts.logger.with({ workspace: name });
  const secret = recordSecret(workspace.dir);
  const audit = await openWorkspaceAudit({ workspaceDir: workspace.dir, now, purpose: 'serve' });
  const opened: { close(): Promise<void> }[] = [audit];
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    closing.abort();
    // Whatever fails to close, the others do.
    const ends = await Promise.allSettled(opened.toReversed().map((one) => one.close()));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  };
  try {
    if (audit.torn > 0)
      logger.warn('lines at the end of the audit log were set aside', { lines: audit.torn });
    const rejected = await openRejectedLog({
      disk: nodeJournalDisk(rejectedFolder(workspace)),
      ...{ now, key: digestKey(secret, 'event'), names: EVENT_FIELD_NAMES },
      ...{ mostBytes: settings.rejected.mostBytes, originals: settings.rejected.originals },
    });
    opened.push(rejected);
    const log = await openPredictionLog({
      disk: nodeJournalDisk(answerLogFolder(workspace)),
      ...{ now, share: settings.predictions.share },
    });
    const answers = createAnswerLog({ log, secret, ...(personId && { personId }) });
    opened.push(answers);
    const { falseAlarmsPerWeek } = settings.drift;
    const drift = watchAnswerDrift({ name, metrics, logger, now, falseAlarmsPerWeek });
    const records = metrics.recorder('foresell.audit.records', { 'foresell.workspace': name });
    const note = (entry: AuditEntry): void => {
      audit.append(entry).then(
        () => records(1),
        (error: unknown) => logger.error('the audit log could not be written', { error }),
      );
    };
    return {
      ...{ name, settings, answers, rejected, drift, audit, metrics, logger, note, close },
      changed({ changes, faults }) {
        for (const { task, version } of changes) {
          metrics.record('foresell.model.reloads', 1, reload(name, task, 'promoted'));
          logger.info('a model answers from now on', { task, model_version: version });
          note({
            action: 'model.load',
            actor: { kind: 'system', id: 'server' },
            subject: { kind: 'model', id: `${task}/${version}` },
            details: { task, model_version: version },
          });
        }
        for (const { task } of faults) {
          metrics.record('foresell.model.reloads', 1, reload(name, task, 'failed'));
          logger.warn('a model cannot answer; the one before goes on', { task });
        }
      },
      async measure(bundles, knownUntilMs) {
        answers.flush();
        const tasks = bundles.map(measuredTask);
        const measured = await measureBeside(
          { workspaceDir: workspace.dir, tasks, knownUntilMs },
          closing.signal,
        );
        showQuality(metrics, name, measured.quality);
        showListQuality(metrics, { workspace: name, task: SEQUENCE_FOLDER }, measured.lists);
        return measured;
      },
      async tidy() {
        await answers.expire(now() - settings.predictions.keepMs);
        await rejected.expire(now() - settings.rejected.keepMs);
      },
      async collect() {
        await audit.collect();
      },
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

const reload = (workspace: string, task: string, outcome: string) => ({
  'foresell.workspace': workspace,
  'foresell.task': task,
  'foresell.outcome': outcome,
});

/** Whether measuring may simply be tried again later. */
export const isPassing = (cause: unknown): boolean =>
  cause instanceof AppError && (cause.code === 'BUSY' || cause.code === 'INTERRUPTED');
