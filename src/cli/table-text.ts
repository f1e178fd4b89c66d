// A run of `table fit` for a person: the columns, what was tried, the test beside the baselines, what was found.
import { KIND_WORDS } from '../data/table/column-kind.ts';
import { textTable } from '../report/text-table.ts';
import type { TableRun } from '../train/table/run-table.ts';
import { USE_WORDS } from '../train/table/table-roles.ts';
import type { Context } from './context.ts';
import { sayScores, splitShown } from './scores-text.ts';

export function sayTable(context: Context, run: TableRun): void {
  const { prepared, fitted, report } = run;
  const zh = context.language === 'zh';
  context.say(columnsText(context, run));
  context.say(`\n${context.word(report.question)}\n${context.word(prepared.meaning.words)}`);
  const { repeated } = prepared.copies;
  const inTime = prepared.uses.some(({ use }) => use === 'time');
  if (prepared.together === 'copies' && !inTime) {
    context.say(
      zh
        ? `${repeated} 行与其他行的特征完全相同：划分时始终放在同一侧`
        : `${repeated} rows repeat another one in every feature: they stay on one side of every split`,
    );
  }
  if (prepared.withoutTarget > 0)
    context.say(
      zh
        ? `${prepared.withoutTarget} 行没有目标值，${prepared.unlabelled ? '仅从其文本中学习' : '未使用'}`
        : `${prepared.withoutTarget} rows have no target and ${prepared.unlabelled ? 'teach by their texts alone' : 'were left out'}`,
    );
  const tested = splitShown(context, report);
  sayScores(context, { report, tested, found: fitted.leaks, about: 'rows' });
  context.say(
    zh
      ? `\n已保存 ${run.out}（${run.version.version}）\n报告：${run.reportPath}`
      : `\nsaved ${run.out} (${run.version.version})\nreport: ${run.reportPath}`,
  );
}

function columnsText(context: Context, { prepared }: TableRun): string {
  const zh = context.language === 'zh';
  return textTable(
    zh ? ['列', '类型', '用途', '理由'] : ['column', 'kind', 'use', 'because'],
    prepared.uses.map(({ column, use }) => [
      column.name,
      context.word(KIND_WORDS[column.kind]),
      context.word(USE_WORDS[use]),
      context.word(column.reason),
    ]),
  );
}
