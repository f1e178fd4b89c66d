// What is told of trials and trainings: figures, log lines, and records of who changed which model.
import type { AuditAction } from '../../monitor/audit/audit-log.ts';
import type { EndedRollout } from '../../registry/rollout.ts';
import type { ServiceMonitor } from '../operation/service-monitor.ts';
import type { RetrainingObserver } from './retraining.ts';
import type { ArmFigures } from './rollout-judge.ts';
import type { RolloutObserver } from './rollout-observer.ts';

/** `name` is the shop's, as figures and lines carry it. */
export function observeLifecycle({
  name,
  metrics,
  logger,
  note,
}: Pick<ServiceMonitor, 'name' | 'metrics' | 'logger' | 'note'>): RolloutObserver & RetrainingObserver {
  const of = (task: string) => ({ 'foresell.workspace': name, 'foresell.task': task });
  const record = (
    action: AuditAction,
    task: string,
    version: string | null,
    details: Readonly<Record<string, unknown>>,
  ): void =>
    note({
      action,
      actor: { kind: 'system', id: 'server' },
      subject: { kind: 'model', id: version === null ? task : `${task}/${version}` },
      details: { task, ...(version !== null && { model_version: version }), ...details },
    });
  const share = (
    task: string,
    { version, mode }: Pick<EndedRollout, 'version' | 'mode'>,
    value: number,
  ): void =>
    metrics.record('foresell.rollout.share', value, {
      ...of(task),
      ...{ 'foresell.model.version': version, 'foresell.arm': mode },
    });
  const arm = (task: string, side: string, { answers, failed, p99_ms }: ArmFigures): void => {
    const labels = { ...of(task), 'foresell.arm': side };
    metrics.record('foresell.rollout.answers', answers - failed, { ...labels, 'foresell.outcome': 'done' });
    metrics.record('foresell.rollout.answers', failed, { ...labels, 'foresell.outcome': 'failed' });
    if (p99_ms !== null) metrics.record('foresell.rollout.duration.p99', p99_ms / 1000, labels);
  };
  return {
    started(task, order) {
      const { version, mode } = order;
      share(task, order, order.share);
      logger.info(mode === 'watch' ? 'a promoted version is watched' : 'a version is on trial', {
        task,
        model_version: version,
        arm: mode,
        share: order.share,
      });
      record('model.trial', task, version, { arm: mode, outcome: 'started' });
    },
    measured(task, { mode }, { candidate, incumbent, score_shift }) {
      arm(task, mode, candidate);
      arm(task, 'active', incumbent);
      if (score_shift !== null) metrics.record('foresell.rollout.score.psi', score_shift, of(task));
    },
    ended(task, end) {
      const { version, mode, outcome, reason = '' } = end;
      share(task, end, 0);
      metrics.record('foresell.rollout.ends', 1, {
        ...of(task),
        ...{ 'foresell.outcome': outcome, 'foresell.reason': reason },
      });
      const line = { task, model_version: version, arm: mode, outcome, reason };
      if (outcome === 'rolled-back')
        logger.warn('a version was taken back; the one before answers all', line);
      else logger.info('a trial has ended', line);
      if (outcome === 'promoted') record('model.promote', task, version, { arm: mode });
      else if (mode === 'watch' && outcome === 'rolled-back')
        record('model.rollback', task, version, { arm: mode, reason });
      else record('model.trial', task, version, { arm: mode, outcome, reason });
    },
    troubled(task, error) {
      logger.error('a trial could not be followed or written down; it is tried again', { task, error });
    },
    began: (task) => logger.info('training begins beside the answering', { task }),
    trained(task, { verdict, reason, version, service }, durationMs) {
      metrics.record('foresell.retraining.runs', 1, { ...of(task), 'foresell.outcome': verdict });
      metrics.record('foresell.retraining.duration', durationMs / 1000, of(task));
      const line = { reason, outcome: verdict, seconds: durationMs / 1000 };
      logger.info('training has ended', {
        task,
        ...(version !== null && { model_version: version }),
        ...line,
      });
      record('model.retrain', task, version, line);
      if (service === 'promoted') record('model.promote', task, version, { reason });
    },
    failed(task, error, durationMs) {
      metrics.record('foresell.retraining.runs', 1, { ...of(task), 'foresell.outcome': 'failed' });
      logger.warn('training has failed; the model that answers goes on', {
        ...{ task, error, seconds: durationMs / 1000 },
      });
      record('model.retrain', task, null, { outcome: 'failed' });
    },
  };
}
