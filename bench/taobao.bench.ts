// Real views and purchases: whether a visit ends in a purchase, and which item a customer buys, by time and by user.
import { taskNamed } from '../src/tasks/catalogue.ts';
import { ITEM_BASELINES, VISIT_BASELINES } from '../src/tasks/recipes.ts';
import { atMost, type Bench, type Target } from './bench.ts';
import { type ComparedModels, compareModels, splitByTime, splitByUser } from './taobao/compare-models.ts';
import { hasTaobao, taobaoExamples } from './taobao/taobao-shop.ts';

const BASELINES: Readonly<Record<string, readonly string[]>> = {
  'session-purchase': VISIT_BASELINES,
  'item-purchase': ITEM_BASELINES,
};

/** The last days that are tests, by time. */
const TEST_DAYS = 3;
/** Said and come may lie so far apart on average. */
const CALIBRATED = 0.03;

/**
 * Words: `session-purchase`, `item-purchase`, `by-time`, `by-user`; all when none of a kind is given. `model=ID,…` beside
 * the baselines instead of logistic and gbdt.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  if (!hasTaobao) throw new Error('expected ../shared/data/taobao_users beside the checkout, there is none');
  const named = args.find((arg) => arg.startsWith('model='))?.slice('model='.length);
  const models = named?.split(',') ?? ['logistic', 'gbdt'];
  const wanted = (word: string, kind: readonly string[]) =>
    args.includes(word) || !kind.some((other) => args.includes(other));
  const tasks = Object.keys(BASELINES).filter((task) => wanted(task, Object.keys(BASELINES)));
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const name of tasks) {
    const { sample, days, events } = await taobaoExamples(taskNamed(name), {
      seed,
      threads,
      events: models.some((id) => id.startsWith('transformer')),
    });
    log(
      `${name}: ${sample.frame.rows} examples of ${sample.frame.columns.length} columns from ${events} events`,
    );
    const ways = {
      'by-time': () => splitByTime(sample, days, TEST_DAYS),
      'by-user': () => splitByUser(sample, seed),
    };
    for (const [way, split] of Object.entries(ways)) {
      if (!wanted(way, Object.keys(ways))) continue;
      const ids = [...BASELINES[name], ...models];
      const compared = await compareModels(sample, split(), { ids, seed, threads, log });
      figures[`${name} ${way}`] = compared;
      log(`${name} ${way}: ${lines(compared)}`);
      const ece = compared.scores[compared.chosen].ece?.value ?? Number.NaN;
      targets.push(atMost(`${name} ${way}: calibration error of "${compared.chosen}"`, ece, CALIBRATED));
    }
  }
  return {
    bench: 'taobao',
    protocol:
      'nine days of 673 Taobao users (Beijing days), examples of the last seven; by time: the last three days are tests, each ' +
      'calibrated on the day before and learned from the days before that; by user: fifths of users, three to learn from, one to ' +
      'calibrate, one to test, each the test once; features of strictly earlier events; intervals: bootstrap by user, 95 %',
    targets,
    figures,
  };
};

const lines = ({ chosen, scores, examples, users, positives }: ComparedModels): string =>
  [
    `${examples} examples of ${users} users, ${positives} with the outcome; chosen ${chosen}`,
    ...Object.entries(scores).map(
      ([id, own]) =>
        `  ${id.padEnd(14)} ${Object.entries(own)
          .map(
            ([metric, score]) =>
              `${metric} ${score.value.toFixed(4)} [${score.low.toFixed(4)}, ${score.high.toFixed(4)}]`,
          )
          .join('  ')}`,
    ),
  ].join('\n');
