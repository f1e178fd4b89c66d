// The main job from code: import a file, train one question, ask it, and read why. Run: node examples/predict-from-node.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorkspace, explainCustomer, importFiles, predictTask, silent, taskNamed, trainTask } from 'foresell';

const folder = mkdtempSync(join(tmpdir(), 'foresell-example-'));
try {
  const workspace = createWorkspace(join(folder, 'shop'), { zone: 'Europe/London' });
  const file = fileURLToPath(new URL('online-retail/online-retail.csv.gz', import.meta.url));
  const imported = await importFiles(workspace, [file], 'online-retail');
  console.log(`${imported.accepted} events, ${imported.duplicates} duplicates`);

  const { assessment } = await trainTask(workspace, {
    task: taskNamed('purchase'),
    horizonDays: 30,
    models: ['logistic', 'bg-nbd'],
    promote: true,
    command: 'examples/predict-from-node.mjs',
    language: 'en',
    seed: 1,
    threads: 2,
    now: Date.now,
    progress: silent,
  });
  const { value, low, high } = assessment.chosen.evaluation.scores.roc_auc;
  console.log(`${assessment.chosen.estimator.id}: AUC ${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`);

  const { customers } = await predictTask(workspace, 'purchase', { top: 3 });
  for (const { userId, value: chance } of customers) {
    const { reasons } = await explainCustomer(workspace, 'purchase', { userId, most: 2 });
    console.log(`${userId}  ${(100 * chance).toFixed(0)} %  ${reasons.map(({ words }) => words.en).join('; ')}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
