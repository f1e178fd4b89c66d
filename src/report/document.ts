// What a report says, as plain data (JSON round-trips): `train` fills it, `renderReport` draws it.
import type { Language, Name } from '../core/name.ts';
import type { Finding, Missing, Part } from './part.ts';
import type { TaskReport } from './task-document.ts';

/** Whether a part is only the reason why there is none. */
export const isMissing = <T extends object>(part: Part<T>): part is Missing => 'missing' in part;

/**
 * One page about one shop or one table: its data, and one task or several.
 *
 * Moments are `formatMoment` texts. `…Minor` is money in minor units of `currency` and may be fractional (a mean).
 * Holds no typed arrays and no customer's id except in `TaskReport.examples`.
 */
export interface ReportDocument {
  readonly format: 1;
  /** Whom it speaks of: a shop's customers when absent, the rows of any table, or sequences of items. */
  readonly about?: 'rows' | 'sequences';
  /** The shop or workspace, as people call it. */
  readonly shop: string;
  readonly madeAt: string;
  /** Shown first; the reader can switch. */
  readonly language: Language;
  /** ISO 4217. */
  readonly currency: string;
  readonly data?: Part<DataQuality>;
  readonly cohorts?: Part<CohortReport>;
  /** Of a table: what each column was taken for. */
  readonly columns?: Part<TableColumns>;
  /** In the order shown; at least one. */
  readonly tasks: readonly TaskReport[];
  readonly reproduction?: Part<Reproduction>;
  /** Where the data come from and under which licence, when that must be said. */
  readonly attribution?: Name;
}

/** A table's columns, in the file's order. */
export interface TableColumns {
  readonly rows: number;
  /** Rows that repeat another one in every feature. */
  readonly repeated: number;
  readonly withoutTarget: number;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: Name;
    readonly use: Name;
    readonly reason: Name;
    /** Share of cells, [0, 1]. */
    readonly missing: number;
    readonly distinct: number;
  }[];
}

export interface DataQuality {
  /** Rows read from the files; `accepted + duplicates + Σ quarantined.rows`. */
  readonly rows: number;
  readonly accepted: number;
  /** Rows already in the lake, or twice in the files. */
  readonly duplicates: number;
  readonly quarantined: readonly QuarantineReason[];
  readonly customers: number;
  readonly items: number;
  readonly orders: number;
  /** Share of accepted rows that name no customer, [0, 1]. */
  readonly anonymousShare: number;
  /** First and last accepted event, UTC. */
  readonly firstEvent: string;
  readonly lastEvent: string;
  readonly timeZone: string;
  /** Runs of days without any event, `[firstDay, lastDay]`, longest first. */
  readonly gaps: readonly { readonly firstDay: string; readonly lastDay: string; readonly days: number }[];
  /** Consecutive months, oldest first. */
  readonly months: readonly MonthOfEvents[];
  readonly findings: readonly Finding[];
}

export interface QuarantineReason {
  /** Stable word, such as `missing_timestamp`. */
  readonly code: string;
  readonly reason: Name;
  readonly rows: number;
}

export interface MonthOfEvents {
  /** `YYYY-MM` on the shop's calendar. */
  readonly month: string;
  readonly events: number;
  readonly customers: number;
  /** Purchases less refunds. */
  readonly netRevenueMinor: number;
  /** The data begin or end inside this month. */
  readonly partial?: boolean;
}

/** What became of the customers who first bought in each month. */
export interface CohortReport {
  /** Oldest first. */
  readonly cohorts: readonly Cohort[];
}

/** Index k of both lists is the k-th month after the first purchase; 0 is the month of the first purchase itself. */
export interface Cohort {
  /** `YYYY-MM` of the first purchase. */
  readonly month: string;
  readonly customers: number;
  /** Share of the cohort with a purchase in month k, [0, 1]; ends where the data end. */
  readonly retained: readonly number[];
  /** Cumulative net revenue per customer of the cohort up to and including month k. */
  readonly cumulativeRevenueMinor: readonly number[];
}

/** All one needs to get the same numbers again. */
export interface Reproduction {
  /** The command as typed. */
  readonly command: string;
  readonly seed: number;
  readonly threads: number;
  /** Of the accepted events behind every number. */
  readonly dataFingerprint: string;
  readonly versions: readonly { readonly name: string; readonly version: string }[];
  readonly seconds?: number;
  /** Anything else worth a line: definition digests, the trial list's file. */
  readonly facts?: readonly { readonly label: Name; readonly value: string }[];
}
