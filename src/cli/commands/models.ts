// foresell models: which models are saved, which one answers, going back, and taking one elsewhere.
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { formatMoment } from '../../core/time.ts';
import { type LoadedBundle, loadBundle } from '../../registry/bundle.ts';
import { promote, rollback } from '../../registry/promotion.ts';
import { listTasks, listVersions, showVersion, type VersionInfo } from '../../registry/versions.ts';
import { textTable } from '../../report/text-table.ts';
import { readServeSettings } from '../../serve/operation/serve-settings.ts';
import { isTextTask } from '../../tasks/text-task.ts';
import { auditCommand } from '../audit.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { isNextItem } from '../next-item.ts';
import { exportOnnx } from '../onnx-file.ts';
import { workspaceOf } from '../options.ts';
import {
  endTrialOf,
  type ModelsPlace,
  ROLLOUT_OPTIONS,
  rolloutDocument,
  rolloutNote,
  rolloutOptionsOf,
  runRollout,
  watchOf,
  withRolloutOptions,
} from '../rollouts.ts';

const ACTIONS = ['list', 'show', 'promote', 'rollback', 'canary', 'shadow', 'export'] as const;
type Action = (typeof ACTIONS)[number];

export const modelsCommand: CommandFile = {
  usage: 'models <action> [task] [version]',
  summary:
    'list saved models, show one, put one into service, try one on some people or in the shadow, go back, or export one',
  examples: [
    'foresell models list',
    'foresell models show purchase v2',
    'foresell models promote purchase v1',
    'foresell models promote purchase v4 --watch 6h',
    'foresell models rollback purchase',
    'foresell models canary purchase v3 --share 10% --for 1d',
    'foresell models canary purchase --stop',
    'foresell models shadow next-item latest',
    'foresell models export purchase --onnx purchase.onnx',
  ],
  declare(command) {
    withRolloutOptions(command).option(
      '--onnx <file>',
      'with export: file to write, ending in .onnx; for models made of trees',
    );
  },
  async run(context, [action, task, version], options) {
    if (!ACTIONS.includes(action as Action)) {
      throw new AppError('USAGE', `expected one of ${ACTIONS.join(', ')}, got "${action}"`);
    }
    const isTrial = action === 'canary' || action === 'shadow';
    const known = rolloutOptionsOf(action);
    const stray = ROLLOUT_OPTIONS.find((option) => options[option] !== undefined && !known.includes(option));
    if (stray !== undefined)
      throw new AppError('USAGE', `models ${action}: expected no option of another action, got one`);
    const workspace = workspaceOf(context);
    const modelsDir = join(workspace.dir, 'models');
    if (action === 'list') {
      const { watchMs } = readServeSettings(workspace.dir).promoted;
      return list(context, { modelsDir, watchMs }, task);
    }
    if (!task) throw new AppError('USAGE', `expected a task: foresell models ${action} TASK`);
    if (action === 'show') return show(context, showVersion(modelsDir, task, version));
    if (isTrial)
      return runRollout(
        context,
        workspace,
        { mode: action, task, ...(version !== undefined && { version }) },
        options,
      );
    if (action === 'export') {
      refuseWithoutTrees(task);
      return exportModel(context, loadBundle(modelsDir, task, version), options.onnx);
    }
    const watch = watchOf(options);
    const info =
      action === 'promote'
        ? promote(modelsDir, { task, reference: version, ...(watch && { watch }) }, { atMs: Date.now() })
        : rollback(modelsDir, task, { atMs: Date.now() });
    endTrialOf(modelsDir, info);
    await auditCommand(workspace.dir, {
      action: action === 'promote' ? 'model.promote' : 'model.rollback',
      subject: { kind: 'model', id: `${task}/${info.version}` },
      details: { task, model_version: info.version },
    });
    context.say(
      context.language === 'zh'
        ? `${task}：现在使用 ${info.version}`
        : `${task}: ${info.version} answers now`,
    );
    context.document(summary(info));
  },
};

/** @throws AppError USAGE for questions that are answered by language models, or by lists of items */
function refuseWithoutTrees(task: string): void {
  if (!isTextTask(task) && !isNextItem(task)) return;
  throw new AppError(
    'USAGE',
    `models export: expected a question whose model is made of trees, got "${task}", which never is; ask it by: foresell predict ${task} --out FILE`,
  );
}

function exportModel(context: Context, { calibrated, version }: LoadedBundle, out: unknown): void {
  const { model, corrections } = calibrated;
  exportOnnx(context, { model, modelVersion: version.version, corrections, out });
}

const summary = (info: VersionInfo) => ({
  task: info.task,
  version: info.version,
  promoted: info.promoted,
  created: Number.isNaN(info.createdMs) ? null : new Date(info.createdMs).toISOString(),
  seed: info.seed,
  data_fingerprint: info.dataFingerprint,
  needs_retraining: info.erasures ? { users_erased: info.erasures.users } : null,
  settings: info.settings,
  metrics: info.metrics,
});

function list(context: Context, place: ModelsPlace, only: string | undefined): void {
  const { modelsDir } = place;
  const zh = context.language === 'zh';
  const tasks = only ? [only] : listTasks(modelsDir);
  const lists = tasks.map((task) => ({ task, ...listVersions(modelsDir, task) }));
  context.document({
    models: lists.flatMap(({ versions }) => versions.map(summary)),
    damaged: lists.flatMap(({ task, damaged }) => damaged.map((entry) => ({ task, ...entry }))),
    trials: tasks.map((task) => rolloutDocument(place, task)),
  });
  const rows = lists.flatMap(({ versions }) =>
    versions.map((info) => [
      info.task,
      info.version,
      info.promoted ? '●' : '',
      Number.isNaN(info.createdMs) ? '' : formatMoment(Math.floor(info.createdMs / 1000) * 1000),
      String((info.settings as { chosen?: string }).chosen ?? ''),
      [
        info.erasures
          ? zh
            ? `请重新训练：已擦除 ${info.erasures.users} 位客户`
            : `retrain: ${info.erasures.users} erased`
          : '',
        rolloutNote(context, place, info),
      ]
        .filter((note) => note !== '')
        .join('; '),
    ]),
  );
  if (rows.length === 0) {
    context.say(
      zh
        ? '还没有保存的模型，可以运行：foresell train purchase'
        : 'no models are saved yet: foresell train purchase',
    );
  } else {
    const heads = zh
      ? ['任务', '版本', '使用中', '创建时间', '模型', '备注']
      : ['task', 'version', 'answers', 'created', 'model', 'note'];
    context.say(textTable(heads, rows));
  }
  for (const { task, damaged } of lists) {
    for (const entry of damaged)
      context.say(`${task} ${entry.version} ${zh ? '已损坏：' : 'is damaged: '}${entry.problem}`);
  }
}

function show(context: Context, info: VersionInfo): void {
  context.document({ ...summary(info), files: info.files, run: info.run });
  context.say(`${info.task} ${info.version}${info.promoted ? ' (answers)' : ''}`);
  context.say(`  settings ${JSON.stringify(info.settings)}`);
  context.say(`  data     ${info.dataFingerprint}   seed ${info.seed}   foresell ${info.productVersion}`);
  for (const file of info.files)
    context.say(`  ${file.sha256.slice(0, 12)}  ${String(file.size).padStart(9)}  ${file.name}`);
}
