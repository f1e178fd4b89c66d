// What the report says of one task: one business question, its models, and how well they answered.
import type { Unit } from '../core/frame.ts';
import type { Name } from '../core/name.ts';
import type { GroupedChecks } from '../eval/coverage-report.ts';
import type { CurvePoint, Decile, ReliabilityBin } from '../eval/curves.ts';
import type { MetricName, Protocol, Score, Scores } from '../eval/score.ts';
import type { Finding, Part } from './part.ts';

/**
 * One task's results. A `binary` task predicts probabilities in [0, 1] and has the unit `share`; an `amount` task has
 * `money` (minor units of the document's currency) or another unit. Every list keeps the order in which it is shown.
 */
export interface TaskReport {
  /** As on the command line: `purchase`. */
  readonly id: string;
  readonly title: Name;
  /** The question in one sentence: "Will this customer buy in the next 90 days?" */
  readonly question: Name;
  readonly kind: 'binary' | 'amount' | 'classes' | 'ranking';
  readonly unit: Unit;
  /** 0 where nothing is said about a time to come. */
  readonly horizonDays: number;
  readonly modelVersion?: string;
  readonly summary: TaskSummary;
  readonly eligibility?: Part<Eligibility>;
  readonly protocol?: Part<Protocol>;
  /** The stamp's texts in both languages; those left out are shown as the stamp has them. */
  readonly protocolWords?: Partial<
    Readonly<Record<'split' | 'calibration' | 'candidates' | 'ties' | 'interval', Name>>
  >;
  readonly leaderboard?: Part<Leaderboard>;
  readonly metrics?: Part<TestMetrics>;
  readonly differences?: Part<PairedDifferences>;
  /** Binary only. */
  readonly reliability?: Part<Reliability>;
  /** Binary only. */
  readonly ranking?: Part<RankingCurves>;
  readonly deciles?: Part<Deciles>;
  /** Amount only. */
  readonly residuals?: Part<Residuals>;
  /** Amount only. */
  readonly coverage?: Part<Coverage>;
  /** Of the ranges of amounts, or of probabilities. */
  readonly groups?: Part<GroupPromises>;
  readonly drivers?: Part<Drivers>;
  readonly effects?: Part<Effects>;
  readonly examples?: Part<Examples>;
  readonly tiers?: Part<Tiers>;
  readonly backtest?: Part<Backtest>;
  readonly leakage?: Part<Leakage>;
  readonly limits: readonly Name[];
}

/** How good it is beside the baseline is told from `metrics` by the report itself, so words and numbers cannot differ. */
export interface TaskSummary {
  /** What was predicted. */
  readonly predicted: Name;
  /** For whom. */
  readonly population: Name;
  readonly customers: number;
  /** What to do with it, one sentence an item. */
  readonly advice: readonly Name[];
}

export interface Eligibility {
  readonly verdict: 'ready' | 'weak' | 'not-ready';
  readonly checks: readonly {
    readonly words: Name;
    readonly passed: boolean;
  }[];
}

/** All models fitted, measured on the data they were chosen on (never the test). */
export interface Leaderboard {
  /** Decides the order; the chosen model is the best of the models. */
  readonly metric: MetricName;
  /** Where it was measured. */
  readonly measuredOn: Name;
  readonly rows: readonly LeaderboardRow[];
  readonly refused: readonly { readonly id: string; readonly label: Name; readonly reason: string | Name }[];
}

export interface LeaderboardRow {
  readonly id: string;
  readonly label: Name;
  readonly role: 'baseline' | 'model';
  readonly chosen: boolean;
  readonly score: Score;
  /** (Σ predicted − Σ actual) / Σ actual. */
  readonly bias?: Score;
  readonly fitSeconds: number;
  /** Per 1,000 customers. */
  readonly predictMs?: number;
  /** Found by a search; absent where the defaults stand. */
  readonly settings?: Readonly<Record<string, number | string | boolean>>;
}

/** The chosen model and every baseline on the test period. */
export interface TestMetrics {
  readonly model: { readonly id: string; readonly label: Name; readonly scores: Scores };
  /** The first one is the baseline of the summary sentence. */
  readonly baselines: readonly { readonly id: string; readonly label: Name; readonly scores: Scores }[];
  /** In the order shown; the first decides. Metrics without a score in `model` are skipped. */
  readonly order: readonly MetricName[];
}

/** Model − baseline on the same customers and draws; for `bias` the difference of the distances from zero. */
export interface PairedDifferences {
  readonly rows: readonly { readonly metric: MetricName; readonly against: Name; readonly score: Score }[];
}

export interface Reliability {
  /** How the probabilities were calibrated: isotonic, beta, Platt, none. */
  readonly method: Name;
  /** As `reliabilityCurve` gives them: by rising prediction. */
  readonly bins: readonly ReliabilityBin[];
  /** The two probabilities each one stands between: what they are, and how far apart on average. */
  readonly pair?: { readonly words: Name; readonly meanWidth: number };
}

/** As `rocCurve` and `precisionRecallCurve` give them, for the chosen model and the baselines worth drawing. */
export interface RankingCurves {
  /** Share of positives, the floor of the precision–recall picture. */
  readonly positiveShare: number;
  readonly curves: readonly {
    readonly label: Name;
    readonly role: 'baseline' | 'model';
    readonly roc: readonly CurvePoint[];
    readonly precisionRecall: readonly CurvePoint[];
  }[];
}

/** As `decileTable` and `gainCurve` give them: highest predictions first. */
export interface Deciles {
  /** Mean outcome of everybody. */
  readonly overall: number;
  /** `low` and `high`: 95 % interval of the mean actual, where it is known. */
  readonly rows: readonly (Decile & { readonly low?: number; readonly high?: number })[];
  /** Share of the outcome held by the top share of customers; drawn from the rows when left out. */
  readonly gain?: readonly {
    readonly label: Name;
    readonly role: 'baseline' | 'model';
    readonly points: readonly CurvePoint[];
  }[];
}

export interface Residuals {
  /** A seeded sample, no ids. */
  readonly points: readonly { readonly predicted: number; readonly actual: number }[];
  /** How many customers the sample was drawn from. */
  readonly customers: number;
  /** predicted − actual by decile of prediction, highest first. */
  readonly byDecile: readonly {
    readonly customers: number;
    readonly meanError: Score;
    /** Quantiles 10, 25, 50, 75, 90 % of the error. */
    readonly quantiles: readonly [number, number, number, number, number];
  }[];
}

export interface Coverage {
  readonly method: Name;
  readonly checkedOn: Name;
  /** Share asked for, such as .9. */
  readonly nominal: number;
  /** Share that fell inside. */
  readonly covered: Score;
  /** Mean of high − low, in the task's unit. */
  readonly meanWidth: number;
  /** By decile of prediction, highest first. */
  readonly byDecile?: readonly { readonly customers: number; readonly covered: Score }[];
}

/** Whether the promise is kept in each group of customers, as `checkCoverage` and `checkCalibration` give it. */
export interface GroupPromises {
  readonly of: 'ranges' | 'probabilities';
  readonly groupings: readonly GroupedChecks[];
}

export interface Drivers {
  /** How much this gets worse when the column is shuffled. */
  readonly metric: MetricName;
  /** Largest first. `worse.value` is ≥ 0 when the column helps. */
  readonly rows: readonly { readonly feature: Name; readonly group?: Name; readonly worse: Score }[];
  readonly columns: number;
}

/** How the prediction moves with the columns the model leans on most, all else as it is. */
export interface Effects {
  /** How many were asked. */
  readonly customers: number;
  /** Most leaned on first. */
  readonly columns: readonly Effect[];
}

export interface Effect {
  readonly feature: Name;
  /** Of the column's numbers. */
  readonly unit: Unit;
  /** Numbers rising, or level names; the mean prediction with the column set there, and its interval. */
  readonly points: readonly { readonly at: number | string; readonly mean: Score }[];
  /** A few customers' own curves, [customers][points], each moved so that its middle is that of the means. */
  readonly curves?: readonly (readonly number[])[];
}

/** One prediction taken apart; the only part that may name a customer. */
export interface ExampleExplanation {
  readonly entity: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** What came, when the horizon has passed. */
  readonly actual?: number;
  /** Contributions add up on this scale: `base + Σ contribution = margin(value)`. */
  readonly link: 'identity' | 'logit' | 'log';
  /** On the link's scale. */
  readonly base: number;
  /** Largest effect first. */
  readonly contributions: readonly {
    readonly feature: Name;
    /** The customer's own value of it, with its unit, in words; empty when it has none. */
    readonly shown: Name;
    readonly contribution: number;
  }[];
  /** Reasons in words. */
  readonly words: readonly Name[];
}

export interface Examples {
  /** How contributions were computed. */
  readonly method: Name;
  readonly customers: readonly ExampleExplanation[];
}

export interface Tiers {
  readonly rows: readonly {
    readonly tier: 'high' | 'mid' | 'low';
    readonly customers: number;
    /** Predictions in `[from, to)`; `to` may be missing in the highest. */
    readonly from: number;
    readonly to?: number;
    /** Means per customer. */
    readonly predicted: number;
    readonly actual?: Score;
    /** Share of all that came true or was spent, [0, 1]. */
    readonly shareOfActual?: number;
  }[];
}

/** The same recipe, fitted anew at each origin. */
export interface Backtest {
  readonly metrics: readonly MetricName[];
  readonly baseline: Name;
  readonly rows: readonly BacktestRow[];
  readonly pooled?: Omit<BacktestRow, 'asOf'>;
}

export interface BacktestRow {
  readonly asOf: string;
  readonly customers: number;
  readonly positives: number;
  readonly scores: Scores;
  readonly baseline: Scores;
}

export interface Leakage {
  readonly checks: readonly (Finding & { readonly id: string })[];
}
