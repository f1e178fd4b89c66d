// All leakage checks of a training run, by name; run on every run, before its numbers are believed.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import { checkFinite, checkLength } from '../metrics/predictions.ts';
import { eventsAfterAsOf, featuresAfterAsOf, negativeAges, shuffledTies } from './after-as-of.ts';
import { copiedRows } from './duplicates.ts';
import type { Finding, LeakageCheck, LeakageInput, Stage } from './finding.ts';
import { calibratedOnTest, fittedOnTest } from './fitted.ts';
import { brokenTest, memorisingCategories, orderedByTarget } from './memory.ts';
import { targetProxies, tellingGaps, tooGoodToBeTrue } from './proxies.ts';
import { customersOnBothSides, labelWindows, learningFromLater, repeatedExamples } from './stages.ts';

export const LEAKAGE_CHECKS: Readonly<Record<string, { readonly label: Name; readonly find: LeakageCheck }>> =
  {
    'label-windows': {
      label: name('label windows reach past the next stage', '结果窗口越过下一阶段'),
      find: labelWindows,
    },
    'learning-from-later': {
      label: name('training stands after the test', '训练晚于测试'),
      find: learningFromLater,
    },
    'customers-on-both-sides': {
      label: name('the same customers on both sides', '同一客户出现在两侧'),
      find: customersOnBothSides,
    },
    'repeated-examples': {
      label: name('repeated examples, oversampling', '样本重复、过采样'),
      find: repeatedExamples,
    },
    'copied-rows': { label: name('copied rows across the split', '跨划分的重复行'), find: copiedRows },
    'features-after-as-of': {
      label: name('features computed after their moment', '特征在时点之后计算'),
      find: featuresAfterAsOf,
    },
    'events-after-as-of': {
      label: name('events read after the moment', '读取了时点之后的事件'),
      find: eventsAfterAsOf,
    },
    'negative-ages': {
      label: name('times since something are negative', '距今时间为负'),
      find: negativeAges,
    },
    'shuffled-ties': {
      label: name('the order of equal timestamps matters', '依赖相同时间戳的顺序'),
      find: shuffledTies,
    },
    'target-proxies': {
      label: name('one feature explains the target', '单一特征即可解释目标'),
      find: targetProxies,
    },
    'telling-gaps': { label: name('missing values spell the target', '缺失与否透露目标'), find: tellingGaps },
    'too-good': { label: name('the score is too good to be true', '分数好得不真实'), find: tooGoodToBeTrue },
    'memorising-categories': {
      label: name('a category remembers the target', '类别列记住了目标'),
      find: memorisingCategories,
    },
    'ordered-by-target': { label: name('rows sorted by the target', '行按目标排序'), find: orderedByTarget },
    'fitted-on-test': {
      label: name('preparation fitted on the test', '预处理在测试集上拟合'),
      find: fittedOnTest,
    },
    'calibrated-on-test': {
      label: name('calibration fitted on the test', '校准在测试集上拟合'),
      find: calibratedOnTest,
    },
    'broken-test': { label: name('a test that cannot tell', '无法区分好坏的测试'), find: brokenTest },
  };

/**
 * Runs every check on what is handed in.
 *
 * @returns findings, those that refuse first, in the order of the table
 * @throws AppError SHAPE when arrays of a stage differ in length, BAD_DATA for targets that are not finite
 */
export function checkLeakage(input: LeakageInput): readonly Finding[] {
  for (const stage of [input.train, input.test, ...(input.calibrate ? [input.calibrate] : [])])
    checkStage(stage);
  if (input.predicted) {
    checkLength('predictions', input.predicted, input.test.target.length);
    checkFinite('predictions', input.predicted);
  }
  const found = Object.entries(LEAKAGE_CHECKS).flatMap(([check, { find }]) =>
    find(input).map((suspicion): Finding => ({ check, ...suspicion })),
  );
  return [
    ...found.filter(({ severity }) => severity === 'refuse'),
    ...found.filter(({ severity }) => severity === 'warn'),
  ];
}

/** @throws AppError LEAKAGE with the first reasons when any finding refuses */
export function refuseLeaks(findings: readonly Finding[]): void {
  const refusing = findings.filter(({ severity }) => severity === 'refuse');
  if (refusing.length === 0) return;
  const shown = refusing.slice(0, 3).map(({ words }) => words.en);
  throw new AppError(
    'LEAKAGE',
    `the data know the answer: ${shown.join('; ')}${refusing.length > 3 ? `; and ${refusing.length - 3} more` : ''}`,
    { checks: refusing.map(({ check, feature }) => ({ check, ...(feature ? { feature } : {}) })) },
  );
}

function checkStage({ frame, entities, asOf, target }: Stage): void {
  checkLength('features', { length: frame.rows }, target.length);
  checkLength('entities', entities, target.length);
  checkLength('moments', asOf, target.length);
  checkFinite('targets', target);
}
