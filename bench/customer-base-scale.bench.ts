// A million customers: how long the customer-base models take to learn from them.
import { makeFrame, type NumberColumn } from '../src/core/frame.ts';
import { name } from '../src/core/name.ts';
import { silent } from '../src/core/progress.ts';
import { random } from '../src/core/random.ts';
import { fitModel } from '../src/models/catalogue.ts';
import { BG_NBD, MBG_NBD } from '../src/models/customer-base/bg-nbd.ts';
import { bgNbd, mbgNbd, paretoNbd } from '../src/models/customer-base/estimators.ts';
import type { Family } from '../src/models/customer-base/family.ts';
import { fitBehaviour } from '../src/models/customer-base/fit-behaviour.ts';
import { fitGammaGamma } from '../src/models/customer-base/gamma-gamma.ts';
import { PARETO_NBD } from '../src/models/customer-base/pareto-nbd.ts';
import { gatherHistory } from '../src/models/customer-base/purchase-history.ts';
import { simulateCustomer } from '../src/models/customer-base/simulate-customers.ts';
import type { Sample } from '../src/models/estimator.ts';
import { atMost, type Bench, type Target } from './bench.ts';

const LIMIT_SECONDS = 60;
const HORIZON_DAYS = 90;
const FAMILIES = [BG_NBD, MBG_NBD, PARETO_NBD] as readonly Family<string>[];
const ESTIMATORS = [bgNbd, mbgNbd, paretoNbd];

/** `npm run bench -- customer-base-scale [CUSTOMERS]`, a million by default. */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const customers = Number(args[0] ?? 1_000_000);
  const sample = simulateSample(customers, seed);
  log(`${customers} customers drawn`);
  const inWeeks = (key: string) => valuesOf(sample, key).map((days) => days / 7);
  const [history, gatherSeconds] = await timed(async () =>
    gatherHistory({
      frequency: valuesOf(sample, 'frequency'),
      recency: inWeeks('recency'),
      T: inWeeks('T'),
    }),
  );
  const figures: Record<string, unknown> = {
    customers,
    different_histories: history.count.length,
    gather_seconds: gatherSeconds,
  };
  const targets: Target[] = [];
  for (const family of FAMILIES) {
    const [fit, seconds] = await timed(() => fitBehaviour(family, history));
    log(`${family.id}: ${seconds.toFixed(1)} s`);
    figures[`${family.id}, behaviour`] = { seconds, ...fit };
  }
  const [money, moneySeconds] = await timed(() =>
    fitGammaGamma({
      purchases: valuesOf(sample, 'frequency'),
      money: valuesOf(sample, 'monetary'),
    }),
  );
  figures['gamma-gamma'] = { seconds: moneySeconds, ...money };
  for (const estimator of ESTIMATORS) {
    const [model, seconds] = await timed(() =>
      fitModel(estimator, sample, undefined, { seed, threads, progress: silent }),
    );
    const [, predictSeconds] = await timed(() => model.predict(sample.frame));
    log(
      `${estimator.id} with money: ${seconds.toFixed(1)} s to fit, ${predictSeconds.toFixed(1)} s to predict`,
    );
    figures[`${estimator.id}, estimator`] = { fit_seconds: seconds, predict_seconds: predictSeconds };
    targets.push(
      atMost(
        `${estimator.id}: seconds to fit ${customers} customers`,
        seconds,
        LIMIT_SECONDS,
        'the whole estimator for revenue: behaviour, Gamma-Gamma and level; sorting the sample included',
      ),
    );
  }
  return {
    bench: 'customer-base-scale',
    protocol:
      `${customers} customers drawn from Pareto/NBD (r .55, alpha 10.6, s .6, beta 11.7, weeks) with Gamma-Gamma money, first ` +
      `purchase 1 to 730 days ago, times rounded up to days; one moment, horizon ${HORIZON_DAYS} days, one process`,
    targets,
    figures,
  };
};

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, (performance.now() - startedMs) / 1000];
}

function valuesOf(sample: Sample, key: string): Float64Array {
  return (sample.frame.columns.find((column) => column.name === key) as NumberColumn).values;
}

function simulateSample(customers: number, seed: number): Sample {
  const draw = random(seed);
  const columns = ['frequency', 'recency', 'T', 'monetary', 'first_value'].map(
    (key): NumberColumn => ({
      kind: 'number',
      name: key,
      label: name(key, key),
      unit: 'none',
      group: key,
      values: new Float64Array(customers),
    }),
  );
  const [frequency, recency, T, monetary, firstValue] = columns.map((column) => column.values);
  const target = new Float64Array(customers);
  for (let i = 0; i < customers; i++) {
    T[i] = 1 + draw.integer(730);
    const own = simulateCustomer(draw, {
      r: 0.55,
      alpha: 10.6,
      leaving: { kind: 'moment', s: 0.6, beta: 11.7 },
      T: T[i] / 7,
      weeks: HORIZON_DAYS / 7,
    });
    const moneyRate = draw.gamma(3.7, 1500);
    const spend = (purchases: number) => Math.round(draw.gamma(6 * purchases, moneyRate));
    frequency[i] = own.frequency;
    recency[i] = Math.min(T[i], Math.ceil(own.recency * 7));
    monetary[i] = own.frequency > 0 ? spend(own.frequency) / own.frequency : Number.NaN;
    firstValue[i] = spend(1);
    target[i] = own.future > 0 ? spend(own.future) : 0;
  }
  return {
    question: { kind: 'amount', outcome: 'revenue', horizonDays: HORIZON_DAYS, discountPerYear: 0 },
    frame: makeFrame(columns, { currency: 'EUR' }),
    entities: Array.from(target, (_, i) => `customer ${i}`),
    asOf: new Float64Array(customers).fill(Date.UTC(2024, 0, 1)),
    target,
  };
}
