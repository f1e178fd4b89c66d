// The thread in which answers are measured: intervals take seconds of arithmetic, and a server must answer meanwhile.
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../core/errors.ts';
import { openWorkspace } from '../../data/workspace.ts';
import { type MeasuredAnswers, type MeasuredTask, measureAnswers } from './measure-answers.ts';

export interface MeasureStart {
  readonly workspaceDir: string;
  readonly tasks: readonly MeasuredTask[];
  readonly knownUntilMs?: number;
}

export type MeasureReply =
  | { readonly measured: MeasuredAnswers }
  | { readonly fault: { readonly code: string; readonly message: string } };

const { workspaceDir, ...asked } = workerData as MeasureStart;
try {
  const measured = await measureAnswers(openWorkspace(workspaceDir), { ...asked, threads: 1 });
  parentPort?.postMessage({ measured } satisfies MeasureReply);
} catch (cause) {
  if (!(cause instanceof AppError)) throw cause;
  parentPort?.postMessage({ fault: { code: cause.code, message: cause.message } } satisfies MeasureReply);
}
