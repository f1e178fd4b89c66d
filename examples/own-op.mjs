// An op of one's own: one row, checked against the central difference and onnxruntime. Run: node examples/own-op.mjs
import { nodeBackend } from 'foresell/node';
import { abs, add, applyOne, checkGradient, checkOnnx, div, real, square } from 'foresell/tensor';

const softsignOp = {
  name: 'softsign',
  // The shape rule: what comes out, from what goes in. Throw AppError SHAPE when the inputs do not fit.
  infer: ([x]) => [{ dtype: x.dtype, axes: x.axes }],
  // The reference, in float64: row-major arrays in, row-major arrays out.
  evaluate: ([x]) => [x.map((value) => value / (1 + Math.abs(value)))],
  // The gradient, as more graph: (x / (1 + |x|))′ = 1 / (1 + |x|)².
  gradient: ({ inputs: [x] }, [g]) => [div(g, square(add(abs(x), 1)))],
  // What it is in ONNX: one op type, or a function that writes several nodes.
  emit: 'Softsign',
  // What the checks feed it.
  cases: [{ inputs: [real(3, 4)] }],
};

/** x / (1 + |x|): between −1 and 1, with heavier tails than tanh. */
const softsign = (x) => applyOne(softsignOp, [x], {});

for (const one of softsignOp.cases) {
  const [gradient, onnx] = [checkGradient(softsignOp, one), await checkOnnx(softsignOp, one, nodeBackend)];
  console.log(`gradient against the central difference: ${gradient.error.toExponential(1)}`);
  console.log(`onnxruntime against the reference: ${onnx.error.toExponential(1)}`);
  if (gradient.error > 1e-5 || onnx.error > 1e-5) process.exitCode = 1;
}
// From here on `softsign(x)` is used like any other op: in layers, in losses, in the browser.
export { softsign };
