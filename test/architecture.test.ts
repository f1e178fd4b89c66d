import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PRODUCT_VERSION } from '../src/core/product.ts';
import {
  barrelComplaints,
  cycleComplaints,
  dependencyComplaints,
  importComplaints,
  importsOf,
  lengthComplaints,
  looseTypeComplaints,
  machineComplaints,
  maskSource,
  nameComplaints,
  openingComplaints,
  packageComplaints,
  plainFiles,
  type Room,
  type SourceFile,
  treeComplaints,
  treePaths,
} from './source-rules.ts';

/** Which room may import which, besides itself and `core`. */
const ROOMS: Readonly<Record<string, Room>> = {
  core: { may: [] },
  tensor: { may: [] },
  data: { may: [] },
  eval: { may: [] },
  nn: { may: ['tensor'] },
  encoders: { may: ['nn', 'tensor'] },
  models: { may: ['encoders', 'nn', 'tensor', 'eval'] },
  policies: { may: ['nn', 'tensor', 'eval'] },
  privacy: { may: ['nn', 'tensor'] },
  explain: { may: ['models', 'tensor'] },
  tasks: { may: ['data', 'eval', 'models'], declarations: ['models'] },
  report: { may: ['eval', 'explain', 'tasks'] },
  registry: { may: ['tasks', 'models', 'eval', 'data'], declarations: ['data'] },
  monitor: { may: ['data', 'eval'] },
  train: {
    may: 'registry tasks models encoders nn data eval explain report privacy'.split(' '),
  },
  serve: { may: 'registry tasks models encoders data eval policies explain monitor'.split(' ') },
  cli: { may: 'everything' },
};

/** Packages that only these rooms may know. */
const PACKAGE_HOMES = {
  '@duckdb/node-api': ['data'],
  commander: ['cli'],
  fastify: ['serve'],
  'onnxruntime-node': ['tensor'],
  'onnxruntime-web': ['tensor'],
  'prom-client': ['monitor'],
  typebox: ['serve'],
};

/** Files over 500 lines, each with its reason in writing. None today. */
const LONG_FILES: readonly string[] = [];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inRepository = (path: string): string => join(root, path);

const sources: readonly SourceFile[] = ['src', 'bench', 'test', 'bin', 'scripts'].flatMap((folder) =>
  existsSync(inRepository(folder))
    ? readdirSync(inRepository(folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(ts|js|mjs)$/.test(entry.name))
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(root.length + 1)
            .replaceAll('\\', '/'),
        )
        // what was unpacked for a benchmark is not ours
        .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
        .sort()
        .map((path) => ({ path, text: readFileSync(inRepository(path), 'utf8') }))
    : [],
);
const src = sources.filter(({ path }) => path.startsWith('src/'));

describe('this repository', () => {
  it('imports only what the table allows', () => {
    expect(src.length).toBeGreaterThan(10);
    expect(importComplaints(src, ROOMS)).toEqual([]);
    expect(packageComplaints(src, PACKAGE_HOMES)).toEqual([]);
  });

  it('has no circle of files and no barrel', () => {
    expect(cycleComplaints(src)).toEqual([]);
    expect(barrelComplaints(src)).toEqual([]);
  });

  it('keeps every file under 500 lines', () => {
    expect(lengthComplaints(sources, LONG_FILES)).toEqual([]);
  });

  it('names files in kebab-case, after what they are', () => {
    expect(nameComplaints(sources.map(({ path }) => path))).toEqual([]);
  });

  it('opens every file with a line that says what it is for', () => {
    expect(openingComplaints(sources.filter(({ path }) => !path.startsWith('bin/')))).toEqual([]);
  });

  it('has no any and silences no compiler', () => {
    expect(looseTypeComplaints(src)).toEqual([]);
  });

  const tracked = trackedFiles();
  it.skipIf(tracked.length === 0)('names no machine path and no registry host (needs a git checkout)', () => {
    expect(machineComplaints(tracked)).toEqual([]);
  });

  const readmes = ['README.md', 'README.zh-CN.md'].filter((path) => existsSync(inRepository(path)));
  it.skipIf(readmes.length === 0)(
    'shows its tree in the README as it is on the disk (needs a README)',
    () => {
      const folders = [
        ...new Set(
          src.map(({ path }) => /^src\/[^/]+\//.exec(path)?.[0] ?? '').filter((folder) => folder !== ''),
        ),
      ];
      const exists = (path: string) => existsSync(inRepository(path));
      for (const path of readmes) {
        expect(treeComplaints(readFileSync(inRepository(path), 'utf8'), folders, exists), path).toEqual([]);
      }
    },
  );

  it('writes down why each runtime dependency is there, and keeps them few', () => {
    const folder = inRepository('docs/decisions');
    const decisions = existsSync(folder)
      ? readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
      : [];
    expect(dependencyComplaints(Object.keys(manifest().dependencies ?? {}), decisions.join('\n'))).toEqual(
      [],
    );
  });

  it('states one version', () => {
    expect(PRODUCT_VERSION).toBe(manifest().version);
  });
});

function manifest(): { version: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
}

/** Text files git knows; none outside a checkout. */
function trackedFiles(): readonly SourceFile[] {
  if (!existsSync(inRepository('.git'))) return [];
  return execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(inRepository(path)))
    .filter((path) => statSync(inRepository(path)).size < 4_000_000)
    .map((path) => ({ path, text: readFileSync(inRepository(path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

describe('each rule can fail', () => {
  const file = (path: string, ...lines: string[]): SourceFile => ({ path, text: `${lines.join('\n')}\n` });

  it('finds every form of import, and none in comments, strings or templates', () => {
    const text = [
      "import a, { b } from './a.ts';",
      "import type { C } from './c.ts';",
      'import {\n  type D,\n  e,\n} from "./d.ts";',
      "import * as f from './f.ts';",
      "import './g.ts';",
      "export { h } from './h.ts';",
      "export type { I } from './i.ts';",
      "export * from './j.ts';",
      "const k = await import('./k.ts');",
      "type L = import('./l.ts').L;",
      "// import x from './x1.ts';",
      "/* import x from './x2.ts'; */",
      'const s = "import x from \'./x3.ts\'";',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text, not a template
      "const t = `\nimport x from './x4.ts';\n${`import('./x5.ts')`}`;",
      "const r = /['\"`]/; const u = Array.from('x6');",
      "export const from = 1; import { v } from './v.ts';",
      'const q = a / b; // "',
      "import { w } from './w.ts';",
    ].join('\n');
    const found = importsOf(text);
    expect(
      found
        .map(({ from }) => from.slice(2, -3))
        .sort()
        .join(''),
    ).toBe('acdfghijklvw');
    expect(found.filter(({ typeOnly }) => typeOnly).map(({ from }) => from)).toEqual(['./c.ts', './i.ts']);
    expect(found.filter(({ reExport }) => reExport)).toHaveLength(3);
    expect(maskSource(text)).toHaveLength(text.length);
  });

  it('refuses an import across the table, an unknown room and a missing .ts', () => {
    const complaints = importComplaints(
      [
        file(
          'src/models/a.ts',
          "import type { B } from '../data/b.ts';",
          "import { c } from '../eval/c.ts';",
        ),
        file('src/core/a.ts', "import { c } from '../eval/c.ts';"),
        file('src/cli/a.ts', "import { b } from '../data/b.ts';", "import x from './x.js';"),
        file('src/attic/a.ts', ''),
        file(
          'src/eval/a.test.ts',
          "import { b } from '../../bench/b.ts';",
          "import { m } from '../models/m.ts';",
        ),
        file('src/eval/a.ts', "import { b } from '../../bench/b.ts';"),
      ],
      ROOMS,
    );
    expect(complaints).toEqual([
      'src/models/a.ts: models may not import src/data/b.ts',
      'src/core/a.ts: core may not import src/eval/c.ts',
      'src/cli/a.ts: "./x.js" lacks its .ts',
      'src/attic/a.ts: the folder "attic" is not in the table',
      'src/eval/a.test.ts: eval may not import src/models/m.ts',
      'src/eval/a.ts: eval may not import bench/b.ts',
    ]);
  });

  it('lets declarations in, and the machinery behind them not', () => {
    const files = [
      file('src/data/engine.ts', "import { DuckDBInstance } from '@duckdb/node-api';"),
      file('src/data/label.ts', "import { DAY_MS } from '../core/time.ts';"),
      file('src/data/deep.ts', "import { rows } from './engine.ts';", "import { l } from './label.ts';"),
      file(
        'src/registry/good.ts',
        "import type { Engine } from '../data/engine.ts';",
        "import { l } from '../data/label.ts';",
      ),
      file('src/registry/bad.ts', "import { rows } from '../data/deep.ts';"),
      file('src/tasks/free.ts', "import { rows } from '../data/deep.ts';"),
    ];
    expect([...plainFiles(files)]).toEqual(['src/data/label.ts']);
    expect(importComplaints(files, ROOMS)).toEqual([
      'src/registry/bad.ts: registry may import data by type or from plain files, src/data/deep.ts is neither',
    ]);
  });

  it('finds circles, barrels and packages away from home', () => {
    const circle = [
      file('src/eval/a.ts', "import { b } from './b.ts';"),
      file('src/eval/b.ts', "import type { C } from './c.ts';"),
      file('src/eval/c.ts', "import { a } from './a.ts';"),
    ];
    expect(cycleComplaints(circle)).toEqual([
      'src/eval/a.ts → src/eval/b.ts → src/eval/c.ts → src/eval/a.ts',
    ]);
    expect(cycleComplaints(circle.slice(0, 2))).toEqual([]);
    expect(barrelComplaints([file('src/eval/index.ts', "export * from './a.ts';")])).toHaveLength(2);
    expect(barrelComplaints([file('src/index.ts', "export { a } from './eval/a.ts';")])).toEqual([]);
    const strays = [
      file('src/models/a.ts', "import { x } from '@duckdb/node-api';"),
      file('src/core/b.ts', "import { readFileSync } from 'node:fs';"),
      file('src/data/c.ts', "import { x } from '@duckdb/node-api';"),
    ];
    expect(packageComplaints(strays, PACKAGE_HOMES)).toHaveLength(2);
  });

  it('refuses long files, empty names and files that do not say what they are for', () => {
    const lines = (count: number) => file('src/eval/a.ts', ...Array.from({ length: count }, () => 'x'));
    expect(lengthComplaints([lines(500)])).toEqual([]);
    expect(lengthComplaints([lines(501)])).toHaveLength(1);
    expect(lengthComplaints([lines(501)], ['src/eval/a.ts'])).toEqual([]);
    const bad = [
      'src/eval/rocAuc.ts',
      'src/eval/Roc.ts',
      'src/utils/a.ts',
      'src/eval/date-helpers.ts',
      'src/a_b.ts',
    ];
    expect(nameComplaints(bad)).toHaveLength(bad.length);
    expect(
      nameComplaints(['src/eval/roc-auc.test.ts', 'bench/cdnow.bench.ts', 'src/data/utilisation.ts']),
    ).toEqual([]);
    expect(
      openingComplaints([file('src/a.ts', 'export const a = 1;'), file('src/b.ts', '// todo')]),
    ).toHaveLength(2);
    expect(openingComplaints([file('src/a.ts', '// Measures how well scores rank.')])).toEqual([]);
  });

  it('refuses any and silenced compilers, and not the word any', () => {
    const silent = `// @ts-${'ignore'}`;
    const bad = [
      'let a: any;',
      'f(x as any);',
      'let m: Map<string, any>;',
      'type T = string | any;',
      'f<any>();',
      '(): any => 1;',
      'let l: any[];',
      silent,
    ];
    for (const line of bad) expect(looseTypeComplaints([file('src/a.ts', line)]), line).toHaveLength(1);
    const good = [
      "const s = 'any';",
      '// any of them',
      'AbortSignal.any([]);',
      'const o = { any: 1 };',
      'anyone;',
    ];
    expect(looseTypeComplaints([file('src/a.ts', ...good)])).toEqual([]);
    expect(looseTypeComplaints([file('src/a.ts', `// @ts-${'expect-error'}`)])).toHaveLength(1);
    expect(looseTypeComplaints([file('src/a.test.ts', `// @ts-${'expect-error'}`)])).toEqual([]);
  });

  it('finds machine paths and registry hosts', () => {
    const slash = '/';
    const bad = [
      `cd ${slash}work/main`,
      `"${slash}tmp/x"`,
      `${slash}home/someone/shop.csv`,
      `C:${'\\'}Users\\someone`,
      `https:${slash}/registry.${'npmjs'}.org/x`,
      `http:${slash}/my-${'artifactory'}.example:8081/npm`,
      `  "${'resolved'}": "x"`,
    ];
    for (const line of bad) expect(machineComplaints([file('docs/a.md', line)]), line).toHaveLength(1);
    const good = [
      `src${slash}work/plan.ts`,
      `.${slash}tmp/x`,
      'a registry of models',
      'import "./registry/load.ts"',
      'join(tmpdir())',
    ];
    expect(machineComplaints([file('docs/a.md', ...good)])).toEqual([]);
  });

  it('compares the README with the disk', () => {
    const readme = [
      '```sh',
      'npm test',
      '```',
      '```',
      'src/',
      '  core/      errors, time. No I/O',
      '  models/    estimators',
      '    linear/  elastic net',
      '  index.ts   the public API',
      'test/  bench/  bin/foresell.js',
      '```',
    ].join('\n');
    expect(treePaths(readme)).toEqual([
      'src/',
      'src/core/',
      'src/models/',
      'src/models/linear/',
      'src/index.ts',
      'test/',
      'bench/',
      'bin/foresell.js',
    ]);
    expect(treeComplaints(readme, ['src/core/', 'src/models/'], () => true)).toEqual([]);
    expect(treeComplaints(readme, ['src/eval/'], (path) => path !== 'bench/')).toEqual([
      'bench/ is in the tree, not on the disk',
      'src/eval/ is on the disk, not in the tree',
    ]);
    expect(treeComplaints('no tree', [], () => true)).toHaveLength(1);
    expect(treePaths('```\nsrc/\n├── core/   errors\n│   └── deep/\n└── eval/\n```')).toEqual([
      'src/',
      'src/core/',
      'src/core/deep/',
      'src/eval/',
    ]);
  });

  it('asks for a reason for each dependency, and at most fifteen', () => {
    expect(dependencyComplaints(['yaml', 'left-pad'], 'yaml: mapping files')).toEqual([
      'left-pad: no line in docs/decisions',
    ]);
    expect(dependencyComplaints(['yaml'], '')).toEqual([]);
    expect(
      dependencyComplaints(
        Array.from({ length: 16 }, (_, i) => `p${i}`),
        '',
      ),
    ).toHaveLength(1);
  });
});
