// foresell check: what the log holds, what is odd about it, and which questions it can answer.
import { formatDay } from '../../core/time.ts';
import { withLake } from '../../data/lake/open.ts';
import { type DataQuality, measureQuality } from '../../data/quality.ts';
import { textTable } from '../../report/text-table.ts';
import { TASKS } from '../../tasks/catalogue.ts';
import { ownTasks } from '../../tasks/own.ts';
import { TEXT_TASKS } from '../../tasks/text-task.ts';
import { checkEligibility } from '../../train/eligibility.ts';
import { readTexts, textEligibility } from '../../train/text-task/read-texts.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { asOfOf, horizonOf, withAsOf, withHorizon, workspaceOf } from '../options.ts';
import { RECOMMENDS } from '../text-tasks.ts';

const VERDICTS = {
  ready: { en: 'ready', zh: '可以' },
  weak: { en: 'weak: wide intervals', zh: '偏弱：区间较宽' },
  'not-ready': { en: 'not enough data', zh: '数据不足' },
} as const;

export const checkCommand: CommandFile = {
  usage: 'check',
  summary: 'data quality, and whether there is enough data for each question',
  examples: ['foresell check', 'foresell check --horizon 30d --json'],
  declare: (command) =>
    void withHorizon(withAsOf(command, 'moment of the test (default: the latest possible)')),
  async run(context, _, options) {
    const workspace = workspaceOf(context);
    await withLake(workspace, context, async (engine, source) => {
      const quality = await measureQuality(engine, source, context.signal);
      const tasks = [];
      for (const task of [...ownTasks(workspace.dir), ...TASKS]) {
        const eligibility = await checkEligibility(engine, source, task, {
          horizonDays: horizonOf(options),
          asOf: asOfOf(workspace, options),
          signal: context.signal,
        });
        tasks.push({ task, eligibility });
      }
      for (const task of TEXT_TASKS) {
        if (!quality.types.some(({ type }) => task.taughtBy.some((own) => own === type))) continue;
        const horizonMs = task.answer === 'purchase' ? (task.horizonMs ?? 0) : 0;
        const question = { task, as: 'recommend', atLeast: RECOMMENDS, horizonMs } as const;
        const asOf = asOfOf(workspace, options);
        const read = await readTexts(engine, source, {
          ...{ ...question, seed: context.seed, signal: context.signal },
          ...(asOf !== undefined && { asOf }),
        });
        tasks.push({ task, eligibility: textEligibility(question, read) });
      }
      context.document({
        quality: qualityDocument(quality),
        tasks: tasks.map(({ task, eligibility }) => ({ task: task.name, ...eligibility })),
      });
      sayQuality(context, quality);
      for (const { task, eligibility } of tasks) {
        context.say(
          context.language === 'zh'
            ? `\n${task.label.zh}（${task.name}）：${VERDICTS[eligibility.verdict].zh}`
            : `\n${task.label.en} (${task.name}): ${VERDICTS[eligibility.verdict].en}`,
        );
        for (const { words, passed } of eligibility.checks)
          context.say(`  ${passed ? '✓' : '✗'} ${context.word(words)}`);
      }
    });
  },
};

/** The measured quality in the words of the other documents: snake case, moments as ISO texts, money in minor units. */
const qualityDocument = (quality: DataQuality) => ({
  rows: quality.rows,
  users: quality.users,
  buyers: quality.buyers,
  items: quality.items,
  orders: quality.orders,
  first: quality.rows ? new Date(quality.firstMs).toISOString() : null,
  last: quality.rows ? new Date(quality.lastMs).toISOString() : null,
  currency: quality.currency,
  anonymous_rows: quality.anonymousRows,
  free_line_share: quality.freeLineShare,
  largest_buyer_share: quality.largestBuyerShare,
  types: quality.types,
  months: quality.months.map(({ netMinor, ...month }) => ({ ...month, net_minor: netMinor })),
  gaps: quality.gaps.map(({ firstDay, lastDay, days }) => ({ first_day: firstDay, last_day: lastDay, days })),
  missing: quality.missing,
  warnings: quality.warnings,
});

export function sayQuality(context: Context, quality: DataQuality): void {
  const zh = context.language === 'zh';
  const count = (value: number) => value.toLocaleString('en-US');
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const range = quality.rows > 0 ? `${formatDay(quality.firstMs)} … ${formatDay(quality.lastMs)}` : '–';
  context.say(
    textTable(
      [zh ? '数据' : 'data', ''],
      [
        [zh ? '事件' : 'events', `${count(quality.rows)}   ${range}`],
        [
          zh ? '客户' : 'customers',
          `${count(quality.users)}   ${count(quality.buyers)} ${zh ? '人购买过' : 'bought'}`,
        ],
        [zh ? '订单' : 'orders', count(quality.orders)],
        [zh ? '商品' : 'items', count(quality.items)],
        [
          zh ? '无用户的行' : 'rows without a user',
          `${count(quality.anonymousRows)}   ${share(quality.anonymousRows / Math.max(1, quality.rows))}`,
        ],
        [zh ? '币种' : 'currency', quality.currency || '–'],
        ...quality.types.map(({ type, rows }) => [`  ${type}`, count(rows)]),
      ],
    ),
  );
  for (const warning of quality.warnings) context.say(`! ${context.word(warning)}`);
}
