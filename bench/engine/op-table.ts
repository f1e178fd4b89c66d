// The op table, counted: rows, cases, and the worst deviation of each kind. The tests hold the same checks one by one.
import { checkGradient, checkOnnx, type Deviation } from '../../src/tensor/checks/check.ts';
import type { AnyOp, OpCase } from '../../src/tensor/graph.ts';
import { OPS } from '../../src/tensor/ops.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atMost } from '../bench.ts';
import type { MeasurePart } from './part.ts';

export const measureOpTable: MeasurePart = async ({ log }) => {
  const rows = OPS.filter(({ cases }) => cases.length > 0);
  const float = await worst(rows, (op, one) => checkOnnx(op, one, nodeBackend, 'float'));
  const double = await worst(rows, (op, one) => checkOnnx(op, one, nodeBackend, 'double'));
  const differentiable = rows.filter(({ gradient }) => gradient !== undefined);
  const gradient = await worst(differentiable, async (op, one) => checkGradient(op, one));
  const cases = rows.reduce((total, row) => total + row.cases.length, 0);
  log(`  ${rows.length} rows, ${cases} cases, ${differentiable.length} rows with a gradient`);
  return {
    targets: [
      atMost(
        `op table: onnxruntime against the reference, worst of ${cases} cases`,
        float.error,
        2e-5,
        float.at,
      ),
      atMost('op table in float64 mode: the same', double.error, 1e-9, double.at),
      atMost(
        `op table: gradient against the central difference, worst of ${differentiable.length} rows`,
        gradient.error,
        1e-5,
        gradient.at,
      ),
    ],
    figures: { rows: rows.length, cases, differentiable: differentiable.length },
  };
};

async function worst(
  rows: readonly AnyOp[],
  check: (op: AnyOp, one: OpCase) => Promise<Deviation>,
): Promise<Deviation> {
  let found: Deviation = { error: 0, at: 'nothing' };
  for (const op of rows)
    for (const one of op.cases) {
      const { error, at } = await check(op, one);
      if (error > found.error) found = { error, at: `${op.name}: ${at}` };
    }
  return found;
}
