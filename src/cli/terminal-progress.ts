// Progress for people: a bar that redraws itself on a terminal, a plain line now and then anywhere else.
import type { Progress, ProgressStep } from '../core/progress.ts';

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const REDRAW_MS = 80;
const LINE_MS = 5000;
const BAR_WIDTH = 24;

/** Progress that can take its unfinished bar off the screen, so that other text starts on a line of its own. */
export interface TerminalProgress extends Progress {
  clear(): void;
}

/** @param now a clock in ms, for tests */
export function terminalProgress(output: Output, now: () => number = Date.now): TerminalProgress {
  return output.isTTY ? barProgress(output, now) : lineProgress(output, now);
}

function barProgress(output: Output, now: () => number): TerminalProgress {
  let shown = '';
  let drawnMs = 0;
  let task = '';
  let startedMs = 0;
  const clear = () => {
    if (shown) output.write(`\r\u001b[2K`);
    shown = '';
  };
  return {
    step(step) {
      if (step.task !== task) {
        task = step.task;
        startedMs = now();
      }
      const finished = step.total !== undefined && step.done >= step.total;
      if (!finished && now() - drawnMs < REDRAW_MS) return;
      drawnMs = now();
      clear();
      if (finished) {
        task = '';
        return;
      }
      shown = barText(step, (now() - startedMs) / 1000).slice(0, Math.max(20, (output.columns ?? 100) - 1));
      output.write(shown);
    },
    note(message) {
      clear();
      output.write(`${message}\n`);
    },
    clear,
  };
}

/** `fit logistic  ███████░░░░░  12/20 folds  60 %  3 s` */
export function barText(step: ProgressStep, seconds: number): string {
  const unit = step.unit ? ` ${step.unit}` : '';
  const time = `${seconds.toFixed(0)} s`;
  if (step.total === undefined || step.total <= 0) return `${step.task}  ${count(step.done)}${unit}  ${time}`;
  const share = Math.min(1, step.done / step.total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  return `${step.task}  ${bar}  ${count(step.done)}/${count(step.total)}${unit}  ${Math.floor(share * 100)} %  ${time}`;
}

function lineProgress(output: Output, now: () => number): TerminalProgress {
  let spokenMs = now();
  return {
    step(step) {
      if (now() - spokenMs < LINE_MS) return;
      spokenMs = now();
      const of = step.total === undefined ? '' : ` of ${count(step.total)}`;
      output.write(`${step.task}: ${count(step.done)}${of}${step.unit ? ` ${step.unit}` : ''}\n`);
    },
    note(message) {
      output.write(`${message}\n`);
    },
    // Every line is whole already.
    clear() {},
  };
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
