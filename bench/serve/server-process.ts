// The product itself, served by a process of its own as a shop runs it, with what it costs read from outside.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SCOPES, type Scope } from '../../src/serve/http/api-key.ts';
import { createKey } from '../../src/serve/key-file.ts';

const BIN = fileURLToPath(new URL('../../bin/foresell.js', import.meta.url));

export interface ServerProcess {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Key with every scope. */
  readonly key: string;
  readonly process: ChildProcess;
  /** Resident memory, MB; its highest so far. */
  memory(): { readonly nowMB: number; readonly peakMB: number };
  /** Processor time so far, all threads, ms. */
  cpuMs(): number;
  /** Ends it in order, or at once. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Runs one command of the product to its end; what it printed. */
export function runCommand(...args: readonly string[]): string {
  return execFileSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

export interface ServeOptions {
  readonly workspace: string;
  readonly args?: readonly string[];
  /** Of node itself, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves once the server listens. */
export async function startServer({
  workspace,
  args = [],
  nodeArgs = [],
  env = {},
}: ServeOptions): Promise<ServerProcess> {
  const scopes = Object.keys(SCOPES) as Scope[];
  const { text: key } = createKey(workspace, { kind: 'server', scopes, label: 'bench' }, { now: Date.now });
  const child = spawn(
    process.execPath,
    [...nodeArgs, BIN, 'serve', '--workspace', workspace, '--port', '0', '--json', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
  );
  const url = await new Promise<URL>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const found = /"url": *"([^"]+)"/.exec(said)?.[1];
      if (found) resolve(new URL(found));
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const pid = child.pid as number;
  return {
    ...{ host: url.hostname, port: Number(url.port), pid, key, process: child },
    memory: () => ({ nowMB: kilobytes(pid, 'VmRSS') / 1024, peakMB: kilobytes(pid, 'VmHWM') / 1024 }),
    cpuMs: () => cpuOf(pid),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

/** A line of Linux's account of a process; NaN where there is none. */
function kilobytes(pid: number, field: string): number {
  try {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return Number.NaN;
  }
}

const TICKS_PER_SECOND = 100;

function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
