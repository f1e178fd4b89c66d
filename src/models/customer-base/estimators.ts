// The customer-base models as estimators: they learn how customers behave, then answer who buys, who leaves, who spends.
import { AppError } from '../../core/errors.ts';
import { type Frame, findColumn, takeNumbers, takeRows } from '../../core/frame.ts';
import { pause } from '../../core/pause.ts';
import type { Estimator, FitRun, Model, Question, Sample } from '../estimator.ts';
import { clampProbability, logit, sigmoid } from '../link.ts';
import { unitWeights } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { BG_NBD, type BgLetter, MBG_NBD } from './bg-nbd.ts';
import { amountLevel, type Correction, correctedMargin, fitCorrection, periodsOf } from './correction.ts';
import type { Family, Parameters } from './family.ts';
import { fitBehaviour } from './fit-behaviour.ts';
import { fitGammaGamma, type GammaGamma } from './gamma-gamma.ts';
import {
  believe,
  discountPeriods,
  expectedRevenue,
  HISTORY_COLUMNS,
  MONEY_COLUMNS,
  readCustomers,
  readSpending,
} from './outlook.ts';
import { PARETO_NBD, type ParetoLetter } from './pareto-nbd.ts';
import { gatherHistory } from './purchase-history.ts';

const FORMAT = 1;

/** Rows between two looks at the signal. */
const ROWS_PER_TURN = 20_000;

interface CustomerBaseState<Letter extends string> extends SavedState {
  readonly parameters: Parameters<Letter>;
  /** For `revenue` only. */
  readonly spending: GammaGamma | null;
  /** For `buys` and `leaves` only. */
  readonly correction: Correction | null;
  /** Factor on amounts; 1 for probabilities. */
  readonly level: number;
  /** What to say of a customer who never purchased: a probability of the outcome, or an amount. */
  readonly withoutPurchase: number;
}

export const bgNbd: Estimator = customerBaseEstimator<BgLetter>(BG_NBD);
export const mbgNbd: Estimator = customerBaseEstimator<BgLetter>(MBG_NBD);
export const paretoNbd: Estimator = customerBaseEstimator<ParetoLetter>(PARETO_NBD);

/**
 * Behaviour (when customers buy, when they leave) and spending are learned from histories alone, on the latest asOf;
 * outcomes of all training examples only correct what is systematically off (see `correction.ts`).
 */
function customerBaseEstimator<Letter extends string>(family: Family<Letter>): Estimator {
  return {
    id: family.id,
    label: family.label,
    role: 'model',
    refuses,
    async fit(train, _valid, run) {
      const latest = latestRows(train);
      run.progress.note(`${family.id}: learning how ${latest.length} customers buy and leave`);
      const parameters = await fitHistories(family, train, { rows: latest, run });
      const spending =
        train.question.outcome === 'revenue'
          ? await fitSpending(train, { rows: latest, run, id: family.id })
          : null;
      const bare: CustomerBaseState<Letter> = {
        question: train.question,
        parameters,
        spending,
        correction: null,
        level: 1,
        withoutPurchase: 0,
      };
      const learned = spending
        ? await learnAmountLevel(family, bare, { train, run })
        : await learnCorrection(family, bare, { train, run });
      return customerBaseModel(family, learned);
    },
    load: (saved) =>
      customerBaseModel(
        family,
        readState<CustomerBaseState<Letter>>(saved, family.id, FORMAT, [
          'parameters',
          'spending',
          'correction',
          'level',
          'withoutPurchase',
        ]),
      ),
  };
}

function inputsOf(question: Question): readonly string[] {
  return question.outcome === 'revenue' ? [...HISTORY_COLUMNS, ...MONEY_COLUMNS] : HISTORY_COLUMNS;
}

function refuses(question: Question, frame: Frame): string | undefined {
  if (question.outcome === 'other')
    return 'customer-base models answer who buys, who leaves and what they spend, the question asks something else';
  const kind = question.outcome === 'revenue' ? 'amount' : 'binary';
  if (question.kind !== kind)
    return `"${question.outcome}" is a question of kind ${kind}, the question says ${question.kind}`;
  const missing = inputsOf(question).filter((column) => findColumn(frame, column)?.kind !== 'number');
  if (missing.length === 0) return undefined;
  return `needs the number column${missing.length > 1 ? 's' : ''} ${missing.map((column) => `"${column}"`).join(', ')}`;
}

/** One moment only: earlier rows of a customer tell the same story, less of it. */
function latestRows({ asOf }: Sample): number[] {
  let latest = Number.NEGATIVE_INFINITY;
  for (const moment of asOf) latest = Math.max(latest, moment);
  const rows: number[] = [];
  asOf.forEach((moment, row) => {
    if (moment === latest) rows.push(row);
  });
  return rows;
}

interface Rows {
  readonly rows: readonly number[];
  readonly run: FitRun;
}

async function fitHistories<Letter extends string>(
  family: Family<Letter>,
  train: Sample,
  { rows, run }: Rows,
): Promise<Parameters<Letter>> {
  const customerAt = readCustomers(train.frame);
  const weight = unitWeights(train);
  const known = rows.filter((row) => customerAt(row));
  if (known.length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `"${family.id}" needs at least one customer with a purchase, got none among ${rows.length} examples`,
    );
  const customers = known.map((row) => customerAt(row)!);
  const history = gatherHistory(
    {
      frequency: customers.map((customer) => customer.frequency),
      recency: customers.map((customer) => customer.recency),
      T: customers.map((customer) => customer.T),
    },
    known.map((row) => weight[row]),
  );
  const fit = await fitBehaviour(family, history, {
    signal: run.signal,
    onIteration: (done) => run.progress.step({ task: family.id, done, unit: 'iterations' }),
  });
  return fit.parameters;
}

async function fitSpending(train: Sample, { rows, run, id }: Rows & { id: string }): Promise<GammaGamma> {
  const spendingAt = readSpending(train.frame);
  const weight = unitWeights(train);
  const own = rows.map(spendingAt);
  const fit = await fitGammaGamma(
    {
      purchases: own.map((row) => row.purchases),
      money: own.map((row) => row.money),
      weight: rows.map((row) => weight[row]),
    },
    {
      signal: run.signal,
      onIteration: (done) => run.progress.step({ task: `${id}, money`, done, unit: 'iterations' }),
    },
  );
  return fit.parameters;
}

interface Learning {
  readonly train: Sample;
  readonly run: FitRun;
}

async function learnCorrection<Letter extends string>(
  family: Family<Letter>,
  bare: CustomerBaseState<Letter>,
  { train, run }: Learning,
): Promise<CustomerBaseState<Letter>> {
  const { question } = train;
  const { known, unknown } = await splitRows(train.frame, run.signal);
  const customerAt = readCustomers(train.frame);
  const weight = unitWeights(train);
  const beliefs = [];
  for (const row of known) {
    if (beliefs.length % ROWS_PER_TURN === 0) await pause(run.signal);
    beliefs.push(believe(family, bare.parameters, customerAt(row)!, question.horizonDays));
  }
  const bought = Float64Array.from(known, (row) =>
    question.outcome === 'leaves' ? 1 - train.target[row] : train.target[row],
  );
  const correction = await fitCorrection(beliefs, bought, {
    weight: Float64Array.from(known, (row) => weight[row]),
    periods: periodsOf(takeNumbers(train.asOf, known), question.horizonDays),
    signal: run.signal,
  });
  return { ...bare, correction, withoutPurchase: meanTarget(train, unknown) };
}

async function learnAmountLevel<Letter extends string>(
  family: Family<Letter>,
  bare: CustomerBaseState<Letter>,
  { train, run }: Learning,
): Promise<CustomerBaseState<Letter>> {
  const { known, unknown } = await splitRows(train.frame, run.signal);
  const predicted = await customerBaseMargins(family, bare, takeRows(train.frame, known), run.signal);
  const weight = unitWeights(train);
  const level = amountLevel(
    predicted,
    Float64Array.from(known, (row) => train.target[row]),
    {
      weight: Float64Array.from(known, (row) => weight[row]),
      periods: periodsOf(takeNumbers(train.asOf, known), train.question.horizonDays),
    },
  );
  return { ...bare, level, withoutPurchase: meanTarget(train, unknown) };
}

async function splitRows(
  frame: Frame,
  signal: AbortSignal | undefined,
): Promise<{ known: number[]; unknown: number[] }> {
  const customerAt = readCustomers(frame);
  const known: number[] = [];
  const unknown: number[] = [];
  for (let row = 0; row < frame.rows; row++) {
    if (row % (10 * ROWS_PER_TURN) === 0) await pause(signal);
    (customerAt(row) ? known : unknown).push(row);
  }
  return { known, unknown };
}

/** The target's mean over the rows, with one more example of the mean over all: an empty or tiny group says little. */
function meanTarget({ target, ...sample }: Sample, rows: readonly number[]): number {
  const weight = unitWeights({ target, ...sample });
  let all = 0;
  for (let row = 0; row < target.length; row++) all += (weight[row] * target[row]) / target.length;
  let sum = all;
  let total = 1;
  for (const row of rows) {
    sum += weight[row] * target[row];
    total += weight[row];
  }
  return sum / total;
}

function customerBaseModel<Letter extends string>(
  family: Family<Letter>,
  state: CustomerBaseState<Letter>,
): Model {
  const binary = state.question.kind === 'binary';
  return {
    estimator: family.id,
    question: state.question,
    link: binary ? 'logit' : 'identity',
    inputs: inputsOf(state.question),
    margin: (frame) => customerBaseMargins(family, state, frame),
    predict: async (frame) => {
      const margins = await customerBaseMargins(family, state, frame);
      return binary ? margins.map(sigmoid) : margins;
    },
    save: () => ({ estimator: family.id, format: FORMAT, state: asJson(state) }),
  };
}

/** The logit of the outcome, or the amount, for every row. */
async function customerBaseMargins<Letter extends string>(
  family: Family<Letter>,
  state: CustomerBaseState<Letter>,
  frame: Frame,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { question, parameters, spending, correction } = state;
  const customerAt = readCustomers(frame);
  const spendingAt = spending && readSpending(frame);
  const periods = discountPeriods(question.horizonDays, question.discountPerYear);
  const margins = new Float64Array(frame.rows);
  for (let row = 0; row < frame.rows; row++) {
    if (row % ROWS_PER_TURN === 0) await pause(signal);
    const customer = customerAt(row);
    if (spending && spendingAt) {
      margins[row] = customer
        ? state.level *
          expectedRevenue(family, parameters, customer, { spending, own: spendingAt(row), periods })
        : state.withoutPurchase;
      continue;
    }
    if (!customer) {
      margins[row] = logit(clampProbability(state.withoutPurchase));
      continue;
    }
    const belief = believe(family, parameters, customer, question.horizonDays);
    const buys = correction ? correctedMargin(belief, correction) : logit(clampProbability(belief.buys));
    margins[row] = question.outcome === 'leaves' ? -buys : buys;
  }
  return margins;
}
