// What a shop gets from the package: everything it needs, importable with types from a tarball in an empty folder.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { testFolder } from './flow/command.ts';

const root = join(import.meta.dirname, '..');
const { dir, write } = testFolder();
const isBuilt = existsSync(join(root, 'dist', 'sdk', 'foresell.js'));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs without building: what is built is what the other tests run. */
const pack = (): Packed =>
  JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    }),
  )[0];

describe.skipIf(!isBuilt)('the packed package (skipped before a build)', () => {
  const packed = isBuilt ? pack() : { filename: '', files: [] };
  const paths = new Set(packed.files.map(({ path }) => path));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
    bin: Record<string, string>;
  };

  test('holds program, trackers, deployment files, documents and examples, and no sources or tests', () => {
    for (const path of [
      'bin/foresell.js',
      'dist/sdk/foresell.js',
      'deploy/compose.yaml',
      'deploy/grafana/foresell.json',
      'docs/deployment.md',
      'docs/deployment.zh-CN.md',
      'mappings/foresell.yaml',
      'README.md',
      'LICENSE',
    ])
      expect(paths.has(path), path).toBe(true);
    expect([...paths].filter((path) => /^(src|test|sdk|bench|node_modules)\/|\.test\./.test(path))).toEqual(
      [],
    );
  });

  test('every name it exports is a file it holds', () => {
    const targets = [manifest.exports, manifest.bin].flatMap((table) =>
      Object.values(table).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
    );
    expect(targets.length).toBeGreaterThan(12);
    for (const target of targets) expect(paths.has(target.replace('./', '')), target).toBe(true);
  });

  test('trackers and client resolve with their types, and run, in a folder with nothing else', () => {
    const shop = join(dir, 'shop');
    const home = join(shop, 'node_modules', 'foresell');
    mkdirSync(home, { recursive: true });
    execFileSync('tar', ['-xzf', join(dir, packed.filename), '--strip-components=1', '-C', home]);
    write('shop/package.json', '{"type":"module"}');
    write(
      'shop/shop.ts',
      [
        "import { createBrowserTracker, type Tracker } from 'foresell/tracker';",
        "import { createNodeTracker } from 'foresell/tracker/node';",
        "import { createClient, type Prediction } from 'foresell/client';",
        "const tracker: Tracker = createNodeTracker({ url: 'http://127.0.0.1:9', key: 'k' });",
        "tracker.track('add_to_cart', { item_id: 'mug', price: 9.99 });",
        '// @ts-expect-error this is no type of event',
        "tracker.track('nonsense');",
        "const asked: () => Promise<readonly Prediction[]> = () => createClient({ url: 'u', key: 'k' }).predict('purchase', { entities: [] });",
        'console.log(typeof createBrowserTracker, typeof asked, tracker.waiting);',
      ].join('\n'),
    );
    const options = {
      ...{ strict: true, module: 'nodenext', target: 'es2022', types: [], skipLibCheck: false },
      ...{ lib: ['es2023', 'dom'], outDir: 'out', rootDir: '.' },
    };
    write('shop/tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['shop.ts'] }));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    let complaints = '';
    try {
      execFileSync(process.execPath, [compiler, '-p', shop], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      complaints = String((error as { stdout: unknown }).stdout);
    }
    expect(complaints).toBe('');
    const said = execFileSync(process.execPath, [join(shop, 'out', 'shop.js')], { encoding: 'utf8' });
    expect(said.trim()).toBe('function function 2');
    // Node finds the file for a <script> tag by the name that is documented.
    write('shop/where.js', "console.log(import.meta.resolve('foresell/tracker.js'));");
    const where = execFileSync(process.execPath, [join(shop, 'where.js')], { encoding: 'utf8' }).trim();
    expect(where).toBe(pathToFileURL(join(home, 'dist', 'sdk', 'foresell.js')).href);
  });

  test('the tracker sends what waits when a process has nothing left to do', async () => {
    const came: string[] = [];
    const server = createServer(async (request, response) => {
      came.push(await text(request));
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const script = write(
      'shop/leave.js',
      [
        "import { createNodeTracker } from 'foresell/tracker/node';",
        `createNodeTracker({ url: 'http://127.0.0.1:${port}', key: 'k' }).track('view', { item_id: 'mug' });`,
      ].join('\n'),
    );
    const child = spawn(process.execPath, [script], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    server.close();
    expect(code).toBe(0);
    expect(came).toHaveLength(1);
    expect(JSON.parse(came[0])).toMatchObject([{ type: 'view', item_id: 'mug' }]);
  });

  test('the file for a <script> tag is at most 5 KB gzipped and reads its options from the tag', () => {
    const text = readFileSync(join(root, 'dist', 'sdk', 'foresell.js'), 'utf8');
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(5000);
    expect(text).toContain('currentScript');
    writeFileSync(join(dir, 'script.mjs'), text);
    expect(text).not.toMatch(/\b(import|require)\b\s*[({'"]/);
  });
});
