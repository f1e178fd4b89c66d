// What the test page does: offers the checks by name to whoever drives the browser.

import { checkOnnx } from '../../src/tensor/checks/check.ts';
import { OPS } from '../../src/tensor/ops.ts';
import { openWebBackend } from '../../src/tensor/session/session-web.ts';
import { trainSmallModel } from './small-training.ts';

export interface BrowserChecks {
  /** The largest deviation of any case of each row from its reference. */
  checkOps(): Promise<Readonly<Record<string, number>>>;
  /** Losses of the small model, one a step. */
  train(steps: number): Promise<readonly number[]>;
}

const threads = Number(
  new URLSearchParams((globalThis as { location?: { search: string } }).location?.search).get('threads') ?? 1,
);

const checks: BrowserChecks = {
  async checkOps() {
    const backend = await openWebBackend({ threads });
    const errors: Record<string, number> = {};
    for (const op of OPS)
      for (const one of op.cases)
        errors[op.name] = Math.max(errors[op.name] ?? 0, (await checkOnnx(op, one, backend)).error);
    return errors;
  },
  train: async (steps) => trainSmallModel(await openWebBackend({ threads }), { steps }),
};

Object.assign(globalThis, { checks });
