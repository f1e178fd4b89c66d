// For tests: the command line, inside this process or as one of its own, with what it said and how it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { buildProgram, report } from '../../src/cli/main.ts';

export interface Ended {
  /** Exit code; for a process ended by a signal, the signal. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for one test file, gone when the file has run; its name holds a space, as people's folders do. */
export function testFolder(): {
  readonly dir: string;
  write(name: string, content: string | Uint8Array): string;
} {
  const dir = mkdtempSync(join(tmpdir(), 'foresell flow-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return {
    dir,
    write(name, content) {
      const path = join(dir, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
}

/** Runs one command in this process. Not for signals, and one at a time. */
export async function foresell(...args: readonly string[]): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const original = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = ((text: string | Uint8Array) => {
      said[stream] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      return true;
    }) as typeof process.stdout.write;
  }
  let code = 0;
  try {
    await buildProgram(new AbortController().signal).parseAsync(['node', 'foresell', ...args]);
  } catch (error) {
    code = report(error, { aborted: false, json: args.includes('--json') });
  } finally {
    process.stdout.write = original.stdout;
    process.stderr.write = original.stderr;
  }
  return { code, ...said };
}

/** As `foresell`, for what must succeed: what it said on failure is the message. */
export async function succeed(...args: readonly string[]): Promise<Ended> {
  const ended = await foresell(...args);
  if (ended.code !== 0)
    throw new Error(`foresell ${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
  return ended;
}

const BIN = fileURLToPath(new URL('../../bin/foresell.js', import.meta.url));

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the built command line as a process of its own. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, LANG: 'C', ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
  });
  return { process: child, ended };
}

export const runProcess = (...args: readonly string[]): Promise<Ended> => start(args).ended;
