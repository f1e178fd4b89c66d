// What a reader of a table's report should bear in mind.
import { type Name, name } from '../../core/name.ts';
import type { FittedTable } from './fit-table.ts';
import type { PreparedTable } from './prepare-table.ts';

export function tableLimits(prepared: PreparedTable, { test }: FittedTable): readonly Name[] {
  const { copies, together, withoutTarget, unlabelled } = prepared;
  const limits: Name[] = [];
  const inTime = prepared.uses.some(({ use }) => use === 'time');
  if (together === 'copies' && !inTime)
    limits.push(
      name(
        `${copies.repeated} rows repeat another one in every feature; they stay on one side of every split, so that none is recognised.`,
        `${copies.repeated} 行与其他行的特征完全相同；划分时始终放在同一侧，避免被认出。`,
      ),
    );
  if (!copies.areCopies)
    limits.push(
      name(
        `Only ${Math.round(copies.distinct * 100)}% of the rows differ from each other: the columns are coarse, and equal rows are not taken for copies.`,
        `仅 ${Math.round(copies.distinct * 100)}% 的行互不相同：各列取值较粗，相同的行不视为副本。`,
      ),
    );
  if (withoutTarget > 0)
    limits.push(
      name(
        unlabelled
          ? `${withoutTarget} rows without a target are not tested; the others' models may learn from their texts.`
          : `${withoutTarget} rows without a target were left out.`,
        unlabelled
          ? `${withoutTarget} 行没有目标值，不参与测试；模型可从其文本中学习。`
          : `${withoutTarget} 行没有目标值，未使用。`,
      ),
    );
  if (test.by === 'nested')
    limits.push(
      name(
        'The test measures the whole procedure, learned anew in each fold; the saved model learned from every row, and what it leans on was measured on them.',
        '测试衡量的是整个流程（每折重新学习）；保存的模型由全部行拟合，其依赖的特征也在这些行上测得。',
      ),
    );
  if (prepared.sample.weight)
    limits.push(
      name(
        'Weights are used in learning, by models and baselines alike; calibration, ranges and scores count every row once.',
        '权重仅用于学习（模型与基线均使用）；校准、区间与评分中每行同等计算。',
      ),
    );
  return limits;
}
