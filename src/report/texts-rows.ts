// Words of the page where it speaks of the rows of any table instead of a shop's customers.
import { type Name, name } from '../core/name.ts';
import type { TextKey } from './texts.ts';

export const ROW_TEXTS: Partial<Readonly<Record<TextKey, Name>>> = {
  'page.title': name('What was learned from {shop}', '从 {shop} 学到了什么'),
  'word.customers': name('Rows', '行数'),
  'summary.customers': name('{count} rows tested.', '测试 {count} 行。'),
  'metrics.lede': name(
    'Measured on rows the models had not seen. Beneath each number stands its 95% interval: how far it could move had other rows been drawn.',
    '在模型未见过的行上测量。每个数字下方为 95% 区间：换一批行时它可能变动的范围。',
  ),
  'metrics.threshold': name(
    'F1 and accuracy call a row positive from {threshold} on.',
    'F1 与准确率以 {threshold} 为判定阈值。',
  ),
  'differences.lede': name(
    'Model less baseline on the very same rows. When the interval does not touch zero, chance does not explain the difference.',
    '同一批行上模型减去基线的差。区间不含零，说明差异并非偶然。',
  ),
  'leaderboard.predict': name('Predict, per 1,000', '每千行预测耗时'),
  'protocol.lede': name('The protocol behind every number of this part.', '本部分所有数字所依据的规程。'),
  'protocol.users': name('Different rows or groups', '不同的行或组'),
  'protocol.interactions': name('Rows of the file', '文件行数'),
  'groups.title': name('Is the promise kept for every group?', '承诺对每个组都成立吗？'),
  'groups.dot': name(
    '{group}: {share} came ({interval}), {promised} promised, {count} rows',
    '{group}：实际 {share}（{interval}），承诺 {promised}，{count} 行',
  ),
  'reliability.lede': name(
    'Rows in groups of equal size by prediction. A dot on the dashed line means: of those told 30%, 30 in 100 were. Calibrated by: {method}.',
    '按预测大小等分各行。点落在虚线上表示：预测为 30% 的行，100 行中确有 30 行为正。校准方法：{method}。',
  ),
  'ranking.title': name('Does it find the right rows?', '是否找对了行？'),
  'ranking.lede': name(
    'How well the ranking separates the positive rows from the others, at every possible cut. Further to the upper left (ROC) or upper right (precision) is better.',
    '在所有可能的截断处，排序区分正样本与其余行的能力。ROC 越靠左上、精确率越靠右上越好。',
  ),
  'deciles.lede': name(
    'Rows sorted by prediction and cut into ten. If orange falls steadily from left to right, the ranking holds; if blue dots meet the bars, the level holds too.',
    '各行按预测排序后十等分。橙色柱自左向右稳步下降，说明排序可靠；蓝点贴近柱顶，说明水平也准确。',
  ),
  'deciles.chart': name('Predicted and actual per row', '每行的预测与实际均值'),
  'deciles.reached': name(
    'The top {customers} of rows hold {outcome} of the outcome.',
    '预测最高的 {customers} 的行占全部结果的 {outcome}。',
  ),
  'residuals.title': name('How far off for one row?', '单行误差多大？'),
  'residuals.lede': name(
    'Predicted beside actual for single rows. Axes are logarithmic, with a place for zero.',
    '单行的预测与实际对照。坐标为对数刻度，并保留零的位置。',
  ),
  'residuals.sample': name(
    '{shown} of {customers} rows, drawn at random',
    '从 {customers} 行中随机抽取 {shown} 行',
  ),
  'coverage.lede': name(
    'Each number comes with a range meant to hold the truth for {nominal} of rows. Method: {method}. Checked on: {checkedOn}.',
    '每个数值都附有区间，承诺对 {nominal} 的行包含真实值。方法：{method}。检验数据：{checkedOn}。',
  ),
  'drivers.lede': name(
    'How much worse {metric} gets when one column is shuffled among rows. It tells what the model uses, not what causes the outcome.',
    '将某一列在各行间随机打乱后，{metric}变差的程度。它说明模型用了什么，而非因果关系。',
  ),
  'examples.title': name('Why these rows?', '为什么是这些行？'),
  'examples.customer': name('Row {entity}', '第 {entity} 行'),
};
