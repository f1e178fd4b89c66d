// Starts our own contestant as users run us: compiled JavaScript in a plain Node process, no TypeScript loader in it.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Peer, startProgram } from '../peers.ts';

const HERE = dirname(fileURLToPath(import.meta.url));

export async function startOurs(args: readonly string[]): Promise<Peer> {
  const folder = join(HERE, '../../node_modules/.cache/foresell-bench');
  mkdirSync(folder, { recursive: true });
  const script = join(folder, `our-peer-${process.pid}.mjs`);
  await build({
    entryPoints: [join(HERE, 'our-peer.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return startProgram({ program: process.execPath, args: [script, ...args] });
}
