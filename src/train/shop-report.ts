// The report's frame: the shop's data, its cohorts, how to get the same numbers again, and the tasks it holds.
import { basename } from 'node:path';
import { type Language, name } from '../core/name.ts';
import { PRODUCT_VERSION } from '../core/product.ts';
import { formatDay } from '../core/time.ts';
import type { Cohort } from '../data/cohorts.ts';
import type { DataQuality } from '../data/quality.ts';
import type { EventSource } from '../data/source.ts';
import type { Workspace } from '../data/workspace.ts';
import type { ReportDocument } from '../report/document.ts';
import type { TaskReport } from '../report/task-document.ts';

/** How the numbers came about. */
export interface ReproductionFacts {
  /** As typed. */
  readonly command: string;
  readonly seed: number;
  readonly threads: number;
  /** Shown first in the report. */
  readonly language: Language;
  readonly now: () => number;
  readonly seconds: number;
}

export interface ShopReportInput {
  readonly workspace: Workspace;
  readonly tasks: readonly TaskReport[];
  readonly quality: DataQuality;
  readonly cohorts: readonly Cohort[];
  readonly source: EventSource;
  /** Rows the imports turned away, by reason, and rows that were there already. */
  readonly imported?: { readonly duplicates: number; readonly quarantined: Readonly<Record<string, number>> };
  readonly options: ReproductionFacts;
}

const REASONS_SHOWN = 12;

export function shopReport(input: ShopReportInput): ReportDocument {
  const { workspace, tasks, quality, cohorts, source, imported, options } = input;
  const quarantined = Object.entries(imported?.quarantined ?? {}).slice(0, REASONS_SHOWN);
  const rejected = quarantined.reduce((sum, [, rows]) => sum + rows, 0);
  const duplicates = imported?.duplicates ?? 0;
  const monthOf = (ms: number) => formatDay(ms).slice(0, 7);
  return {
    format: 1,
    shop: basename(workspace.dir),
    madeAt: new Date(options.now()).toISOString(),
    language: options.language,
    currency: source.currency,
    data: {
      rows: quality.rows + duplicates + rejected,
      accepted: quality.rows,
      duplicates,
      quarantined: quarantined.map(([code, rows]) => ({
        code,
        reason: name(code.replaceAll('_', ' '), code.replaceAll('_', ' ')),
        rows,
      })),
      customers: quality.users,
      items: quality.items,
      orders: quality.orders,
      anonymousShare: quality.rows === 0 ? 0 : quality.anonymousRows / quality.rows,
      firstEvent: new Date(quality.firstMs).toISOString(),
      lastEvent: new Date(quality.lastMs).toISOString(),
      timeZone: source.zone.zone,
      gaps: quality.gaps,
      months: quality.months.map((month) => ({
        month: month.month,
        events: month.rows,
        customers: month.customers,
        netRevenueMinor: month.netMinor,
        ...(month.month === monthOf(quality.firstMs) || month.month === monthOf(quality.lastMs)
          ? { partial: true }
          : {}),
      })),
      findings: quality.warnings.map((words) => ({ severity: 'warning' as const, words })),
    },
    cohorts: {
      cohorts: cohorts.map(({ month, customers, retention, netPerCustomerMinor }) => ({
        month,
        customers,
        retained: retention,
        cumulativeRevenueMinor: netPerCustomerMinor,
      })),
    },
    tasks,
    reproduction: {
      command: options.command,
      seed: options.seed,
      threads: options.threads,
      dataFingerprint: source.fingerprint,
      versions: [
        { name: 'foresell', version: PRODUCT_VERSION },
        { name: 'node', version: process.version },
      ],
      seconds: options.seconds,
    },
  };
}
