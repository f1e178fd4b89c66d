// From a rule to the integers it needs and the arithmetic that finishes it: shared by SQL and the online fold.
import { AppError, invariant } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Aggregate } from './aggregate.ts';
import { daysSinceSalesDay, daysToSalesDay, localDate, SALES_DAYS } from './calendar.ts';
import type {
  Amount,
  CalendarRule,
  FeatureDefinition,
  FeatureRule,
  HistoryRule,
  RhythmRule,
} from './definition.ts';
import { fieldNamed, numberFieldNamed } from './fields.ts';

/** Where a prediction stands: UTC ms, and the local day of it. */
export interface Moment {
  readonly asOfMs: number;
  readonly day: number;
}

export interface Formula {
  readonly needs: readonly Aggregate[];
  /** From the values of `needs`, in order. */
  finish(values: ArrayLike<number>, moment: Moment): number;
}

const first = (values: ArrayLike<number>): number => values[0];

/** What the rule's column holds: numbers, codes of a text field, or a list of them. */
export function columnKind(rule: FeatureRule): 'number' | 'category' | 'sequence' {
  if (rule.kind === 'sequence') return 'sequence';
  if ((rule.kind === 'last' || rule.kind === 'first') && fieldNamed(rule.field).kind === 'text')
    return 'category';
  return 'number';
}

/**
 * The formula of a feature that is a number or a category (whose one aggregate is a code).
 *
 * @throws AppError BAD_DEFINITION when the rule names a field it cannot use
 */
export function formulaOf({ name, rule }: FeatureDefinition): Formula {
  try {
    return formulaOfRule(rule);
  } catch (cause) {
    if (cause instanceof AppError)
      throw new AppError(cause.code, `feature "${name}": ${cause.message}`, {}, cause);
    throw cause;
  }
}

function formulaOfRule(rule: FeatureRule): Formula {
  switch (rule.kind) {
    case 'count':
      return { needs: [{ ...windowOf(rule), op: 'count' }], finish: first };
    case 'distinct':
      fieldNamed(rule.field);
      return { needs: [{ ...windowOf(rule), op: 'distinct', field: rule.field }], finish: first };
    case 'sum':
    case 'min':
    case 'max': {
      const { scale } = numberFieldNamed(rule.field);
      return { needs: [{ ...windowOf(rule), op: rule.kind, field: rule.field }], finish: scaled(scale) };
    }
    case 'mean': {
      const { scale } = numberFieldNamed(rule.field);
      const over = { ...windowOf(rule), field: rule.field };
      return {
        needs: [
          { ...over, op: 'sum' },
          { ...over, op: 'present' },
        ],
        finish: (values) => (values[1] === 0 ? Number.NaN : values[0] / values[1] / scale),
      };
    }
    case 'last':
    case 'first': {
      const field = fieldNamed(rule.field);
      const needs: Aggregate[] = [{ ...windowOf(rule), op: rule.kind, field: rule.field }];
      return { needs, finish: scaled(field.kind === 'number' ? field.scale : 1) };
    }
    case 'recency':
    case 'tenure': {
      const op = rule.kind === 'recency' ? 'max' : 'min';
      const elapsed = rule.clock === 'elapsed';
      return {
        needs: [{ ...windowOf(rule), op, field: elapsed ? 'timestamp' : 'day' }],
        finish: elapsed
          ? (values, { asOfMs }) => (asOfMs - values[0]) / DAY_MS
          : (values, { day }) => day - values[0],
      };
    }
    case 'ratio': {
      const scale = scaleOf(rule.above) / scaleOf(rule.below);
      return {
        needs: [rule.above, rule.below].map((amount) => amountOver(amount, amount.lookbackMs)),
        finish: (values) => (values[1] === 0 ? Number.NaN : values[0] / values[1] / scale),
      };
    }
    case 'trend':
      scaleOf(rule.of);
      return {
        needs: [amountOver(rule.of, rule.spanMs), amountOver(rule.of, 2 * rule.spanMs, rule.spanMs)],
        finish(values) {
          const size = Math.abs(values[0]) + Math.abs(values[1]);
          return size === 0 ? Number.NaN : (values[0] - values[1]) / size;
        },
      };
    case 'rhythm':
      return rhythm(rule);
    case 'history':
      return history(rule);
    case 'session': {
      const over = { ...windowOf(rule), gapMs: rule.gapMs };
      if (rule.measure === 'count') return { needs: [{ ...over, op: 'sessions' }], finish: first };
      return {
        needs: [
          { ...over, op: 'session_ms' },
          { ...over, op: 'sessions' },
        ],
        finish: (values) => (values[1] === 0 ? Number.NaN : values[0] / values[1] / 60_000),
      };
    }
    case 'unanswered':
      return { needs: [{ ...windowOf(rule), op: 'unanswered', answer: rule.answer }], finish: first };
    case 'calendar':
      return { needs: [], finish: (_, { day }) => calendarValue(rule, day) };
    case 'sequence':
      invariant(false, 'a sequence has no formula');
  }
}

const windowOf = (rule: { readonly filter: Aggregate['filter']; readonly lookbackMs?: number }) => ({
  filter: rule.filter,
  lookbackMs: rule.lookbackMs,
});

const scaled = (scale: number) =>
  scale === 1 ? first : (values: ArrayLike<number>): number => values[0] / scale;

/** @throws AppError BAD_DEFINITION when the amount names no field it can use */
function scaleOf({ op, field }: Amount): number {
  if (op === 'count') return 1;
  if (field === undefined) throw new AppError('BAD_DEFINITION', `"${op}" takes a field, got none`);
  if (op === 'sum') return numberFieldNamed(field).scale;
  fieldNamed(field);
  return 1;
}

const amountOver = (amount: Amount, lookbackMs?: number, untilMs?: number): Aggregate => ({
  op: amount.op,
  filter: amount.filter,
  field: amount.op === 'count' ? undefined : amount.field,
  lookbackMs,
  untilMs,
});

function rhythm({ filter, measure }: RhythmRule): Formula {
  const days: Aggregate = { op: 'distinct', field: 'day', filter };
  const sum: Aggregate = { op: 'gap_sum', filter };
  if (measure === 'std_gap') {
    return {
      needs: [days, sum, { op: 'gap_squares', filter }],
      finish(values) {
        const gaps = values[0] - 1;
        return gaps < 1 ? Number.NaN : Math.sqrt(gaps * values[2] - values[1] * values[1]) / gaps;
      },
    };
  }
  return {
    needs: [days, sum, { op: 'max', field: 'day', filter }],
    finish(values, { day }) {
      const gaps = values[0] - 1;
      if (gaps < 1 || values[1] <= 0) return Number.NaN;
      const mean = values[1] / gaps;
      return measure === 'mean_gap' ? mean : (day - values[2]) / mean;
    },
  };
}

function history({ filter, measure }: HistoryRule): Formula {
  const days: Aggregate = { op: 'distinct', field: 'day', filter };
  const firstDay: Aggregate = { op: 'min', field: 'day', filter };
  const lastDay: Aggregate = { op: 'max', field: 'day', filter };
  const firstMoney: Aggregate = { op: 'first_day_sum', field: 'value', filter };
  switch (measure) {
    case 'frequency':
      return { needs: [days], finish: (values) => (values[0] === 0 ? Number.NaN : values[0] - 1) };
    case 'recency':
      return { needs: [firstDay, lastDay], finish: (values) => values[1] - values[0] };
    case 'T':
      return { needs: [firstDay], finish: (values, { day }) => day - values[0] };
    case 'first_value':
      return { needs: [days, firstMoney], finish: (values) => (values[0] === 0 ? Number.NaN : values[1]) };
    case 'monetary':
      return {
        needs: [days, firstMoney, { op: 'sum', field: 'value', filter }],
        finish: (values) => (values[0] < 2 ? Number.NaN : (values[2] - values[1]) / (values[0] - 1)),
      };
  }
}

function calendarValue({ measure, salesDays = SALES_DAYS }: CalendarRule, day: number): number {
  const date = localDate(day);
  const angle = (2 * Math.PI * date.dayOfYear) / date.daysInYear;
  switch (measure) {
    case 'month':
      return date.month;
    case 'weekday':
      return date.weekday;
    case 'year_sin':
      return Math.sin(angle);
    case 'year_cos':
      return Math.cos(angle);
    case 'to_sales_day':
      return daysToSalesDay(day, salesDays);
    case 'since_sales_day':
      return daysSinceSalesDay(day, salesDays);
  }
}
