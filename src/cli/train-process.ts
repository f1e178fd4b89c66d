// Training in a process of its own, at the lowest priority: a server beside it goes on answering, whatever becomes of it.
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { AppError, ERROR_CODES, type ErrorCode } from '../core/errors.ts';
import type { RetrainingOutcome, Trainer } from '../serve/lifecycle/retraining.ts';

/** Set for a training that is to end when whoever began it does. */
export const SUPERVISED = 'FORESELL_SUPERVISED';

export interface TrainProcessParts {
  /** The program and what comes before the command: `[node, bin/foresell.js]`. */
  readonly program: readonly [string, ...string[]];
  readonly workspaceDir: string;
  readonly threads: number;
  /** The process is ended after so long. */
  readonly limitMs: number;
  /** Further words of the command: how an accepted version comes into service. */
  readonly words: readonly string[];
  /** Between being asked to end and being ended. */
  readonly graceMs?: number;
}

const GRACE_MS = 10_000;
/** Of what the process says; its document is far smaller. */
const MOST_SAID = 2 ** 20;

/** Runs `retrain TASK --json`. @throws AppError what the process said, or how it ended; INTERRUPTED when told to stop */
export function processTrainer(parts: TrainProcessParts): Trainer {
  const { program, workspaceDir, threads, limitMs, words, graceMs = GRACE_MS } = parts;
  return (task, signal) =>
    new Promise<RetrainingOutcome>((resolve, reject) => {
      if (signal.aborted) {
        reject(new AppError('INTERRUPTED', 'training was stopped before it began'));
        return;
      }
      const [command, ...before] = program;
      const shared = ['--json', '--workspace', workspaceDir, '--threads', String(threads)];
      const child = spawn(command, [...before, 'retrain', task, ...words, ...shared], {
        stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
        env: { ...process.env, [SUPERVISED]: '1' },
      });
      lowerPriority(child.pid);
      let said = '';
      let isLate = false;
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        if (said.length < MOST_SAID) said += text;
      });
      let kill: NodeJS.Timeout | undefined;
      const stop = (): void => {
        child.kill('SIGTERM');
        kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
      };
      const limit = setTimeout(() => {
        isLate = true;
        stop();
      }, limitMs);
      signal.addEventListener('abort', stop, { once: true });
      const settle = (): void => {
        clearTimeout(limit);
        clearTimeout(kill);
        signal.removeEventListener('abort', stop);
      };
      child.once('error', (cause) => {
        settle();
        reject(new AppError('NOT_FOUND', `expected to start a process for training`, {}, cause));
      });
      child.once('close', (code, killedBy) => {
        settle();
        const document = parsed(said);
        if (code === 0 && isOutcome(document)) resolve(document);
        else if (signal.aborted) reject(new AppError('INTERRUPTED', `training of ${task} was stopped`));
        else if (isLate)
          reject(
            new AppError('BUSY', `training of ${task} took longer than its limit of ${limitMs / 60_000} min`),
          );
        else reject(errorOf(document, `training of ${task} ended with ${killedBy ?? `exit code ${code}`}`));
      });
    });
}

/** Where the system refuses, training goes on at the usual priority. */
function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system knows no priorities.
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const VERDICTS: readonly unknown[] = ['accepted', 'kept', 'unchanged'];

const isOutcome = (value: unknown): value is RetrainingOutcome => {
  const { verdict, reason, said } = (value ?? {}) as Record<string, unknown>;
  return VERDICTS.includes(verdict) && typeof reason === 'string' && typeof said === 'string';
};

/** The command's own error, whose message never holds a customer's data. */
function errorOf(document: unknown, otherwise: string): AppError {
  const { error } = (document ?? {}) as {
    readonly error?: { readonly code?: unknown; readonly message?: unknown };
  };
  const isKnown = typeof error?.code === 'string' && Object.hasOwn(ERROR_CODES, error.code);
  return isKnown && typeof error.message === 'string'
    ? new AppError(error.code as ErrorCode, error.message)
    : new AppError('BUSY', otherwise);
}
