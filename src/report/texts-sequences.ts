// Words of the page where it speaks of sequences of items and what comes next.
import { type Name, name } from '../core/name.ts';
import type { TextKey } from './texts.ts';

export const SEQUENCE_TEXTS: Partial<Readonly<Record<TextKey, Name>>> = {
  'page.title': name('What comes next in {shop}', '{shop}：接下来是什么'),
  'word.customers': name('Cases', '例数'),
  'summary.customers': name('{count} cases tested.', '测试 {count} 例。'),
  'summary.beats': name(
    '{metric} on targets not seen before: {score} for {model} (95% interval {interval}) beside {baselineScore} for “{baseline}”. The difference of {difference} is {sure}.',
    '在未见过的目标上 {metric}：{model}为 {score}（95% 区间 {interval}），“{baseline}”为 {baselineScore}。两者相差 {difference}，{sure}。',
  ),
  'metrics.lede': name(
    'Every item of the catalogue is ranked; an item with the target’s score stands before it. Beneath each number stands its 95% interval: how far it could move had other users been drawn.',
    '对目录中的全部商品排序；与目标同分的商品排在目标之前。每个数字下方为 95% 区间：换一批用户时它可能变动的范围。',
  ),
  'differences.lede': name(
    'Model less the other on the very same cases. When the interval does not touch zero, chance does not explain the difference.',
    '同样的例子上，模型减去对照的差。区间不含零，说明差异并非偶然。',
  ),
  'leaderboard.lede': name(
    'Every model that was tried, beside the baselines it has to beat. {metric}: {says} ({better}). Measured on {where}; the test played no part in the choice.',
    '所有尝试过的模型与必须超越的基线并列。{metric}：{says}（{better}）。评估数据：{where}；测试不参与模型选择。',
  ),
  'leaderboard.predict': name('Score, per 1,000', '每千例评分耗时'),
  'protocol.lede': name('The protocol behind every number of this part.', '本部分所有数字所依据的规程。'),
  'protocol.examples': name('Test cases', '测试例数'),
  'protocol.users': name('Sequences', '序列数'),
};
