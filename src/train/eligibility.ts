// Is there enough to answer a question with: checked in words before training, and by `check` for every task.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { DAY_MS, formatDay, formatLocalMoment, offsetAt } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { readExamples } from '../data/read-examples.ts';
import type { EventSource } from '../data/source.ts';
import type { Eligibility } from '../report/task-document.ts';
import { COUNTED, type Task } from '../tasks/task.ts';
import { planHorizon } from './horizon.ts';

/** Fewer than this many customers with, or without, the outcome: nothing can be told from noise. */
const FEWEST_OF_EACH = 20;
/** Fewer than this many: intervals will be wide. */
const ENOUGH_OF_EACH = 100;

/** What a log must hold before anything is counted. */
const NEEDED: Readonly<Partial<Record<Task['entity'], { readonly columns: string; readonly words: Name }>>> =
  {
    session: {
      columns:
        "type IN ('view', 'click', 'search', 'add_to_cart') AND coalesce(user_id, anonymous_id, session_id) IS NOT NULL",
      words: name(
        'the log holds no visits: import views, searches or additions to the cart, with a session, visitor or user id',
        '日志中没有访问行为：请导入带有会话、访客或用户编号的浏览、搜索或加购事件',
      ),
    },
    user_item: {
      columns: "type <> 'purchase' AND item_id IS NOT NULL AND user_id IS NOT NULL",
      words: name(
        'the log does not say which items customers look at: import views, carts or wishes with a user id and an item id',
        '日志中没有客户关注商品的记录：请导入带有用户编号与商品编号的浏览、加购或收藏事件',
      ),
    },
  };

/**
 * Counts who could be learned from, at the newest training moment and at the test; of visits and items, of which each moment
 * holds few, at every training moment.
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
  const needed = NEEDED[task.entity];
  if (needed) {
    const [{ rows }] = await engine.rows<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${source.events} WHERE ${needed.columns}`,
      signal,
    );
    if (rows === 0)
      return { verdict: 'not-ready', checks: [...checks, { passed: false, words: needed.words }] };
  }
  const newestTrain = plan.train[plan.train.length - 1];
  const train = task.entity === 'user' ? [newestTrain] : plan.train;
  const counted = COUNTED[task.entity];
  const examples = await readExamples(engine, source, {
    entity: task.entity,
    view: { name: 'none', version: 1, features: [] },
    label: task.target,
    population: task.population,
    asOfs: [...train, ...plan.test],
    horizonMs: plan.horizonMs,
    signal,
  });
  let enough = true;
  let plenty = true;
  for (const [stageEn, stageZh, moments] of [
    ['training', '训练', train],
    ['test', '测试', [plan.test[0]]],
  ] as const) {
    const moment = moments[0];
    let rows = 0;
    let positives = 0;
    examples.asOf.forEach((asOfRow, row) => {
      if (!moments.includes(asOfRow)) return;
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
        `${stageEn} ${moments.length > 1 ? 'from' : 'at'} ${formatLocalMoment(moment, source.zone)}: ${rows} ${counted.en}, ${positives} with the outcome${measured < FEWEST_OF_EACH ? `; at least ${FEWEST_OF_EACH} ${task.kind === 'binary' ? 'with and without it ' : ''}are needed` : ''}`,
        `${stageZh}时点 ${formatLocalMoment(moment, source.zone)}${moments.length > 1 ? ' 起' : ''}：${rows} 个${counted.zh}，其中 ${positives} 个有该结果${measured < FEWEST_OF_EACH ? `；至少需要 ${FEWEST_OF_EACH} 个` : ''}`,
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
