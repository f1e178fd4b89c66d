// Compiles the AssemblyScript kernels of each room to its bytes.ts; with --print FOLDER, one room's to standard output.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// No runtime and no static data: the kernels see the memory they are given and nothing else.
const common =
  '--importMemory --noExportMemory --initialMemory 1 --runtime stub --enable simd -O3 --noAssert';
const rooms = [
  {
    folder: 'src/tensor/kernels',
    options: common,
    why: 'small enough for a browser to compile at once',
  },
  {
    folder: 'src/models/gbdt/kernels',
    options: `${common} --sharedMemory --maximumMemory 65536 --enable threads`,
    why: 'its memory shared by all threads',
  },
  {
    folder: 'src/models/forest/kernels',
    options: `${common} --sharedMemory --maximumMemory 65536 --enable threads`,
    why: 'its memory shared by all threads',
  },
  {
    folder: 'src/models/forest/attribution/kernels',
    options: `${common} --sharedMemory --maximumMemory 65536 --enable threads`,
    why: 'its memory shared by all threads',
  },
  {
    folder: 'src/models/linear/normal/kernels',
    options: common,
    why: 'lanes over columns, sums over rows in their order',
  },
  {
    folder: 'src/models/sequence/neural/shortlist/kernels',
    options: common,
    why: 'products of whole numbers, eight at a time',
  },
];

async function compile({ folder, options, why }) {
  const sources = readdirSync(join(root, folder, 'assembly'))
    .filter((name) => name.endsWith('.ts') && name !== 'lanes.ts')
    .sort()
    .map((name) => `${folder}/assembly/${name}`);
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
  return `// The kernels of ./assembly as WebAssembly, written by scripts/build-kernels.mjs: change those, not this.

/** SHA-256 of the binary. */
export const KERNEL_HASH = '${createHash('sha256').update(binary).digest('hex')}';

/** The binary, ${binary.length} bytes, in base64: ${why}. */
export const KERNEL_BASE64 =
  '${Buffer.from(binary).toString('base64')}';
`;
}

const printed = process.argv.indexOf('--print');
if (printed < 0) {
  for (const room of rooms) writeFileSync(join(root, room.folder, 'bytes.ts'), await compile(room));
} else {
  const folder = process.argv[printed + 1] ?? rooms[0].folder;
  process.stdout.write(await compile(rooms.find((room) => room.folder === folder)));
}
