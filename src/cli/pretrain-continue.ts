// `pretrain --continue`: its options as they are typed, and what is said of a run.
import { AppError } from '../core/errors.ts';
import { TRUNK_CONTINUE } from '../models/behaviour/continue/continue-trunk.ts';
import type { ContinueSettings } from '../models/sequence/continuing.ts';
import type { BeforeAndAfter, ContinuedPretraining } from '../train/continue-pretraining.ts';
import type { Context } from './context.ts';
import { replayOf } from './sequence-continue.ts';

/** How a trunk is continued; undefined where one is learned from nothing. @throws AppError USAGE */
export function continuedPretrainingOptions(
  options: Record<string, unknown>,
): { readonly from: string; readonly how: ContinueSettings } | undefined {
  const told = replayOf(options);
  if (options.continue === undefined) return undefined;
  if (options.tasks !== undefined)
    throw new AppError('USAGE', '--tasks: expected a trunk learned from nothing, leave out --continue');
  for (const option of ['width', 'blocks'])
    if (options[option] !== undefined)
      throw new AppError(
        'USAGE',
        `--${option}: expected a trunk of the size it has to be continued, leave it out`,
      );
  return {
    from: String(options.continue),
    how: {
      ...TRUNK_CONTINUE,
      ...told,
      ...(options.steps !== undefined && { steps: Number(options.steps) }),
    },
  };
}

export function sayContinuedPretraining(
  context: Context,
  { version, from, customers, newItems, effort, wholeAsked, old, fresh, seconds }: ContinuedPretraining,
  moment: string,
): void {
  const zh = context.language === 'zh';
  const count = (value: number): string => value.toLocaleString('en-US');
  const readings = (effort.asked / Math.max(1, wholeAsked)).toFixed(2);
  context.say(
    zh
      ? `在 ${from} 的基础上继续学习：${count(customers)} 位客户截至 ${moment} 的行为，${count(newItems)} 件新商品\n${count(effort.steps)} 步，${count(effort.examples)} 条历史（每轮 ${count(effort.windows)} 条，其中 ${count(effort.replayed)} 条为旧），相当于全部数据读 ${readings} 遍，${seconds.toFixed(0)} 秒`
      : `continued from ${from}: events of ${count(customers)} customers up to ${moment}, ${count(newItems)} new items\n${count(effort.steps)} steps, ${count(effort.examples)} histories (${count(effort.windows)} a reading, ${count(effort.replayed)} of them old), as many questions as ${readings} readings of everything, ${seconds.toFixed(0)} s`,
  );
  const compared = ({ cases, before, after }: BeforeAndAfter, words: string): void =>
    context.say(`${words} (${cases}): NDCG@10 ${before.toFixed(4)} → ${after.toFixed(4)}`);
  if (fresh)
    compared(fresh, zh ? '未参与学习的客户，最近一个新事件' : 'customers set apart, their last new event');
  if (old)
    compared(
      old,
      zh ? '未参与学习的客户，最后一个旧事件（遗忘）' : 'and their last old one, where a drop is forgetting',
    );
  context.say(
    zh
      ? `已保存 trunk ${version.version}\n下一步：foresell train purchase --model transformer:lora --pretrained ${version.version}`
      : `saved trunk ${version.version}\nnext: foresell train purchase --model transformer:lora --pretrained ${version.version}`,
  );
}

/** As `--json` prints it. */
export function continuedPretrainingDocument({
  version,
  asOf,
  sinceMs,
  newItems,
  wholeAsked,
  how,
  ...facts
}: ContinuedPretraining): Record<string, unknown> {
  return {
    version: version.version,
    as_of: new Date(asOf).toISOString(),
    since: new Date(sinceMs).toISOString(),
    ...{ new_items: newItems, settings: how, whole: { asked_once: wholeAsked } },
    ...facts,
  };
}
