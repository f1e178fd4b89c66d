// Is there enough to answer a question with: checked in words before training, and by `check` for every task.
import { AppError } from '../core/errors.ts';
import { name } from '../core/name.ts';
import { DAY_MS, formatDay, formatLocalMoment, offsetAt } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { buildExamples } from '../data/examples.ts';
import type { EventSource } from '../data/source.ts';
import type { Eligibility } from '../report/task-document.ts';
import type { Task } from '../tasks/task.ts';
import { planHorizon } from './horizon.ts';

/** Fewer than this many customers with, or without, the outcome: nothing can be told from noise. */
const FEWEST_OF_EACH = 20;
/** Fewer than this many: intervals will be wide. */
const ENOUGH_OF_EACH = 100;

/**
 * Counts who could be learned from, at the newest training moment and at the test.
 *
 * Never throws for too little data: that is its answer.
 */
export async function checkEligibility(
  engine: Engine,
  source: EventSource,
  task: Task,
  { horizonDays, asOf, signal }: { horizonDays?: number; asOf?: number; signal?: AbortSignal } = {},
): Promise<Eligibility> {
  const checks: Eligibility['checks'][number][] = [];
  let horizon: ReturnType<typeof planHorizon>;
  try {
    horizon = planHorizon(task, source, { horizonDays, asOf });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      verdict: 'not-ready',
      checks: [{ passed: false, words: name(error.message, tooShortZh(source)) }],
    };
  }
  const { plan, checkedDays } = horizon;
  const history = Math.floor((source.lastMs - source.firstMs) / DAY_MS);
  checks.push({
    passed: true,
    words: name(
      `${history} days of history (${localDate(source, source.firstMs)} to ${localDate(source, source.lastMs)}) cover training and a test over ${checkedDays} days`,
      `历史 ${history} 天（${localDate(source, source.firstMs)} 至 ${localDate(source, source.lastMs)}），足以训练并检验 ${checkedDays} 天的预测`,
    ),
  });
  if (checkedDays < horizon.horizonDays) {
    checks.push({
      passed: false,
      words: name(
        `the history is too short to check ${horizon.horizonDays} days: checked over ${checkedDays} days, extended from there by a model of customer behaviour`,
        `历史不足以检验 ${horizon.horizonDays} 天：以 ${checkedDays} 天检验，再由客户行为模型外推`,
      ),
    });
  }
  if (plan.calibrate === 'cross-fit') {
    checks.push({
      passed: false,
      words: name(
        'no later period is left for calibration: held-out customers are used, and intervals are not yet checked on a later period',
        '没有剩余的时期用于校准：改用留出的客户，区间尚未在更晚的时期检验',
      ),
    });
  }
  const newestTrain = plan.train[plan.train.length - 1];
  const examples = await buildExamples(engine, source, {
    view: { name: 'none', version: 1, features: [] },
    label: task.target,
    population: task.population,
    asOfs: [newestTrain, ...plan.test],
    horizonMs: plan.horizonMs,
    signal,
  });
  let enough = true;
  let plenty = true;
  for (const [stageEn, stageZh, moment] of [
    ['training', '训练', newestTrain],
    ['test', '测试', plan.test[0]],
  ] as const) {
    let rows = 0;
    let positives = 0;
    examples.asOf.forEach((asOfRow, row) => {
      if (asOfRow !== moment) return;
      rows++;
      if (examples.target?.[row] !== 0) positives++;
    });
    const least = Math.min(positives, rows - positives);
    const measured = task.kind === 'binary' ? least : positives;
    enough &&= measured >= FEWEST_OF_EACH;
    plenty &&= measured >= ENOUGH_OF_EACH;
    checks.push({
      passed: measured >= ENOUGH_OF_EACH,
      words: name(
        `${stageEn} at ${formatLocalMoment(moment, source.zone)}: ${rows} customers, ${positives} with the outcome${measured < FEWEST_OF_EACH ? `; at least ${FEWEST_OF_EACH} ${task.kind === 'binary' ? 'with and without it ' : ''}are needed` : ''}`,
        `${stageZh}时点 ${formatLocalMoment(moment, source.zone)}：${rows} 个客户，其中 ${positives} 个有该结果${measured < FEWEST_OF_EACH ? `；至少需要 ${FEWEST_OF_EACH} 个` : ''}`,
      ),
    });
  }
  return { verdict: !enough ? 'not-ready' : plenty ? 'ready' : 'weak', checks };
}

function tooShortZh(source: EventSource): string {
  if (source.rows === 0) return '日志为空：请先导入事件文件';
  const days = Math.floor((source.lastMs - source.firstMs) / DAY_MS);
  return `历史仅 ${days} 天，不足以训练并检验该预测期：请缩短预测期或导入更早的事件`;
}

/** @throws AppError NOT_ENOUGH_DATA with what is missing */
export function refuseUnready(task: Task, { verdict, checks }: Eligibility): void {
  if (verdict !== 'not-ready') return;
  const missing = checks.filter(({ passed }) => !passed).map(({ words }) => words.en);
  throw new AppError(
    'NOT_ENOUGH_DATA',
    `"${task.name}" cannot be learned from these data: ${missing.join('; ')}`,
  );
}

/** The day on the shop's own calendar. */
const localDate = ({ zone }: EventSource, ms: number): string => formatDay(ms + offsetAt(zone, ms));
