// The competition beside us: starts a peer (PyTorch, TensorFlow.js) as a child process and asks it for training steps.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a peer says once, when it is warm. */
export interface PeerReady {
  readonly framework: string;
  readonly threads: number;
  readonly parameters: number;
  /** `checksum` of peers/batches.ts over the batches it trains on. */
  readonly batches: number;
  readonly warmUpMilliseconds: number;
  /** Resident bytes with the framework loaded and before the model exists. */
  readonly bytesBefore: number;
}

export interface PeerSteps {
  /** One entry a step. */
  readonly milliseconds: readonly number[];
  readonly losses: readonly number[];
  /** Largest resident size since the peer was ready. */
  readonly peakBytes: number;
}

export interface Peer {
  readonly ready: PeerReady;
  run(steps: number): Promise<PeerSteps>;
  /** Ends the child; a second call does nothing. */
  stop(): Promise<void>;
}

/** What to start: a program and its arguments. */
export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
}

export interface PeerLimits {
  /** Until the peer is warm; compiling takes a minute on a quiet machine. */
  readonly readyMs?: number;
  /** For one `run`. */
  readonly runMs?: number;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const PYTHON = process.env.FORESELL_PEERS_PYTHON ?? here('../.peers/bin/python');
const TFJS = process.env.FORESELL_PEERS_TFJS ?? here('../.peers/tfjs');

const PEERS = {
  sasrec_torch: { program: PYTHON, args: [here('peers/sasrec_torch.py')], needs: PYTHON },
  transformer_torch: { program: PYTHON, args: [here('peers/transformer_torch.py')], needs: PYTHON },
  sasrec_tfjs: {
    program: process.execPath,
    args: ['--import', 'tsx', here('peers/tfjs/sasrec.mjs'), '--packages', TFJS],
    needs: `${TFJS}/node_modules/@tensorflow/tfjs-backend-wasm`,
  },
} as const;

export type PeerName = keyof typeof PEERS;

/** What keeps a peer from running here, in words for the report; undefined when nothing does. */
export function peerAbsence(name: PeerName): string | undefined {
  return existsSync(PEERS[name].needs)
    ? undefined
    : `${name} left out: not installed (bench/peers/README.md)`;
}

/** Starts a known peer with further arguments (`--loss full`, `--compile`, …) and waits until it is warm. */
export function startPeer(name: PeerName, args: readonly string[] = [], limits?: PeerLimits): Promise<Peer> {
  const { program, args: fixed } = PEERS[name];
  return startProgram({ program, args: [...fixed, ...args] }, limits);
}

/**
 * Starts any program that speaks the protocol of bench/peers/README.md.
 *
 * @throws Error with the end of its stderr when it cannot start, ends early, is late or says something else
 */
export async function startProgram(command: PeerCommand, limits: PeerLimits = {}): Promise<Peer> {
  const { readyMs = 600_000, runMs = 600_000 } = limits;
  const child = spawn(command.program, command.args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = readLines(child, command.program);
  const stop = () => end(child);
  const ask = async <T>(field: string, limitMs: number): Promise<T> => {
    try {
      const line = await lines.next(limitMs);
      const message: unknown = JSON.parse(line);
      if (typeof message !== 'object' || message === null || !(field in message)) {
        throw lines.complaint(`expected a line with "${field}", got ${line.slice(0, 80)}`);
      }
      return message as T;
    } catch (error) {
      await stop();
      throw error instanceof SyntaxError
        ? lines.complaint('expected one JSON document a line', error)
        : error;
    }
  };
  const ready = await ask<PeerReady>('ready', readyMs);
  return {
    ready,
    run(steps) {
      child.stdin!.write(`${JSON.stringify({ steps })}\n`);
      return ask<PeerSteps>('milliseconds', runMs);
    },
    stop,
  };
}

interface Lines {
  /** The next line of stdout; one caller at a time. */
  next(limitMs: number): Promise<string>;
  /** An error that names the program and quotes the end of its stderr. */
  complaint(text: string, cause?: unknown): Error;
}

function readLines(child: ChildProcess, program: string): Lines {
  const waiting: string[] = [];
  let over: string | undefined;
  let tail = '';
  let wake = (): void => {};
  const finish = (reason: string): void => {
    over ??= reason;
    wake();
  };
  createInterface({ input: child.stdout! }).on('line', (line) => {
    waiting.push(line);
    wake();
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  // A peer that is gone refuses what we write; its end is told by `close`.
  child.stdin!.on('error', () => {});
  child.on('error', (error) => finish(error.message));
  child.on('close', (code, signal) => finish(`ended with ${signal ?? `exit code ${code}`}`));
  const complaint = (text: string, cause?: unknown): Error =>
    new Error(`peer ${program}: ${text}${tail === '' ? '' : `\n${tail.trimEnd()}`}`, { cause });
  return {
    complaint,
    async next(limitMs) {
      const deadline = performance.now() + limitMs;
      while (waiting.length === 0 && over === undefined) {
        const left = deadline - performance.now();
        if (left <= 0) throw complaint(`no answer within ${limitMs} ms`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const line = waiting.shift();
      if (line === undefined) throw complaint(over ?? 'ended');
      return line;
    },
  };
}

/** The end of stdin asks the child to leave; after two seconds it is made to. Only ever our own child. */
function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin!.end();
  });
}
