// foresell pretrain: a trunk learned from what customers did, for the behaviour transformers of every question.
import { relative } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { DAY_MS, parseSpan } from '../../core/time.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { continuePretraining } from '../../train/continue-pretraining.ts';
import { PRETRAIN_DEFAULTS, type PretrainResult, pretrainShop } from '../../train/pretrain.ts';
import { parseTasks } from '../../train/task-heads.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { asOfOf, shownMoment, taskOf, typedCommand, withAsOf, workspaceOf } from '../options.ts';
import {
  continuedPretrainingDocument,
  continuedPretrainingOptions,
  sayContinuedPretraining,
} from '../pretrain-continue.ts';
import { withReplay } from '../sequence-continue.ts';
import { READER_OPTIONS, readersOf, withReaderOptions } from '../sequence-options.ts';

export const pretrainCommand: CommandFile = {
  usage: 'pretrain',
  summary: 'learn from what customers did, without any question, what "train --pretrained" then builds on',
  examples: [
    'foresell pretrain',
    'foresell pretrain --as-of 2011-06-11 --steps 5000 --width 64 --json',
    'foresell pretrain --tasks purchase:1,churn:0.5,spend --horizon 30d',
    'foresell pretrain --continue latest --replay 0.25',
    'foresell pretrain --encoder sentence-transformers/all-MiniLM-L6-v2 --horizon 30d',
    'foresell train purchase --model transformer:lora --pretrained latest',
  ],
  declare(command) {
    withAsOf(command, 'nothing later is read (default: as late as questions over the horizon allow)')
      .option(
        '--horizon <span>',
        'the longest any question will be asked over',
        `${PRETRAIN_DEFAULTS.horizonDays}d`,
      )
      .option('--steps <n>', `steps of training at most (default: ${PRETRAIN_DEFAULTS.steps})`)
      .option('--width <n>', `numbers an event and a state are made of (default: ${PRETRAIN_DEFAULTS.width})`)
      .option('--blocks <n>', `transformer blocks (default: ${PRETRAIN_DEFAULTS.blocks})`)
      .option(
        '--tasks <names>',
        'teach the trunk these questions afterwards, all at once, each with its weight: purchase:1,churn:0.5,spend',
      )
      .option(
        '--task-steps <n>',
        `with --tasks: steps of teaching at most (default: ${PRETRAIN_DEFAULTS.taskSteps})`,
      )
      .option(
        '--continue <version>',
        'go on from this trunk, such as latest: learn what came since, with some of the old among it',
      );
    withReaderOptions(withReplay(command));
  },
  async run(context, _, options) {
    const workspace = workspaceOf(context);
    const asOf = asOfOf(workspace, options);
    const shared = {
      ...(asOf === undefined ? {} : { asOf }),
      horizonDays: parseSpan(String(options.horizon)) / DAY_MS,
      command: typedCommand(),
      seed: context.seed,
      threads: context.threads,
      now: Date.now,
      progress: context.progress,
      signal: context.signal,
    };
    const further = continuedPretrainingOptions(options);
    if (further) {
      const stray = READER_OPTIONS.find((option) => options[option] !== undefined);
      if (stray !== undefined)
        throw new AppError(
          'USAGE',
          `--${stray.replace('E', '-e')}: not with --continue, pretrain afresh to read items`,
        );
      const continued = await continuePretraining(workspace, { ...shared, ...further });
      sayContinuedPretraining(context, continued, shownMoment(workspace, continued.asOf));
      context.document(continuedPretrainingDocument(continued));
      return;
    }
    if (options.taskSteps !== undefined && options.tasks === undefined)
      throw new AppError('USAGE', '--task-steps: expected --tasks with it, got none');
    const result = await pretrainShop(workspace, {
      ...shared,
      ...{ readers: await readersOf(context, options), backend: nodeBackend },
      ...(options.tasks !== undefined && {
        tasks: parseTasks(String(options.tasks), (name) => taskOf(workspace, name)),
        taskSteps: wholeOf('--task-steps', options.taskSteps ?? PRETRAIN_DEFAULTS.taskSteps),
      }),
      steps: wholeOf('--steps', options.steps ?? PRETRAIN_DEFAULTS.steps),
      width: wholeOf('--width', options.width ?? PRETRAIN_DEFAULTS.width),
      blocks: wholeOf('--blocks', options.blocks ?? PRETRAIN_DEFAULTS.blocks),
    });
    sayPretraining(context, result, shownMoment(workspace, result.asOf));
    const { version, asOf: moment, ...facts } = result;
    context.document({ version: version.version, as_of: new Date(moment).toISOString(), ...facts });
  },
};

function wholeOf(option: string, value: unknown): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new AppError('USAGE', `${option}: expected a whole number of at least 1, got "${value}"`);
}

function sayPretraining(context: Context, result: PretrainResult, moment: string): void {
  const { version, customers, oneIn, events, items, weights, steps, loss, folder, seconds } = result;
  const zh = context.language === 'zh';
  const count = (value: number): string => value.toLocaleString('en');
  const some = oneIn > 1 ? (zh ? `（抽取 1/${oneIn} 的客户）` : ` (one customer in ${oneIn})`) : '';
  const learned = loss
    ? zh
      ? `${count(steps)} 步，损失 ${loss.first.toFixed(3)} → ${loss.last.toFixed(3)}`
      : `${count(steps)} steps, loss ${loss.first.toFixed(3)} → ${loss.last.toFixed(3)}`
    : zh
      ? '此前的运行已经学完'
      : 'an earlier run had learned it all';
  const { taught } = result;
  if (taught) {
    const asked = Object.entries(taught.weights).map(([task, weight]) => `${task}:${weight}`);
    const loss = `${taught.loss.first.toFixed(3)} → ${taught.loss.last.toFixed(3)}`;
    context.say(
      zh
        ? `多任务：${asked.join('、')}，${taught.moments.length} 个过去时点，${taught.steps} 步，损失 ${loss}（1 为最佳常数答案）`
        : `taught by ${asked.join(', ')} at ${taught.moments.length} past moments: ${taught.steps} steps, loss ${loss} (1 is the best constant)`,
    );
  }
  const where = relative(process.cwd(), folder);
  context.say(
    zh
      ? `已读取 ${count(customers)} 位客户截至 ${moment} 的 ${count(events)} 个行为、${count(items)} 件商品${some}\n${learned}，${count(weights)} 个参数，${seconds.toFixed(0)} 秒\n已保存 trunk ${version.version}；过程记录（TensorBoard）：${where}\n下一步：foresell train purchase --model transformer:lora --pretrained ${version.version}`
      : `read ${count(events)} events of ${count(customers)} customers up to ${moment}, ${count(items)} items${some}\n${learned}, ${count(weights)} weights, ${seconds.toFixed(0)} s\nsaved trunk ${version.version}; its record (TensorBoard): ${where}\nnext: foresell train purchase --model transformer:lora --pretrained ${version.version}`,
  );
}
