// The page around one table's report: what was read, and what it takes to do it again.
import type { Language } from '../../core/name.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import { KIND_WORDS } from '../../data/table/column-kind.ts';
import type { ReportDocument } from '../../report/document.ts';
import type { TaskReport } from '../../report/task-document.ts';
import type { PreparedTable } from './prepare-table.ts';
import { USE_WORDS } from './table-roles.ts';

export interface TablePageFacts {
  readonly command: string;
  readonly seed: number;
  readonly threads: number;
  readonly language: Language;
  readonly madeAtMs: number;
  readonly seconds: number;
}

export function tablePage(
  prepared: PreparedTable,
  report: TaskReport,
  facts: TablePageFacts,
): ReportDocument {
  return {
    format: 1,
    about: 'rows',
    shop: prepared.source.file,
    madeAt: new Date(facts.madeAtMs).toISOString(),
    language: facts.language,
    currency: '',
    columns: {
      rows: prepared.source.rows,
      repeated: prepared.copies.repeated,
      withoutTarget: prepared.withoutTarget,
      columns: prepared.uses.map(({ column, use }) => ({
        name: column.name,
        kind: KIND_WORDS[column.kind],
        use: USE_WORDS[use],
        reason: column.reason,
        missing: column.missing,
        distinct: column.distinct,
      })),
    },
    tasks: [report],
    reproduction: {
      command: facts.command,
      seed: facts.seed,
      threads: facts.threads,
      dataFingerprint: prepared.source.fingerprint,
      versions: [
        { name: 'foresell', version: PRODUCT_VERSION },
        { name: 'node', version: process.version },
      ],
      seconds: facts.seconds,
    },
  };
}
