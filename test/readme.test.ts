// The READMEs and the pages on data, tables, sequences and trees are held against the program: commands, options, links, numbers and YAML are real.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../src/cli/main.ts';
import { FIELDS } from '../src/data/features/fields.ts';
import { featuresFromYaml } from '../src/data/features/yaml/read-features.ts';
import { FUNCTION_NAMES } from '../src/data/import/expression-sql.ts';
import { KINDS, parseMapping, readyMappingNames, TARGETS } from '../src/data/import/mapping.ts';
import { REJECT_REASONS } from '../src/data/import/plan.ts';
import { defaultSettings, LOSS_NAMES } from '../src/models/gbdt/settings.ts';
import { readTask } from '../src/tasks/own.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const READMES = ['README.md', 'README.zh-CN.md'] as const;
const DATA_PAGES = ['docs/your-data.md', 'docs/your-data.zh-CN.md'] as const;
const TREES_PAGES = ['docs/boosted-trees.md', 'docs/boosted-trees.zh-CN.md'] as const;
const TABLE_PAGES = ['docs/any-table.md', 'docs/any-table.zh-CN.md'] as const;
const SEQUENCE_PAGES = ['docs/next-item.md', 'docs/next-item.zh-CN.md'] as const;
const LIST_PAGES = ['docs/item-lists.md', 'docs/item-lists.zh-CN.md'] as const;
const TEXT_PAGES = ['docs/text.md', 'docs/text.zh-CN.md'] as const;
const CATALOGUE_PAGES = ['docs/catalogue.md', 'docs/catalogue.zh-CN.md'] as const;
const SERVING_PAGES = [
  'serving',
  'monitoring',
  'durability',
  'online-state',
  'deployment',
  'model-lifecycle',
].flatMap((name) => [`docs/${name}.md`, `docs/${name}.zh-CN.md`]);
const PAGES = [
  ...[...READMES, ...DATA_PAGES, ...TABLE_PAGES, ...TREES_PAGES, ...SEQUENCE_PAGES, ...LIST_PAGES],
  ...[...TEXT_PAGES, ...CATALOGUE_PAGES, ...SERVING_PAGES],
];

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text }));

/** Cells of every table, a row each, without the lines under the heads. */
const tablesOf = (page: string): string[] =>
  page.split('\n').filter((line) => line.startsWith('| ') || line.startsWith('| |'));

/** What a program can check of a row: numbers, and words between backticks. */
const marksOf = (line: string): string[] => [
  ...[...line.matchAll(/`[^`]+`/g)].map(([code]) => code),
  ...(line.replaceAll(/`[^`]+`/g, '').match(/[+−£€]*\d*[.,]?\d+\b/g) ?? []),
];

/** Lines of shell blocks and of `code` that call a command, without comments and prompts. */
function callsIn(page: string): string[] {
  const shell = blocksOf(page).filter(({ language }) => language === 'sh');
  const lines = shell.flatMap(({ text }) => text.split('\n'));
  const inline = [...page.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
  return [...lines, ...inline].map((line) => line.replace(/\s#.*$/, '').trim()).filter((line) => line !== '');
}

const program = buildProgram(new AbortController().signal);

/** Every command as it is typed: those of a group after its word, as in `table fit`. */
const commands = program.commands.flatMap((command) =>
  command.commands.length === 0
    ? [{ words: command.name(), options: command.options }]
    : command.commands.map((inner) => ({
        words: `${command.name()} ${inner.name()}`,
        options: inner.options,
      })),
);

/** Checks the command word and each option of a call of ours; undefined when the call is somebody else's. */
function faultOf(call: string): string | undefined {
  const [own] = call.split(' | ');
  const words = own.replace(/^node bin\/foresell\.js\s+|^foresell\s+/, '').replaceAll(/'[^']*'/g, 'TEXT');
  const command = commands.find((candidate) => `${words} `.startsWith(`${candidate.words} `));
  if (!command) return `no command "${words.split(' ')[0]}"`;
  const name = command.words;
  const rest = words.slice(name.length).trim().split(/\s+/);
  const known = new Set(command.options.flatMap(({ short, long }) => [short, long]));
  const wrong = rest.find((word) => /^-./.test(word) && !known.has(word) && word !== '--help');
  return wrong === undefined ? undefined : `${name} has no option "${wrong}"`;
}

describe.each(PAGES)('%s', (path) => {
  const page = read(path);

  it('names commands and options that exist', () => {
    const calls = callsIn(page).filter((call) => /^(node bin\/foresell\.js|foresell) /.test(call));
    // A page about what a server does may call none.
    if (!SERVING_PAGES.includes(path)) expect(calls.length).toBeGreaterThan(1);
    expect(calls.map((call) => [call, faultOf(call)]).filter(([, fault]) => fault)).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const call of callsIn(page)) {
      const script = /^npm run (\S+)/.exec(call)?.[1];
      if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
    }
  });

  it('links to files that exist', () => {
    const links = [...page.matchAll(/\]\(([^)#\s]+)\)/g)].map(([, link]) => link);
    const missing = links.filter(
      (link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(path), link)),
    );
    expect(missing).toEqual([]);
  });

  it('links to headings that exist', () => {
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    );
    const wanted = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(wanted.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });
});

describe.each(READMES)('the command table of %s', (path) => {
  const rows = tablesOf(read(path));

  it('has every command, with options that exist', () => {
    const named = commands.map((command) => {
      const row = rows.find((line) => new RegExp(`^\\| \`${command.words}\\b`).test(line)) ?? '';
      const known = new Set(command.options.map(({ long }) => long));
      const options = [...row.matchAll(/--[a-z-]+/g)].map(([option]) => option);
      return [command.words, row !== '', options.filter((option) => !known.has(option))];
    });
    expect(named).toEqual(commands.map(({ words }) => [words, true, []]));
  });

  it('is followed by options every command takes', () => {
    const shared = /(?:Every command takes|每条命令都接受)(.*?)[;；]/s.exec(read(path))?.[1] ?? '';
    const options = [...shared.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    expect(options.length).toBeGreaterThan(4);
    for (const command of commands) {
      const known = [...command.options.map(({ long }) => long), '--help'];
      expect(options.filter((option) => !known.includes(option))).toEqual([]);
    }
  });
});

test('both READMEs carry the same code blocks and the same table figures', () => {
  const [en, zh] = READMES.map(read);
  // what is said beside a command or a folder is said in the page's own language
  const code = (page: string) =>
    blocksOf(page).map(({ language, text }) => [
      language,
      text.replaceAll(/ +# .*$/gm, '').replaceAll(/^( {2}[a-z]+(?:\/|\.ts)) .*$/gm, '$1'),
    ]);
  expect(code(zh)).toEqual(code(en));
  expect(tablesOf(zh).length).toBe(tablesOf(en).length);
  expect(tablesOf(zh).map(marksOf)).toEqual(tablesOf(en).map(marksOf));
});

test('both pages on your data carry the same code blocks and the same keys', () => {
  const [en, zh] = DATA_PAGES.map(read);
  expect(blocksOf(zh)).toEqual(blocksOf(en));
  const keys = (page: string) => tablesOf(page).map((line) => line.split('|')[1].match(/`[^`]+`/g));
  expect(keys(zh)).toEqual(keys(en));
});

describe.each(DATA_PAGES)('%s', (path) => {
  const page = read(path);

  it('has YAML that the readers of the product accept', () => {
    const blocks = blocksOf(page).filter(({ language }) => language === 'yaml');
    expect(blocks.length).toBeGreaterThan(8);
    for (const { text } of blocks) readYaml(text);
  });

  it('names every reason, function, field, column and ready mapping there is', () => {
    const words = new Set([...page.matchAll(/[A-Za-z_][\w.-]*/g)].map(([word]) => word));
    const wanted = [
      ...Object.keys(REJECT_REASONS),
      ...FUNCTION_NAMES,
      ...Object.keys(FIELDS),
      ...KINDS.flatMap((kind) => TARGETS[kind]),
      ...readyMappingNames(),
    ];
    expect(wanted.filter((word) => !words.has(word))).toEqual([]);
  });
});

test.each([SEQUENCE_PAGES, LIST_PAGES])(
  '%s and %s carry the same code blocks, and tables about the same things',
  (...pages) => {
    const [en, zh] = pages.map(read);
    expect(blocksOf(zh)).toEqual(blocksOf(en));
    const named = (page: string) => tablesOf(page).map((line) => line.split('|')[1].match(/`[^`]+`/g));
    expect(named(zh)).toEqual(named(en));
  },
);

test('both pages on trees carry the same code blocks, and tables about the same things', () => {
  const [en, zh] = TREES_PAGES.map(read);
  expect(blocksOf(zh)).toEqual(blocksOf(en));
  const named = (page: string) => tablesOf(page).map((line) => line.split('|')[1].match(/`[^`]+`/g));
  expect(named(zh)).toEqual(named(en));
});

test.each(TREES_PAGES)('%s has every setting of the trees with its default, and every loss', (path) => {
  const page = read(path);
  const rows = tablesOf(page);
  const settings = rows.flatMap((row) => [...row.split('|')[1].matchAll(/`(\w+)`/g)].map(([, word]) => word));
  for (const [setting, value] of Object.entries(defaultSettings(500))) {
    expect(settings, setting).toContain(setting);
    if (typeof value !== 'number') continue;
    const row = rows.find((line) => line.split('|')[1].includes(`\`${setting}\``)) ?? '';
    expect(row.split('|')[2].replaceAll(/(?<!\d)\./g, '0.'), setting).toContain(String(value));
  }
  for (const name of ['loss', 'rowSampling', 'interactions', 'classWeights', ...LOSS_NAMES])
    expect(settings).toContain(name);
});

test('the examples under examples/your-shop are read by the product', () => {
  for (const file of ['mapping.yaml', 'features.yaml', 'return-task.yaml']) {
    expect(() => readYaml(read(`examples/your-shop/${file}`))).not.toThrow();
  }
});

/** A whole features file, task or mapping; a part of a mapping is completed with the columns it needs. */
function readYaml(text: string): void {
  const keys = Object.keys(parse(text) as Record<string, unknown>);
  if (keys.includes('features')) featuresFromYaml(text);
  else if (keys.includes('outcome')) readTask(text, 'example');
  else if (keys.includes('columns')) parseMapping(text);
  else parseMapping(`${text}\ncolumns: { type: { constant: purchase }, timestamp: Date }\n`);
}
