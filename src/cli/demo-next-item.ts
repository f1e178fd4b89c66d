// The demo's lists: a model of what customers buy next, quick enough for a demo, so that recommendations answer.
import type { Workspace } from '../data/workspace.ts';
import type { SequenceRun } from '../train/sequence/run-sequence.ts';
import { NEXT_ITEM, trainNextItem } from '../train/sequence/train-next-item.ts';
import type { Context } from './context.ts';
import { runOf } from './options.ts';
import { HISTORY_WORDS, ranksTable } from './sequence-text.ts';

/** Items bought by the same customers: seconds on the demo's data, and five times as good as the most popular items. */
const QUICK_MODEL = 'item-knn';

export async function trainDemoNextItem(context: Context, workspace: Workspace): Promise<SequenceRun> {
  const startMs = performance.now();
  const run = await trainNextItem(workspace, {
    ...runOf(context),
    command: `foresell train ${NEXT_ITEM} --model ${QUICK_MODEL}`,
    ...{ models: [QUICK_MODEL], readers: {}, excludeSeen: 'both', at: [10], promote: true },
  });
  const zh = context.language === 'zh';
  const [history] = run.histories;
  const cases = run.data.test.targets.length.toLocaleString('en-US');
  const way = HISTORY_WORDS[history][context.language];
  context.say(
    zh
      ? `\n每位客户接下来会买什么？测试为每人最近买的商品（${cases} 例，${way}）`
      : `\nWhat will each customer buy next? Tested on what each bought last (${cases} cases, ${way})`,
  );
  context.say(ranksTable(run, ['recall@10', 'ndcg@10'], context.language, ({ by }) => by[history]?.scores));
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  context.say(zh ? `${seconds} 秒` : `${seconds} s`);
  return run;
}
