// Words of the sections of a task: headings, the sentence that explains each, column heads.
import { name } from '../core/name.ts';

export const SECTION_TEXTS = {
  'summary.title': name('In short', '摘要'),
  'summary.predicted': name('What was predicted', '预测内容'),
  'summary.population': name('For whom', '预测对象'),
  'summary.customers': name('{count} customers in the test', '测试中共 {count} 位客户'),
  'summary.quality': name('How good it is', '效果如何'),
  'summary.advice': name('What to do with it', '如何使用'),
  'summary.beats': name(
    'On the test period {model} reaches {metric} {score} (95% interval {interval}); the baseline “{baseline}” reaches {baselineScore}. The difference, {difference}, is {sure}.',
    '在测试期内，{model}的{metric}为 {score}（95% 区间 {interval}），基线“{baseline}”为 {baselineScore}。两者相差 {difference}，{sure}。',
  ),
  'summary.sure': name('more than chance explains', '超出偶然波动的范围'),
  'summary.unsure': name('within what chance alone could give', '仍在偶然波动的范围之内'),
  'summary.worse': name('in the baseline’s favour: prefer the baseline', '基线更优：请优先使用基线'),
  'summary.untested': name('not yet tested against chance', '尚未检验是否出于偶然'),
  'leaderboard.title': name('Leaderboard', '模型排行榜'),
  'leaderboard.lede': name(
    'Every model that was tried, beside the baselines it has to beat. {metric}: {says} ({better}). Measured on {where}; the test period played no part in the choice.',
    '所有尝试过的模型与必须超越的基线并列。{metric}：{says}（{better}）。评估数据：{where}；测试期不参与模型选择。',
  ),
  'leaderboard.caption': name('Models and baselines, best first', '模型与基线，按优劣排列'),
  'leaderboard.bias': name('Bias', '偏差'),
  'leaderboard.fit': name('Fit time', '训练耗时'),
  'leaderboard.predict': name('Predict, per 1,000', '预测耗时（每千人）'),
  'leaderboard.refused': name('Not tried', '未参与的模型'),
  'leaderboard.best': name('Dashed line: best baseline', '虚线：最佳基线'),
  'metrics.title': name('Test results', '测试结果'),
  'metrics.lede': name(
    'Measured once, on a period no model had seen. Each number has the interval in which it would fall again in 95 of 100 repeats.',
    '仅在任何模型都未见过的时期上测量一次。每个数字附有区间：重复 100 次约有 95 次落入其中。',
  ),
  'metrics.caption': name('Metrics of the chosen model beside the baselines', '选用模型与基线的指标对照'),
} as const;
