import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'examples/*', 'simulation', 'scripts'],
    globalSetup: ['scripts/failpoints/census.ts'],
  },
})
