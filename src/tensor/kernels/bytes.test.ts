import { expect, test } from 'vitest';
import { KERNEL_BASE64 } from './bytes.ts';

test('the kernels are small enough for a browser', () => {
  const binary = Buffer.from(KERNEL_BASE64, 'base64');
  expect(binary.length, 'Chrome compiles at once, outside a worker, up to 4 KB').toBeLessThan(4096);
});
