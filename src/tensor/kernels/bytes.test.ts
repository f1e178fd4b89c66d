// The committed WebAssembly is what its source compiles to.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KERNEL_BASE64, KERNEL_HASH } from './bytes.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('the committed binary', () => {
  it('is what the sources beside it compile to', () => {
    const built = execFileSync(process.execPath, [join(root, 'scripts/build-kernels.mjs'), '--print'], {
      encoding: 'utf8',
    });
    expect(built).toBe(
      readFileSync(join(root, 'src/tensor/kernels/bytes.ts'), 'utf8').replaceAll('\r\n', '\n'),
    );
    const binary = Buffer.from(KERNEL_BASE64, 'base64');
    expect(createHash('sha256').update(binary).digest('hex')).toBe(KERNEL_HASH);
    expect(binary.length, 'Chrome compiles at once, outside a worker, up to 4 KB').toBeLessThan(4096);
  });
});
