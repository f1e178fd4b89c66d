// Gamma-Gamma: what a customer spends per purchase, drawn towards everyone's mean as far as few purchases say little.
import { AppError } from '../../core/errors.ts';
import { minimizeWithPauses, type Objective } from '../../core/minimize.ts';
import { pause } from '../../core/pause.ts';
import { digamma, lgamma } from '../../core/special.ts';
import type { WeakPrior } from './family.ts';
import { addPenalty, type FitOptions } from './fit-behaviour.ts';

/** Money per purchase is Gamma(p, rate), the rate differs by customer as Gamma(q, v). */
export interface GammaGamma {
  readonly p: number;
  /** Above 1, so that the mean over customers is finite. */
  readonly q: number;
  /** In the unit of the money. */
  readonly v: number;
}

export interface GammaGammaFit {
  readonly parameters: GammaGamma;
  /** Σ ln L at the parameters, the prior left out. */
  readonly logLikelihood: number;
  /** Σ weights of the customers it was learned from. */
  readonly customers: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** [customers] each: how many purchases, and their mean money; rows without a purchase or with money ≤ 0 are left out. */
export interface Spending {
  readonly purchases: ArrayLike<number>;
  readonly money: ArrayLike<number>;
  /** All ones when absent. */
  readonly weight?: ArrayLike<number>;
}

/** For p, q − 1 and the mean over customers p·v / (q − 1), relative to the mean seen: those three hardly interact. */
const PRIOR: readonly WeakPrior[] = [
  { median: 3, logStdDev: 1.5 },
  { median: 2, logStdDev: 1.5 },
  { median: 1, logStdDev: 1 },
];

/**
 * The parameters of greatest (penalised) likelihood.
 *
 * @throws AppError NOT_ENOUGH_DATA when nobody spent anything, INTERRUPTED
 * @see Fader and Hardie 2013, The Gamma-Gamma Model of Monetary Value, eq. 1a
 */
export async function fitGammaGamma(spending: Spending, options: FitOptions = {}): Promise<GammaGammaFit> {
  const { priorStrength = 1, signal, onIteration } = options;
  const sample = soundSpending(spending);
  if (sample.customers <= 0)
    throw new AppError('NOT_ENOUGH_DATA', 'gamma-gamma needs a customer with a purchase above 0, got none');
  const fromLogs = (logs: Float64Array): GammaGamma => {
    const p = Math.exp(logs[0]);
    const overOne = Math.exp(logs[1]);
    return { p, q: 1 + overOne, v: (Math.exp(logs[2]) * sample.mean * overOne) / p };
  };
  const objective: Objective = (logs, gradient) => {
    const parameters = fromLogs(logs);
    const value = logLikelihood(sample, parameters, gradient);
    const [toP, toQ, toV] = gradient;
    gradient[0] = parameters.p * toP - parameters.v * toV;
    gradient[1] = (parameters.q - 1) * toQ + parameters.v * toV;
    gradient[2] = parameters.v * toV;
    for (let i = 0; i < 3; i++) gradient[i] /= -sample.customers;
    return -value / sample.customers + addPenalty(logs, gradient, PRIOR, priorStrength / sample.customers);
  };
  const found = await minimizeWithPauses(
    objective,
    PRIOR.map((prior) => Math.log(prior.median)),
    async ({ iteration }) => {
      onIteration?.(iteration);
      await pause(signal);
    },
    { signal, gradientTolerance: 1e-9 },
  );
  const parameters = fromLogs(found.point);
  return {
    parameters,
    logLikelihood: logLikelihood(sample, parameters, new Float64Array(3)),
    customers: sample.customers,
    iterations: found.iterations,
    converged: found.converged,
  };
}

/** E[money per purchase | `purchases` of them averaged `money`]; the mean over customers when there were none. */
export function expectedMoney({ p, q, v }: GammaGamma, purchases: number, money: number): number {
  if (!(purchases > 0)) return (p * v) / (q - 1);
  return (p * (v + purchases * money)) / (p * purchases + q - 1);
}

interface SoundSpending {
  /** The different numbers of purchases there are: functions of them alone are worked out once each. */
  readonly counts: Float64Array;
  /** [customers], index into `counts`. */
  readonly kind: Uint32Array;
  readonly money: Float64Array;
  readonly weight: Float64Array;
  readonly customers: number;
  /** Mean money over customers. */
  readonly mean: number;
}

function soundSpending({ purchases, money, weight }: Spending): SoundSpending {
  if (money.length !== purchases.length || (weight?.length ?? money.length) !== money.length)
    throw new AppError('SHAPE', `expected ${purchases.length} rows of money and weight, got ${money.length}`);
  const weightOf = (i: number) => weight?.[i] ?? 1;
  const kept: number[] = [];
  for (let i = 0; i < purchases.length; i++) {
    if (purchases[i] > 0 && money[i] > 0 && Number.isFinite(money[i]) && weightOf(i) > 0) kept.push(i);
  }
  let customers = 0;
  let total = 0;
  for (const i of kept) {
    customers += weightOf(i);
    total += weightOf(i) * money[i];
  }
  const kinds = new Map<number, number>();
  const kind = Uint32Array.from(kept, (i) => {
    const known = kinds.get(purchases[i]) ?? kinds.size;
    kinds.set(purchases[i], known);
    return known;
  });
  return {
    counts: Float64Array.from(kinds.keys()),
    kind,
    money: Float64Array.from(kept, (i) => money[i]),
    weight: Float64Array.from(kept, weightOf),
    customers,
    mean: total / customers,
  };
}

/**
 * Σ weight · [ ln Γ(px+q) − ln Γ(px) − ln Γ(q) + q ln v + (px−1) ln m + px ln x − (px+q) ln(v+mx) ].
 *
 * @param slopes filled with ∂/∂p, ∂/∂q, ∂/∂v
 */
function logLikelihood(sample: SoundSpending, { p, q, v }: GammaGamma, slopes: Float64Array): number {
  const { counts, kind, money, weight } = sample;
  const logGammaQ = lgamma(q);
  const digammaQ = digamma(q);
  const logV = Math.log(v);
  const fixed = counts.map(
    (x) => lgamma(p * x + q) - lgamma(p * x) - logGammaQ + q * logV + p * x * Math.log(x),
  );
  const digammaBoth = counts.map((x) => digamma(p * x + q));
  const fixedToP = counts.map((x, k) => digammaBoth[k] - digamma(p * x) + Math.log(x));
  let sum = 0;
  let toP = 0;
  let toQ = 0;
  let toV = 0;
  for (let i = 0; i < kind.length; i++) {
    const k = kind[i];
    const x = counts[k];
    const logMoney = Math.log(money[i]);
    const all = v + money[i] * x;
    const logAll = Math.log(all);
    sum += weight[i] * (fixed[k] + (p * x - 1) * logMoney - (p * x + q) * logAll);
    toP += weight[i] * x * (fixedToP[k] + logMoney - logAll);
    toQ += weight[i] * (digammaBoth[k] - digammaQ + logV - logAll);
    toV += weight[i] * (q / v - (p * x + q) / all);
  }
  slopes[0] = toP;
  slopes[1] = toQ;
  slopes[2] = toV;
  return sum;
}
