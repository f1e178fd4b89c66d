// How long onnxruntime alone takes for the matrix products of a graph, each at its own shape: the floor of a step.
import { random } from '../../src/core/random.ts';
import { nodesBelow, type Tensor } from '../../src/tensor/graph.ts';
import { emitModel } from '../../src/tensor/onnx/emit.ts';
import { input } from '../../src/tensor/ops/leaf.ts';
import { type MatmulOptions, matmul } from '../../src/tensor/ops/matrix.ts';
import { slice } from '../../src/tensor/ops/structure.ts';
import type { Session } from '../../src/tensor/session/session.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { volume } from '../../src/tensor/type.ts';
import { median } from './part.ts';

/** Products of one shape, and how many of them a graph holds. */
export interface Product {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly options: MatmulOptions;
  readonly count: number;
  readonly flops: number;
}

export function productsOf(outputs: readonly Tensor[]): readonly Product[] {
  const found = new Map<string, Product>();
  for (const { op, inputs, outputs: made, attributes } of nodesBelow(outputs)) {
    if (op.name !== 'matmul') continue;
    const [left, right] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[]];
    const options = attributes as MatmulOptions;
    const key = JSON.stringify([left, right, options]);
    const inner = left.at(options.transposeLeft ? -2 : -1) as number;
    const flops = 2 * volume((made[0] as Tensor).shape) * inner;
    found.set(key, { left, right, options, flops, count: (found.get(key)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

/** One session a shape, ready to be timed again and again. */
export interface ProductTimer {
  /** Milliseconds of all products of the graph, one run each, weighted by their counts. */
  measure(): Promise<number>;
  readonly flops: number;
  close(): Promise<void>;
}

export async function openProductTimer(products: readonly Product[], threads: number): Promise<ProductTimer> {
  const draws = random(3);
  const opened = await Promise.all(
    products.map(async (product) => {
      const left = input('left', 'float', product.left);
      const right = input('right', 'float', product.right);
      const whole = matmul(left, right, product.options);
      // One number leaves the graph, so that no copy of the product is measured.
      const corner = whole.shape.reduce((x, _, axis) => slice(x, axis, 0, 1), whole);
      const session = await nodeBackend.open(emitModel({ corner }), { threads });
      const feeds = {
        left: Float32Array.from({ length: volume(product.left) }, () => draws.uniform() - 0.5),
        right: Float32Array.from({ length: volume(product.right) }, () => draws.uniform() - 0.5),
      };
      return { product, session, feeds };
    }),
  );
  return {
    flops: products.reduce((total, { flops, count }) => total + flops * count, 0),
    measure: async () => {
      let total = 0;
      for (const { product, session, feeds } of opened)
        total += product.count * (await timed(session, feeds));
      return total;
    },
    close: async () => {
      for (const { session } of opened) await session.release();
    },
  };
}

async function timed(session: Session, feeds: Readonly<Record<string, Float32Array>>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const startedMs = performance.now();
    await session.run(feeds);
    times.push(performance.now() - startedMs);
  }
  return median(times);
}
