// Words of the check by group: what was promised to each group of customers, and what came.
import { name } from '../core/name.ts';

export const GROUP_TEXTS = {
  'groups.title': name('Is the promise kept for everybody?', '承诺对每个群体都成立吗？'),
  'groups.ledeRanges': name(
    'How many outcomes fell inside their range, group by group. A group in red was promised more, or less, than came, beyond chance.',
    '逐组查看有多少实际结果落入区间。红色表示该组的承诺与实际相差超出偶然。',
  ),
  'groups.ledeProbabilities': name(
    'The mean probability beside the share that came, group by group. A group in red was promised more, or less, than came, beyond chance.',
    '逐组对照平均预测概率与实际发生比例。红色表示该组的预测与实际相差超出偶然。',
  ),
  'groups.kept': name(
    'In none of the {count} groups looked at does the promise differ from what came by more than chance allows.',
    '所查看的 {count} 个组中，没有一组的承诺与实际之差超出偶然范围。',
  ),
  'groups.broken': name(
    'In {broken} of the {count} groups looked at the promise differs from what came by more than chance allows: {list}.',
    '所查看的 {count} 个组中，有 {broken} 组的承诺与实际之差超出偶然范围：{list}。',
  ),
  'groups.one': name(
    '{by}, {group}: {promised} promised, {kept} came',
    '{by}，{group}：承诺 {promised}，实际 {kept}',
  ),
  'groups.more': name('and {count} more', '另有 {count} 组'),
  'groups.promised': name('promised', '承诺'),
  'groups.predicted': name('predicted, mean', '预测均值'),
  'groups.x': name('Share that came', '实际比例'),
  'groups.ece': name('Calibration error', '校准误差'),
  'groups.dot': name(
    '{group}: {share} came ({interval}), {promised} promised, {count} customers',
    '{group}：实际 {share}（{interval}），承诺 {promised}，{count} 位客户',
  ),
  'groups.label': name('Promised and actual share by {by}', '按“{by}”分组的承诺与实际比例'),
} as const;
