// Do the stages overlap: label windows past the next stage, learning after the test, the same customer or example twice.
import { name } from '../../core/name.ts';
import { DAY_MS } from '../../core/time.ts';
import { type LeakageCheck, percent, type Stage, type Suspicion } from './finding.ts';

const latest = (stage: Stage): number =>
  stage.asOf.reduce((most, ms) => Math.max(most, ms), Number.NEGATIVE_INFINITY);
const earliest = (stage: Stage): number =>
  stage.asOf.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);

/** Every label window must end at or before the first moment of the next stage. */
export const labelWindows: LeakageCheck = ({ splitBy, horizonMs, train, calibrate, test }) => {
  if (splitBy !== 'time' || horizonMs === undefined) return [];
  const stages = [train, ...(calibrate ? [calibrate] : []), test];
  return stages.slice(1).flatMap((next, i): Suspicion[] => {
    const overlapDays = (latest(stages[i]) + horizonMs - earliest(next)) / DAY_MS;
    if (!(overlapDays > 0)) return [];
    const rounded = Math.ceil(overlapDays * 10) / 10;
    return [
      {
        severity: 'refuse',
        words: name(
          `outcomes of an earlier stage reach ${rounded} days past the moment at which the next one stands; put the stages a full horizon apart`,
          `前一阶段的结果窗口超过下一阶段时点 ${rounded} 天；请让各阶段相隔一个完整的预测期`,
        ),
        evidence: { overlapDays },
      },
    ];
  });
};

/** Training examples must not stand after test examples. */
export const learningFromLater: LeakageCheck = ({ splitBy, train, test }) => {
  if (splitBy !== 'time') return [];
  const first = earliest(test);
  const later = train.asOf.reduce((count, ms) => count + (ms >= first ? 1 : 0), 0);
  if (later === 0) return [];
  return [
    {
      severity: 'refuse',
      words: name(
        `${percent(later / train.asOf.length)} of the training examples stand at or after the test moment; split by time, not at random`,
        `${percent(later / train.asOf.length)} 的训练样本处于测试时点或之后；请按时间划分，不要随机划分`,
      ),
      evidence: { later, rows: train.asOf.length },
    },
  ];
};

/** Split by customer means nobody stands on both sides; split by row, that somebody does is worth knowing. */
export const customersOnBothSides: LeakageCheck = ({ splitBy, train, test }) => {
  if (splitBy === 'time') return [];
  const known = new Set(train.entities);
  const shared = new Set(test.entities.filter((entity) => known.has(entity))).size;
  if (shared === 0) return [];
  return [
    {
      severity: splitBy === 'customer' ? 'refuse' : 'warn',
      words: name(
        `${shared} customers stand in both training and test; split by customer, so that nobody is recognised`,
        `${shared} 个客户同时出现在训练集与测试集；请按客户划分，避免被模型认出`,
      ),
      evidence: { shared },
    },
  ];
};

/** One example (entity, asOf) must stand in one stage, once. */
export const repeatedExamples: LeakageCheck = ({ splitBy, train, calibrate, test }) => {
  // A table's rows of one customer share a moment without being one example; the check of customers speaks of them.
  if (splitBy === 'row' || (splitBy === 'customer' && new Set(test.asOf).size === 1)) return [];
  const found: Suspicion[] = [];
  const earlier = [train, ...(calibrate ? [calibrate] : [])].map(customersByMoment);
  const tested = customersByMoment(test);
  let across = 0;
  for (const [asOf, customers] of tested.customers) {
    for (const customer of customers) {
      if (earlier.some((stage) => stage.customers.get(asOf)?.has(customer))) across++;
    }
  }
  if (across > 0)
    found.push({
      severity: 'refuse',
      words: name(
        `${across} examples (same customer, same moment) stand in an earlier stage and in the test; take repeated rows out, and balance classes only inside training`,
        `${across} 个样本（同一客户、同一时点）同时出现在前面阶段和测试中；请去重，且只在训练集内部做类别平衡`,
      ),
      evidence: { across },
    });
  for (const [{ repeated, rows }, severity, where] of [
    [tested, 'refuse', name('test', '测试')],
    [earlier[0], 'warn', name('training', '训练')],
  ] as const) {
    if (repeated === 0) continue;
    found.push({
      severity,
      words: name(
        `${repeated} of ${rows} ${where.en} examples repeat a customer at the same moment: was the table oversampled before the split?`,
        `${rows} 个${where.zh}样本中有 ${repeated} 个与同一客户同一时点重复：是否在划分之前做了过采样？`,
      ),
      evidence: { repeated, rows },
    });
  }
  return found;
};

function customersByMoment({ entities, asOf }: Stage) {
  const customers = new Map<number, Set<string>>();
  let repeated = 0;
  for (let i = 0; i < entities.length; i++) {
    let seen = customers.get(asOf[i]);
    if (!seen) {
      seen = new Set();
      customers.set(asOf[i], seen);
    }
    if (seen.has(entities[i])) repeated++;
    else seen.add(entities[i]);
  }
  return { customers, repeated, rows: entities.length };
}
