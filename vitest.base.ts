import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Maps the names of our packages to their sources. */
const SOURCES = ['holdfast-source']

/** A package's own suite. Tests import packages by name; without a condition they get what was built. */
export const project = (name: string, conditions: readonly string[] = SOURCES) =>
  defineConfig({
    resolve: { conditions: [...conditions, 'node'] },
    ssr: { resolve: { conditions: [...conditions, 'node'] } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      pool: 'forks',
      execArgv: [...conditions.map((condition) => `--conditions=${condition}`), '--expose-gc'],
      testTimeout: 20_000,
      passWithNoTests: false,
      expect: { requireAssertions: true },
      // Crash tests start hundreds of processes on the sources: they need half the time when types are stripped once.
      env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.reports', 'compile-cache') },
    },
  })
