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
  'effects.lede': name(
    'The mean prediction of {count} rows when one column is set to each of its values and all else stays. The band is a 95% interval over rows; faint lines are single rows, moved to one height. It shows what the model would say, not what a change would cause.',
    '将某一列依次设为各个取值、其余不变时，{count} 行的平均预测。色带为各行间的 95% 区间，淡线为单行（已移至同一高度）。它表示模型会怎么说，而非改变会带来什么。',
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
  'summary.beats': name(
    '{metric} on rows not seen before: {score} for {model} (95% interval {interval}) beside {baselineScore} for the baseline “{baseline}”. The difference of {difference} is {sure}.',
    '在未见过的行上 {metric}：{model}为 {score}（95% 区间 {interval}），基线“{baseline}”为 {baselineScore}。两者相差 {difference}，{sure}。',
  ),
  'leaderboard.lede': name(
    'Every model that was tried, beside the baselines it has to beat. {metric}: {says} ({better}). Measured on {where}; the test played no part in the choice.',
    '所有尝试过的模型与必须超越的基线并列。{metric}：{says}（{better}）。评估数据：{where}；测试不参与模型选择。',
  ),
  'leakage.lede': name(
    'Checks that run on every table: rows that know the answer make a model look good and fail in use.',
    '对每张表都会运行的检查：若数据中含有答案，模型看似出色，实际使用却会失效。',
  ),
  'reliability.counts': name('Rows per group (tallest bar: {most})', '各组行数（最高柱：{most}）'),
  'reliability.bin': name(
    'Predicted {predicted}, observed {actual} ({interval}), {count} rows',
    '预测 {predicted}，实际 {actual}（{interval}），{count} 行',
  ),
  'reliability.label': name(
    'Reliability curve: predicted probability against observed share in {bins} groups of rows',
    '可靠性曲线：{bins} 组行的预测概率与实际比例对照',
  ),
  'gain.x': name('Share of rows, best first', '行的比例（由高到低）'),
  'gain.label': name(
    'Cumulative share of the outcome by share of rows, best first',
    '按预测由高到低取行时，结果的累积比例',
  ),
  'deciles.x': name('Tenth of rows: 1 = highest predictions', '行的十等分组：1 为预测最高组'),
  'deciles.bar': name(
    'Tenth {decile}: {count} rows, predicted {predicted}, actual {actual}',
    '第 {decile} 组：{count} 行，预测 {predicted}，实际 {actual}',
  ),
  'deciles.label': name(
    'Mean predicted and actual outcome in ten groups of rows, highest predictions first',
    '按预测由高到低十等分后，各组预测与实际的均值',
  ),
  'residuals.label': name(
    'Predicted against actual for {shown} of {customers} rows on logarithmic axes',
    '{customers} 行中 {shown} 行的预测与实际对照（对数坐标）',
  ),
  'errors.half': name('Middle half of rows', '中间一半的行'),
  'errors.bar': name(
    'Tenth {decile}: {count} rows, median error {median}, mean error {mean}',
    '第 {decile} 组：{count} 行，误差中位数 {median}，平均误差 {mean}',
  ),
  'errors.label': name(
    'Predicted less actual by tenth of rows, highest predictions first',
    '各十等分组预测减实际的误差，由预测最高组开始',
  ),
  'coverage.dot': name(
    'Tenth {decile}: {share} inside ({interval}), {count} rows',
    '第 {decile} 组：{share} 落入区间（{interval}），{count} 行',
  ),
  'coverage.label': name(
    'Share of rows inside their interval, by tenth of prediction',
    '各十等分组中实际落入区间的行的比例',
  ),
};
