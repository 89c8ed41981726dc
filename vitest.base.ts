import { defineConfig } from 'vitest/config'

/** A package's own suite. Tests import packages by name; the condition maps the names to the sources. */
export const project = (name: string) =>
  defineConfig({
    resolve: { conditions: ['holdfast-source', 'node'] },
    ssr: { resolve: { conditions: ['holdfast-source', 'node'] } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      pool: 'forks',
      execArgv: ['--conditions=holdfast-source', '--expose-gc'],
      testTimeout: 20_000,
      passWithNoTests: false,
      expect: { requireAssertions: true },
    },
  })
