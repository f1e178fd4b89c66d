import { defineConfig } from 'vitest/config';

// Two workers: the product is built for a two-core machine, and DuckDB brings threads of its own.
export default defineConfig({
  test: {
    projects: [
      // Modules keep no state of a test: they are loaded once a worker instead of once a file.
      { extends: true, test: { name: 'src', include: ['src/**/*.test.ts'], isolate: false } },
      // These run whole commands, servers and signals: a process each.
      {
        extends: true,
        test: { name: 'flows', include: ['test/**/*.test.ts', 'bench/**/*.test.ts', 'sdk/**/*.test.ts'] },
      },
    ],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
