// For tests and benchmarks: the command line inside this process, with what it said and how it ended.
import { buildProgram, report } from '../../src/cli/main.ts';

export interface Ended {
  /** Exit code; for a process ended by a signal, the signal. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
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
