// foresell import: files into the lake through a mapping; --dry-run and --propose look without writing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { formatMoment, zoneOffsets } from '../../core/time.ts';
import { type DryRow, dryRun } from '../../data/import/dry-run.ts';
import { type ImportReport, importFiles } from '../../data/import/import-files.ts';
import { loadMapping, type Mapping, readyMappingNames } from '../../data/import/mapping.ts';
import { proposeMapping } from '../../data/import/propose.ts';
import { openOrCreateWorkspace, openWorkspace } from '../../data/workspace.ts';
import { textTable } from '../../report/text-table.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';

const KINDS = ['events', 'items', 'users'] as const;

export const importCommand: CommandFile = {
  usage: 'import <files...>',
  summary: 'bring CSV, NDJSON or Parquet files (also .gz) into the lake through a mapping',
  examples: [
    'foresell import orders.csv --propose > map.yaml     write a mapping by looking at the file',
    'foresell import orders.csv --map map.yaml --dry-run show what ten rows would become',
    'foresell import orders.csv --map map.yaml           import; the same file twice changes nothing',
    'foresell import export.csv.gz --map shopify-orders  use a ready mapping',
    `ready mappings: ${readyMappingNames().join(', ')}`,
  ],
  declare(command) {
    command
      .option('--map <file|name>', 'mapping file, or the name of a ready mapping')
      .option('--kind <kind>', 'events, items or users; must agree with the mapping')
      .option('--dry-run', 'show what the first ten rows become; nothing is written')
      .option('--propose', 'print a mapping for an unknown file; nothing is written')
      .option('--zone <zone>', 'the shop’s time zone, for a new workspace (default: UTC)')
      .option('--pseudonyms', 'for a new workspace: replace ids by keyed pseudonyms at the door');
  },
  async run(context, files, options) {
    if (options.propose) return propose(context, files, options.zone);
    if (options.map === undefined) {
      throw new AppError(
        'USAGE',
        `expected --map FILE or one of the ready mappings (${readyMappingNames().join(', ')}); --propose writes a mapping for an unknown file`,
      );
    }
    const mapping = loadMapping(String(options.map));
    if (options.kind !== undefined && options.kind !== mapping.kind) {
      if (!KINDS.includes(options.kind as (typeof KINDS)[number])) {
        throw new AppError('USAGE', `--kind: expected ${KINDS.join(', ')}, got "${options.kind}"`);
      }
      throw new AppError(
        'BAD_MAPPING',
        `--kind says ${options.kind}, the mapping is for ${mapping.kind}: name the right mapping`,
      );
    }
    if (options.dryRun) return tryOut(context, files[0], mapping);
    if (options.zone !== undefined) zoneOffsets(String(options.zone), 0, 0);
    const workspace = openOrCreateWorkspace(context.workspaceDir, {
      ...(options.zone === undefined ? {} : { zone: String(options.zone) }),
      ...(options.pseudonyms ? { pseudonyms: true } : {}),
    });
    const report = await importFiles(workspace, files, mapping, {
      threads: context.threads,
      progress: context.progress,
      signal: context.signal,
    });
    context.document(importDocument(report));
    sayImport(context, report);
  },
};

async function tryOut(context: Context, file: string, mapping: Mapping): Promise<void> {
  const workspace = existsSync(join(context.workspaceDir, 'foresell.yaml'))
    ? openWorkspace(context.workspaceDir)
    : undefined;
  const result = await dryRun(workspace, file, mapping, { signal: context.signal });
  context.document({ kind: mapping.kind, ...result });
  for (const [at, row] of result.rows.entries()) sayDryRow(context, row, at + 1);
  const reasons = Object.entries(result.reasons).map(
    ([reason, rows]) => `${reason} ${rows.toLocaleString('en-US')}`,
  );
  context.say(
    `${result.encoding} · ${result.currency || 'no currency'} · of the first ${result.checked.toLocaleString('en-US')} rows ` +
      `${result.accepted.toLocaleString('en-US')} would be accepted${reasons.length > 0 ? `, not: ${reasons.join(', ')}` : ''}; nothing was written`,
  );
}

async function propose(context: Context, files: readonly string[], zone: unknown): Promise<void> {
  const yaml = await proposeMapping(files[0], typeof zone === 'string' ? { zone } : {});
  context.document({ mapping: yaml });
  context.say(yaml.trimEnd());
}

export const importDocument = (report: ImportReport) => ({
  ...report,
  firstMs: undefined,
  lastMs: undefined,
  first: Number.isNaN(report.firstMs) ? null : new Date(report.firstMs).toISOString(),
  last: Number.isNaN(report.lastMs) ? null : new Date(report.lastMs).toISOString(),
});

export function sayImport(context: Context, report: ImportReport): void {
  const zh = context.language === 'zh';
  const count = (value: number) => value.toLocaleString('en-US');
  const rows = [
    [zh ? '接受' : 'accepted', count(report.accepted)],
    [zh ? '重复' : 'duplicates', count(report.duplicates)],
    ...(report.skipped > 0 ? [[zh ? '按映射略过' : 'left out by the mapping', count(report.skipped)]] : []),
    ...Object.entries(report.quarantined).map(([reason, rows_]) => [
      `${zh ? '隔离' : 'quarantined'}: ${reason}`,
      count(rows_),
    ]),
    ...(report.anonymous > 0 ? [[zh ? '无用户' : 'without a user', count(report.anonymous)]] : []),
  ];
  context.say(textTable([report.kind, { head: zh ? '行' : 'rows', align: 'right' }], rows));
  const range = Number.isNaN(report.firstMs)
    ? ''
    : `${formatMoment(report.firstMs)} … ${formatMoment(report.lastMs)}${report.currency ? ` · ${report.currency}` : ''} · `;
  context.say(`${range}${report.seconds.toFixed(1)} s`);
}

function sayDryRow(context: Context, { before, after, reason }: DryRow, number: number): void {
  const shown = (cells: Readonly<Record<string, unknown>>) =>
    Object.entries(cells)
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([key, value]) => `${key}=${String(value).slice(0, 60)}`)
      .join('  ');
  context.say(`row ${number}`);
  context.say(`  from  ${shown(before)}`);
  context.say(
    reason ? `  →     quarantined: ${reason}` : `  →     ${after ? shown(after) : 'left out by the mapping'}`,
  );
}
