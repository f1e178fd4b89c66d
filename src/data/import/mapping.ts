// A mapping: how the columns of a file become the columns of the lake. Its schema, its checks, and where ready ones lie.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { AppError } from '../../core/errors.ts';
import { EVENT_COLUMNS, EVENT_TYPES, ITEM_COLUMNS, USER_COLUMNS } from '../event.ts';
import { ENCODINGS, type Encoding } from './encoding.ts';
import type { Expression } from './expression.ts';
import { Section } from './section.ts';

export const KINDS = ['events', 'items', 'users'] as const;
export type ImportKind = (typeof KINDS)[number];
export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type FileFormat = (typeof FORMATS)[number];

/** Where one column of the lake comes from. */
export interface ValueRule {
  /** A column of the file as it is, a constant, or an expression over columns. */
  readonly value: Expression;
  /** Values of the file (compared without case) → values of the lake. */
  readonly map?: Readonly<Record<string, string>>;
  /**
   * What becomes of a value the map does not name: kept as it is; the row left out (`type` only); or, for `type`, the row
   * rejected, for any other column the cell emptied.
   */
  readonly otherwise: 'keep' | 'skip' | 'reject';
}

/** A mapping file, checked. `columns` speaks of `TARGETS[kind]`. */
export interface Mapping {
  readonly name: string;
  readonly kind: ImportKind;
  readonly file: {
    readonly format?: FileFormat;
    /** `auto` looks at the first bytes, and again when a later line contradicts them. */
    readonly encoding: 'auto' | Encoding;
    /** One character, or `spaces` for one or more blanks; `auto` looks at the first lines. */
    readonly separator: string;
    readonly quote: string;
    readonly header: boolean;
    /** Names in order, for a file without a header. */
    readonly columns?: readonly string[];
    /** Lines to leave out before the header. */
    readonly skip: number;
    /** Texts that mean an empty cell. */
    readonly missing: readonly string[];
    /** A column holding a list: each element becomes a row, its fields named `list.field`. */
    readonly unnest?: string;
    /** Cells left blank in the later lines of one order: taken from the line of the same key that has them. */
    readonly fill?: { readonly key: string; readonly columns: readonly string[] };
  };
  readonly time: {
    /** IANA zone of times without an offset; the workspace's when absent. */
    readonly zone?: string;
    /** `auto`, `unix_s`, `unix_ms`, `unix_us`, or a strptime format such as `%d/%m/%Y %H:%M`. */
    readonly format: string;
  };
  readonly money: {
    readonly decimal: '.' | ',';
    /** Currency → how many units of the lake's currency one is worth, as decimal text. */
    readonly exchange: Readonly<Record<string, string>>;
  };
  /** Rows for which this holds are refunds; their quantity and price are turned positive. */
  readonly refund?: Expression;
  /** Rows left out on purpose (counted, not quarantined). */
  readonly skip: readonly Expression[];
  readonly columns: Readonly<Record<string, ValueRule>>;
  /** Names of columns kept as JSON in `props` (events) or `attributes` (items, users). */
  readonly extras: readonly string[];
  /** A second event from the same row, where `when` holds; its columns replace the first's. */
  readonly also?: { readonly when: Expression; readonly columns: Readonly<Record<string, ValueRule>> };
}

const LAKE_ONLY = new Set(['props', 'attributes']);

/** What a mapping may fill, by kind: the lake's columns, with money in major units (`price`, `amount`) as well. */
export const TARGETS: Readonly<Record<ImportKind, readonly string[]>> = {
  events: [...Object.keys(EVENT_COLUMNS), 'price', 'amount'].filter((name) => !LAKE_ONLY.has(name)),
  items: [...Object.keys(ITEM_COLUMNS), 'price'].filter((name) => !LAKE_ONLY.has(name)),
  users: Object.keys(USER_COLUMNS).filter((name) => !LAKE_ONLY.has(name)),
};

export const REQUIRED: Readonly<Record<ImportKind, readonly string[]>> = {
  events: ['type', 'timestamp'],
  items: ['item_id'],
  users: ['user_id'],
};

const EXTRAS_NAME: Readonly<Record<ImportKind, string>> = {
  events: 'props',
  items: 'attributes',
  users: 'attributes',
};

/** The folder of mappings that ship with the package. */
export const readyMappingsDir = (): string => {
  // src/data/import and dist/data/import are equally deep.
  return join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'mappings');
};

export const readyMappingNames = (): string[] =>
  readdirSync(readyMappingsDir())
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();

/**
 * Reads a mapping from a file, or a ready one by its name (`shopify-orders`, or a unique beginning such as `shopify`).
 *
 * @throws AppError NOT_FOUND, BAD_MAPPING
 */
export function loadMapping(nameOrPath: string): Mapping {
  if (existsSync(nameOrPath)) return parseMapping(readFileSync(nameOrPath, 'utf8'), nameOrPath);
  const ready = readyMappingNames();
  const found = ready.includes(nameOrPath) ? [nameOrPath] : ready.filter((n) => n.startsWith(nameOrPath));
  if (found.length === 1 && /^[\w-]+$/.test(nameOrPath)) {
    const path = join(readyMappingsDir(), `${found[0]}.yaml`);
    return parseMapping(readFileSync(path, 'utf8'), found[0]);
  }
  throw new AppError(
    'NOT_FOUND',
    `expected a mapping file or one of the ready mappings (${ready.join(', ')}), found no "${nameOrPath}"`,
  );
}

/**
 * Checks the text of a mapping file.
 *
 * @throws AppError BAD_MAPPING naming the place, what was expected and what came
 */
export function parseMapping(text: string, name = 'mapping'): Mapping {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new AppError('BAD_MAPPING', `${name}: expected YAML; ${document.errors[0].message.split('\n')[0]}`);
  }
  const root = new Section(name, '', document.toJS() as unknown);
  root.allow(['kind', 'file', 'time', 'money', 'refund', 'skip', 'columns', 'also', 'about']);
  const kind = root.choice('kind', KINDS, 'events');
  const file = root.section('file');
  file.allow([
    'format',
    'encoding',
    'separator',
    'quote',
    'header',
    'columns',
    'skip',
    'missing',
    'unnest',
    'fill',
  ]);
  const time = root.section('time');
  time.allow(['zone', 'format']);
  const money = root.section('money');
  money.allow(['decimal', 'exchange']);
  const columns = root.section('columns');
  if (columns.keys().length === 0) throw columns.fault('expected at least one column');
  const extrasName = EXTRAS_NAME[kind];
  columns.allow([...TARGETS[kind], extrasName]);
  const rules = readRules(columns, extrasName);
  const missing = REQUIRED[kind].filter((target) => !rules[target]);
  if (missing.length > 0) throw columns.fault(`expected ${missing.join(' and ')}, found none`);
  const prices = ['price', 'price_minor', 'amount'].filter((target) => rules[target]);
  if (prices.length > 1) throw columns.fault(`expected only one of ${prices.join(', ')}`);
  const header = file.boolean('header', true);
  const names = file.list('columns');
  if (!header && names.length === 0) throw file.fault('"header: false" needs "columns:" with names in order');
  const fill = file.section('fill');
  fill.allow(['key', 'columns']);
  const also = root.section('also');
  also.allow(['when', 'columns']);
  return {
    name,
    kind,
    file: {
      format: file.has('format') ? file.choice('format', FORMATS, 'csv') : undefined,
      encoding: file.choice('encoding', ['auto', ...ENCODINGS] as const, 'auto'),
      separator: readSeparator(file),
      quote: file.text('quote', '"'),
      header,
      columns: names.length > 0 ? names : undefined,
      skip: file.count('skip'),
      missing: file.list('missing'),
      unnest: file.has('unnest') ? file.text('unnest', '') : undefined,
      fill: file.has('fill') ? { key: fill.text('key', ''), columns: fill.list('columns') } : undefined,
    },
    time: {
      zone: time.has('zone') ? time.text('zone', '') : undefined,
      format: time.text('format', 'auto'),
    },
    money: {
      decimal: money.choice('decimal', ['.', ','] as const, '.'),
      exchange: readExchange(money.section('exchange')),
    },
    refund: root.has('refund') ? readCondition(root.section('refund')) : undefined,
    skip: root.sections('skip').map(readCondition),
    columns: rules,
    extras: columns.list(extrasName),
    also: root.has('also')
      ? { when: also.expression('when'), columns: readRules(also.section('columns'), extrasName) }
      : undefined,
  };
}

function readSeparator(file: Section): string {
  const written = file.text('separator', 'auto');
  if (written === 'tab') return '\t';
  if (written === 'auto' || written === 'spaces' || [...written].length === 1) return written;
  throw file.fault(`"separator" must be one character, tab, spaces or auto, got "${written}"`);
}

function readCondition(section: Section): Expression {
  section.allow(['when', 'about']);
  return section.expression('when');
}

function readExchange(section: Section): Record<string, string> {
  const rates: Record<string, string> = {};
  for (const currency of section.keys()) {
    const rate = section.text(currency, '');
    if (!/^[A-Z]{3}$/.test(currency))
      throw section.fault(`expected a currency such as USD, got "${currency}"`);
    if (!/^\d{1,9}(\.\d{1,9})?$/.test(rate) || Number(rate) === 0)
      throw section.fault(`expected a positive rate of at most 9 decimals for ${currency}, got "${rate}"`);
    rates[currency] = rate;
  }
  return rates;
}

function readRules(columns: Section, extrasName: string): Record<string, ValueRule> {
  const rules: Record<string, ValueRule> = {};
  for (const target of columns.keys()) {
    if (target === extrasName) continue;
    rules[target] = readRule(columns, target);
  }
  return rules;
}

/** `name: Column`, or `name: { column | constant | expression, map, otherwise }`. */
function readRule(columns: Section, target: string): ValueRule {
  if (columns.isScalar(target)) {
    return { value: { kind: 'column', name: columns.text(target, '') }, otherwise: 'keep' };
  }
  const rule = columns.section(target);
  rule.allow(['column', 'constant', 'expression', 'map', 'otherwise']);
  const given = ['column', 'constant', 'expression'].filter((key) => rule.has(key));
  if (given.length !== 1) throw rule.fault('expected one of column, constant or expression');
  const value: Expression =
    given[0] === 'column'
      ? { kind: 'column', name: rule.text('column', '') }
      : given[0] === 'constant'
        ? { kind: 'text', value: rule.text('constant', '') }
        : rule.expression('expression');
  const otherwise = rule.choice('otherwise', ['keep', 'skip', 'reject'] as const, 'keep');
  if (target === 'type' && value.kind === 'text') checkTypes(rule, [value.value]);
  if (!rule.has('map')) return { value, otherwise };
  const map: Record<string, string> = {};
  const table = rule.section('map');
  for (const from of table.keys()) map[from.toLowerCase()] = table.text(from, '');
  if (target === 'type') checkTypes(table, Object.values(map));
  return { value, map, otherwise };
}

function checkTypes(section: Section, types: readonly string[]): void {
  const wrong = types.find((type) => !(EVENT_TYPES as readonly string[]).includes(type));
  if (wrong !== undefined) {
    throw section.fault(`expected event types (${EVENT_TYPES.join(', ')}), got "${wrong}"`);
  }
}
