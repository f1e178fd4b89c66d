// The committed WebAssembly of every room is what its sources compile to.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rooms = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name === 'assembly')
  .map((entry) => entry.parentPath.slice(root.length + 1).replaceAll('\\', '/'))
  .sort();

test('there are rooms with kernels', () => {
  expect(rooms).toContain('src/tensor/kernels');
});

describe.each(rooms)('%s', (folder) => {
  test('holds the binary its sources compile to', { timeout: 60_000 }, async () => {
    const built = execFileSync(process.execPath, ['scripts/build-kernels.mjs', '--print', folder], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(built).toBe(readFileSync(join(root, folder, 'bytes.ts'), 'utf8').replaceAll('\r\n', '\n'));
    const { KERNEL_BASE64, KERNEL_HASH } = await import(join(root, folder, 'bytes.ts'));
    const binary = Buffer.from(KERNEL_BASE64, 'base64');
    expect(createHash('sha256').update(binary).digest('hex')).toBe(KERNEL_HASH);
  });
});
