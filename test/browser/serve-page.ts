// A loopback server with one page: our code in one piece, and onnxruntime-web's files as they are.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const RUNTIME = dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm')));

const PAGE = `<!doctype html><meta charset="utf-8"><title>foresell in a browser</title>
<script type="importmap">{"imports":{"onnxruntime-web/wasm":"/runtime/ort.wasm.bundle.min.mjs"}}</script>
<script type="module" src="/page.js"></script>`;

const TYPES: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface ServedPage {
  /** Ends in a slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** The bundler refuses modules of Node: what the page imports runs in any browser. */
export async function servePage(): Promise<ServedPage> {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, 'page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['onnxruntime-web/wasm'],
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.contents as Uint8Array;
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    // Cross-origin isolation: without these two a page has no threads.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (pathname === '/') {
      response.setHeader('Content-Type', 'text/html').end(PAGE);
      return;
    }
    response.setHeader('Content-Type', TYPES[extname(pathname)] ?? 'application/octet-stream');
    if (pathname === '/page.js') response.end(code);
    else if (dirname(pathname) === '/runtime')
      response.end(await readFile(join(RUNTIME, basename(pathname))));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
