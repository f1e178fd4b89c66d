// The committed WebAssembly is what its source compiles to.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KERNEL_BASE64, KERNEL_HASH } from './bytes.ts';

const root = fileURLToPath(new URL('../../../../..', import.meta.url));
const folder = 'src/models/forest/attribution/kernels';

describe('the committed binary', () => {
  it('is what the sources beside it compile to', { timeout: 60_000 }, () => {
    const script = join(root, 'scripts/build-kernels.mjs');
    const built = execFileSync(process.execPath, [script, '--print', folder], { encoding: 'utf8' });
    expect(built).toBe(readFileSync(join(root, folder, 'bytes.ts'), 'utf8').replaceAll('\r\n', '\n'));
    const binary = Buffer.from(KERNEL_BASE64, 'base64');
    expect(createHash('sha256').update(binary).digest('hex')).toBe(KERNEL_HASH);
  });
});
