// Guesses a mapping from a file's header and first rows, and writes it as YAML that says what was guessed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { EVENT_TYPES } from '../event.ts';
import {
  COUNTRY_CURRENCIES,
  CURRENCY_SIGNS,
  ROLE_WORDS,
  type Role,
  TYPE_GUESSES,
  TYPE_WORDS,
} from './column-words.ts';
import { sampleRows } from './dry-run.ts';
import { guessTimeFormat, looksLikeTime } from './guess-time.ts';
import { asReadFault } from './read-fault.ts';

const SAMPLED = 2000;

interface SampledColumn {
  readonly name: string;
  /** Filled cells only. */
  readonly cells: readonly string[];
}

type Roles = Partial<Record<Role, SampledColumn>>;

/**
 * Text of a mapping file for events. It always loads; its comments say what to check.
 *
 * @throws AppError BAD_MAPPING when no column holds times; BAD_FILE
 */
export async function proposeMapping(
  path: string,
  options: { zone?: string; currency?: string } = {},
): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-propose-'));
  try {
    const sample = await sampleRows(path, scratch, SAMPLED).catch((cause: unknown) => {
      throw asReadFault(cause, basename(path));
    });
    const columns = sample.columns.map((name, index) => ({
      name,
      cells: sample.rows.map((row) => row[index].trim()).filter((cell) => cell !== '' && !MISSING.has(cell)),
    }));
    const missing = [...MISSING].filter((word) =>
      sample.rows.some((row) => row.some((cell) => cell.trim() === word)),
    );
    const roles = assignRoles(columns);
    if (!roles.timestamp) {
      throw new AppError(
        'BAD_MAPPING',
        `expected a column with times, found none among ${sample.columns.slice(0, 40).join(', ')}; write a mapping by hand, see docs`,
      );
    }
    return writeProposal({
      file: basename(path),
      format: sample.format,
      separator: sample.separator,
      columns,
      roles,
      missing,
      ...options,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const MISSING = new Set(['NULL', 'null', 'nan', 'NaN', 'None', 'N/A', '\\N', '-', '空']);

const bareName = (name: string): string => name.toLowerCase().replace(/[\s_\-.()（）/]/g, '');

/** A number in either decimal habit, perhaps with a currency sign beside it. */
const isNumeric = (cell: string): boolean => /^-?\d[\d.,]*$/.test(cell.replace(/[$€£¥￥₹₩元\s]/g, ''));

const share = (cells: readonly string[], test: (cell: string) => boolean): number =>
  cells.length === 0 ? 0 : cells.filter(test).length / cells.length;

/** Whether what stands in a column allows the role at all. */
const CONTENT_TESTS: Partial<Record<Role, (cells: readonly string[]) => boolean>> = {
  timestamp: (cells) => share(cells, looksLikeTime) > 0.8,
  quantity: (cells) => share(cells, isNumeric) > 0.8,
  price: (cells) => share(cells, isNumeric) > 0.8,
  amount: (cells) => share(cells, isNumeric) > 0.8,
  rating: (cells) => share(cells, isNumeric) > 0.8,
  position: (cells) => share(cells, isNumeric) > 0.8,
  type: (cells) => new Set(cells).size <= 40 && share(cells, (cell) => !isNumeric(cell)) > 0.8,
};

/** By name, the surest pattern first, each column once; what is still missing, by content. */
function assignRoles(columns: readonly SampledColumn[]): Roles {
  const roles: Roles = {};
  const taken = new Set<SampledColumn>();
  const most = Math.max(...Object.values(ROLE_WORDS).map((patterns) => patterns.length));
  for (let level = 0; level < most; level++) {
    for (const [role, patterns] of Object.entries(ROLE_WORDS) as [Role, readonly RegExp[]][]) {
      const pattern = patterns[level];
      if (roles[role] || !pattern) continue;
      const fits = (column: SampledColumn) =>
        !taken.has(column) &&
        pattern.test(bareName(column.name)) &&
        (CONTENT_TESTS[role]?.(column.cells) ?? column.cells.length > 0);
      const column = columns.find(fits);
      if (!column) continue;
      roles[role] = column;
      taken.add(column);
    }
  }
  if (!roles.timestamp)
    roles.timestamp = columns.find(
      (column) => !taken.has(column) && share(column.cells, looksLikeTime) > 0.9,
    );
  if (!roles.type) {
    roles.type = columns.find(
      (column) => !taken.has(column) && share(column.cells, (cell) => typeOf(cell) !== undefined) > 0.9,
    );
  }
  if (roles.price) roles.amount = undefined;
  return roles;
}

interface Proposal {
  readonly file: string;
  readonly format: string;
  readonly separator: string;
  readonly columns: readonly SampledColumn[];
  readonly roles: Roles;
  readonly missing: readonly string[];
  readonly zone?: string;
  readonly currency?: string;
}

/** The event type a word of the file stands for. */
const typeOf = (word: string): string | undefined => {
  const bare = word.toLowerCase();
  return TYPE_WORDS[bare] ?? EVENT_TYPES.find((type) => type === bare);
};

const quoted = (text: string): string => JSON.stringify(text);
/** A column inside an expression. */
const inBrackets = (name: string): string => `[${name}]`;

function writeProposal(proposal: Proposal): string {
  const { roles, columns, missing } = proposal;
  const isChinese = columns.some(({ name }) => /\p{Script=Han}/u.test(name));
  const lines = [
    `# Proposed for ${proposal.file} from its header and its first rows. Lines marked CHECK are guesses:`,
    '# look at them, then try the mapping with --dry-run before you import.',
    'kind: events',
    'file:',
    `  format: ${proposal.format}`,
  ];
  if (proposal.format === 'csv')
    lines.push(`  separator: ${proposal.separator === '\t' ? 'tab' : quoted(proposal.separator)}`);
  if (missing.length > 0)
    lines.push(`  missing: [${missing.map(quoted).join(', ')}]  # these words mean an empty cell`);
  const time = guessTimeFormat(roles.timestamp?.cells ?? []);
  lines.push('time:');
  if (time.needsZone) {
    const zone = proposal.zone ?? (isChinese ? 'Asia/Shanghai' : 'UTC');
    lines.push(
      `  zone: ${zone}  # ${proposal.zone ? 'the shop’s own zone' : 'CHECK: the times carry no zone; name the shop’s own, such as Europe/London'}`,
    );
  }
  lines.push(`  format: ${quoted(time.format)}${time.note ? `  # ${time.note}` : ''}`);
  const money = columns.flatMap((column) =>
    column === roles.price || column === roles.amount ? [column] : [],
  );
  if (money.length > 0 && usesDecimalComma(money[0].cells)) lines.push('money:', "  decimal: ','");
  lines.push('columns:', ...typeLines(roles));
  const simple: Role[] = [
    'timestamp',
    'event_id',
    'user_id',
    'anonymous_id',
    'session_id',
    'item_id',
    'order_id',
    'quantity',
    'price',
    'amount',
  ];
  for (const role of simple) {
    const column = roles[role];
    if (column) lines.push(`  ${role}: ${quoted(column.name)}${NOTES[role] ? `  # ${NOTES[role]}` : ''}`);
  }
  if (!roles.user_id && !roles.anonymous_id)
    lines.push('  # CHECK: no column names the customer; every row will count as anonymous');
  const minor = roles.price || roles.amount ? undefined : columns.find(({ name }) => name === 'price_minor');
  if (minor) lines.push(`  price_minor: ${quoted(minor.name)}  # taken for whole minor units`);
  lines.push(...currencyLines(proposal, money[0] ?? minor, isChinese));
  for (const role of ['query', 'rating', 'text', 'device', 'channel', 'country', 'position'] as const) {
    const column = roles[role];
    if (column) lines.push(`  ${role}: ${quoted(column.name)}`);
  }
  const used = new Set<SampledColumn | undefined>(
    Object.entries(roles).map(([role, column]) => (role === 'category' ? undefined : column)),
  );
  if (roles.category) lines.push(`  props: [${quoted(roles.category.name)}]`);
  const left = columns
    .filter((column) => !used.has(column) && column !== roles.category && column !== minor)
    .map(({ name }) => name);
  if (left.length > 0) lines.push(`# not used: ${left.slice(0, 30).join(', ')}`);
  lines.push(...refundLines(roles));
  return `${lines.join('\n')}\n`;
}

const NOTES: Partial<Record<Role, string>> = {
  amount:
    'CHECK: taken for the total of the line; if it is the price of one piece, write "price" instead of "amount"',
  price: 'taken for the price of one piece',
};

/** `1.234,50`: a comma before the last two digits, and no point after it. */
const usesDecimalComma = (cells: readonly string[]): boolean =>
  share(cells, (cell) => /,\d{1,2}\D*$/.test(cell)) > 0.3;

function typeLines(roles: Roles): string[] {
  const column = roles.type;
  if (!column)
    return [
      '  type: { constant: purchase }  # CHECK: no column tells events apart; every row is taken for a purchase',
    ];
  const words = [...new Set(column.cells)].sort();
  const known = words.filter((word) => typeOf(word));
  const unknown = words.filter((word) => !typeOf(word));
  return [
    '  type:',
    `    column: ${quoted(column.name)}`,
    '    map:',
    ...known.map((word) => {
      const guess = TYPE_GUESSES[word.toLowerCase()];
      return `      ${quoted(word)}: ${typeOf(word)}${guess ? `  # ${guess}` : ''}`;
    }),
    ...(known.length === 0 ? ['      {}'] : []),
    ...unknown.map(
      (word) => `      # CHECK: ${quoted(word)} is not known; name its event type or its rows are rejected`,
    ),
  ];
}

function currencyLines(proposal: Proposal, money: SampledColumn | undefined, isChinese: boolean): string[] {
  if (!money) return [];
  if (proposal.roles.currency) return [`  currency: ${quoted(proposal.roles.currency.name)}`];
  const constant = (code: string, why: string) => [`  currency: { constant: ${code} }  # ${why}`];
  if (proposal.currency) return constant(proposal.currency, 'the workspace’s currency');
  const sign = CURRENCY_SIGNS.find(([pattern]) => share(money.cells, (cell) => pattern.test(cell)) > 0.5);
  if (sign) return constant(sign[1], 'CHECK: from the sign beside the amounts');
  const country = mode(proposal.roles.country?.cells ?? []);
  const byCountry = COUNTRY_CURRENCIES[country?.toLowerCase() ?? ''];
  if (byCountry) return constant(byCountry, 'CHECK: from the commonest country');
  return isChinese
    ? constant('CNY', 'CHECK: from the language of the header')
    : constant('USD', 'CHECK: nothing in the file names the currency');
}

function mode(cells: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** Cancellations: a letter before the order number of rows with a negative quantity, else the sign alone. */
function refundLines({ order_id, quantity, price, amount }: Roles): string[] {
  const prefix = order_id ? cancelPrefix(order_id.cells) : undefined;
  if (order_id && prefix) {
    return [
      'refund:  # CHECK: a few order numbers start with this letter; taken for cancellations',
      `  when: ${quoted(`starts_with(${inBrackets(order_id.name)}, '${prefix}')`)}`,
    ];
  }
  const signed = [quantity, amount, price].find((column) =>
    column?.cells.some((cell) => cell.startsWith('-')),
  );
  if (!signed) return [];
  return [
    'refund:  # CHECK: negative numbers are taken for refunds',
    `  when: ${quoted(`number(${inBrackets(signed.name)}) < 0`)}`,
  ];
}

/** A capital letter that starts a few of otherwise numeric order numbers. */
function cancelPrefix(cells: readonly string[]): string | undefined {
  if (share(cells, (cell) => /^\d+$/.test(cell)) < 0.5) return undefined;
  const lettered = cells.filter((cell) => /^[A-Z]\d+$/.test(cell)).map((cell) => cell[0]);
  return mode(lettered);
}
