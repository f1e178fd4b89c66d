// Compiles the AssemblyScript kernels to src/tensor/kernels/bytes.ts; with --print, to standard output instead.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = 'src/tensor/kernels/assembly';
const sources = readdirSync(join(root, folder))
  .filter((name) => name.endsWith('.ts') && name !== 'lanes.ts')
  .sort()
  .map((name) => `${folder}/${name}`);

// No runtime and no static data: the kernels see the arena and nothing else.
const options =
  '--importMemory --noExportMemory --initialMemory 1 --runtime stub --enable simd -O3 --noAssert';
let binary;
const { error, stderr } = await asc.main([...sources, ...options.split(' '), '--outFile', 'kernels.wasm'], {
  // with one line end everywhere, a checkout on Windows gives the same bytes
  readFile: (name, base) => {
    try {
      return readFileSync(join(root, base, name), 'utf8').replaceAll('\r\n', '\n');
    } catch {
      return null;
    }
  },
  writeFile: (name, contents) => {
    if (name === 'kernels.wasm') binary = contents;
  },
  listFiles: () => [],
});
if (error || !binary) {
  console.error(`${error?.message ?? 'no binary came out'}\n${stderr.toString()}`);
  process.exit(1);
}

const text = `// The kernels of ./assembly as WebAssembly, written by scripts/build-kernels.mjs: change those, not this.

/** SHA-256 of the binary. */
export const KERNEL_HASH = '${createHash('sha256').update(binary).digest('hex')}';

/** The binary, ${binary.length} bytes, in base64: small enough for a browser to compile at once. */
export const KERNEL_BASE64 =
  '${Buffer.from(binary).toString('base64')}';
`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(join(root, 'src/tensor/kernels/bytes.ts'), text);
