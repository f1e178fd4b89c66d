// Makes a fresh clone ready to run: installs what package-lock.json names, builds dist/ when src/ or sdk/ is newer. Says what it does.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `foresell needs Node 20.19 or newer, this is ${process.version}: install it from nodejs.org, then run the same command again`,
  );
  process.exit(1);
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const newest = (dir) =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .reduce(
      (latest, entry) => Math.max(latest, modified(join(entry.parentPath ?? entry.path, entry.name))),
      0,
    );

function step(message, command, args) {
  const startedMs = Date.now();
  console.error(message);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error(`that failed (exit ${result.status ?? result.error?.message}); the lines above say why`);
    process.exit(result.status ?? 1);
  }
  console.error(`  done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

const installed = join(root, 'node_modules', '.package-lock.json');
if (modified(installed) < modified(join(root, 'package-lock.json')) - 2000 || !existsSync(installed)) {
  step('installing dependencies from package-lock.json (npm ci, nothing else is downloaded) …', 'npm', [
    'ci',
    '--no-fund',
    '--no-audit',
    '--loglevel=error',
    '--ignore-scripts',
  ]);
}
const built = Math.min(
  modified(join(root, 'dist', 'index.js')),
  modified(join(root, 'dist', 'sdk', 'foresell.js')),
);
if (built < Math.max(newest(join(root, 'src')), newest(join(root, 'sdk')))) {
  step('building dist/ …', process.execPath, [join(root, 'scripts', 'build.mjs')]);
}
