// foresell import: files into the lake through a mapping; --dry-run and --propose look without writing.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { formatMoment, zoneOffsets } from '../../core/time.ts';
import { type DryRow, dryRun } from '../../data/import/dry-run.ts';
import { type ImportReport, importFiles } from '../../data/import/import-files.ts';
import { loadMapping, type Mapping, readyMappingNames } from '../../data/import/mapping.ts';
import { proposeMapping } from '../../data/import/propose.ts';
import { withLock } from '../../data/lock.ts';
import { createPseudonymKey } from '../../data/pseudonym.ts';
import {
  changeSettings,
  openOrCreateWorkspace,
  openWorkspace,
  type Workspace,
  workspacePaths,
} from '../../data/workspace.ts';
import { textTable } from '../../report/text-table.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';

const KINDS = ['events', 'items', 'users'] as const;

/** Columns of the lake that hold UTC ms. */
const MOMENTS = new Set(['timestamp', 'available_from', 'available_to']);

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
      .option('--zone <zone>', 'the shop’s time zone, for a new workspace (default: the mapping’s, else UTC)')
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
    const workspace = await shopOf(context, mapping, options);
    const report = await importFiles(workspace, files, mapping, {
      threads: context.threads,
      progress: context.progress,
      signal: context.signal,
    });
    const rejected = Object.values(report.quarantined).reduce((sum, rows) => sum + rows, 0);
    if (report.accepted + report.duplicates + report.skipped + rejected === 0) {
      throw new AppError('BAD_FILE', 'expected rows under the header, found none: the lake is as it was');
    }
    context.document(importDocument(report));
    sayImport(context, report, workspace);
  },
};

/**
 * The workspace to import into, made where there is none.
 *
 * What was settled when it was made cannot be asked for otherwise once there are data: ids already stored would stay as
 * they are, and nobody would notice.
 */
async function shopOf(
  context: Context,
  mapping: Mapping,
  options: Record<string, unknown>,
): Promise<Workspace> {
  const { workspaceDir: dir, signal } = context;
  const asked = {
    ...(options.zone === undefined ? {} : { zone: String(options.zone) }),
    ...(options.pseudonyms ? { pseudonyms: true } : {}),
  };
  // A mapping that says whose clock the times are on has named the shop's calendar too.
  const zone = asked.zone ?? mapping.time.zone;
  if (zone !== undefined) zoneOffsets(zone, 0, 0);
  if (!existsSync(join(dir, 'foresell.yaml')))
    return openOrCreateWorkspace(dir, { ...(zone === undefined ? {} : { zone }), ...asked });
  const workspace = openWorkspace(dir);
  const { settings } = workspace;
  if (
    (asked.zone ?? settings.zone) === settings.zone &&
    (asked.pseudonyms ?? settings.pseudonyms) === settings.pseudonyms
  )
    return workspace;
  return withLock(workspacePaths.lakeLock(workspace), 'import', { signal }, async () => {
    if (existsSync(workspacePaths.snapshot(workspace))) {
      throw new AppError(
        'USAGE',
        `the workspace holds data already, with zone ${settings.zone} and ${settings.pseudonyms ? '' : 'no '}pseudonyms: leave --zone and --pseudonyms out, or import into a new folder with --workspace`,
      );
    }
    if (asked.pseudonyms) createPseudonymKey(workspace.dir);
    return changeSettings(openWorkspace(dir), asked);
  });
}

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
  const [checked, accepted] = [result.checked, result.accepted].map((rows) => rows.toLocaleString('en-US'));
  const not = reasons.length > 0 ? reasons.join(', ') : undefined;
  context.say(
    context.language === 'zh'
      ? `${result.encoding} · ${result.currency || '无币种'} · 前 ${checked} 行中将接受 ${accepted} 行${not ? `，其余：${not}` : ''}；未写入任何内容`
      : `${result.encoding} · ${result.currency || 'no currency'} · of the first ${checked} rows ${accepted} would be accepted${not ? `, not: ${not}` : ''}; nothing was written`,
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

export function sayImport(context: Context, report: ImportReport, workspace: Workspace): void {
  const zh = context.language === 'zh';
  const count = (value: number) => value.toLocaleString('en-US');
  const rows = [
    [zh ? '接受' : 'accepted', count(report.accepted)],
    [zh ? '重复' : 'duplicates', count(report.duplicates)],
    ...(report.skipped > 0 ? [[zh ? '按映射略过' : 'left out by the mapping', count(report.skipped)]] : []),
    ...Object.entries(report.quarantined).map(([reason, rows_]) => [
      `${zh ? '隔离：' : 'quarantined: '}${reason}`,
      count(rows_),
    ]),
    ...(report.anonymous > 0 ? [[zh ? '无用户' : 'without a user', count(report.anonymous)]] : []),
  ];
  context.say(textTable([report.kind, { head: zh ? '行' : 'rows', align: 'right' }], rows));
  const range = Number.isNaN(report.firstMs)
    ? ''
    : `${formatMoment(report.firstMs)} … ${formatMoment(report.lastMs)}${report.currency ? ` · ${report.currency}` : ''} · `;
  context.say(`${range}${report.seconds.toFixed(1)} s`);
  if (Object.keys(report.quarantined).length > 0) {
    const folder = relative(process.cwd(), workspacePaths.quarantine(workspace));
    context.say(
      zh
        ? `被拒绝的行及其原因、文件和行号（Parquet）：${folder}`
        : `rejected rows, each with its reason, file and line (Parquet): ${folder}`,
    );
  }
}

function sayDryRow(context: Context, { before, after, reason }: DryRow, number: number): void {
  const zh = context.language === 'zh';
  const shown = (cells: Readonly<Record<string, unknown>>) =>
    Object.entries(cells)
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([key, value]) => `${key}=${String(value).slice(0, 60)}`)
      .join('  ');
  /** The lake's row for a person: moments as dates, an id nobody wrote left away. */
  const readable = ({ event_id, ...row }: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [
        key,
        MOMENTS.has(key) && value !== null ? formatMoment(Number(value)) : value,
      ]),
    );
  context.say(zh ? `第 ${number} 行` : `row ${number}`);
  context.say(`  ${zh ? '原' : 'from'}  ${shown(before)}`);
  const leftOut = reason === 'skipped' || after === undefined;
  const outcome =
    reason !== undefined && reason !== 'skipped'
      ? `${zh ? '隔离：' : 'quarantined: '}${reason}`
      : leftOut
        ? zh
          ? '按映射略过'
          : 'left out by the mapping'
        : shown(readable(after));
  context.say(`  ${zh ? '→ ' : '→   '}  ${outcome}`);
}
