// Compiles src/ and sdk/ to dist/ with the local TypeScript; silent when there is nothing to compile with (a tarball install).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
if (!existsSync(join(root, 'src')) || !existsSync(compiler)) process.exit(0);
rmSync(dist, { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.sdk.json');
placeSdk();
await bundleTracker();

function compile(project) {
  const result = spawnSync(process.execPath, [compiler, '-p', join(root, project)], {
    stdio: 'inherit',
    cwd: root,
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Trackers and client take nothing but types from src/, which lie one folder nearer in dist/. */
function placeSdk() {
  const from = join(dist, '.sdk', 'sdk');
  const to = join(dist, 'sdk');
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), 'utf8');
    writeFileSync(join(to, name), text.replaceAll("'../src/", "'../"));
  }
  rmSync(join(dist, '.sdk'), { recursive: true });
}

/** One file for a <script> tag. */
async function bundleTracker() {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, 'sdk', 'script.ts')],
    outfile: join(dist, 'sdk', 'foresell.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    logLevel: 'warning',
  });
}
