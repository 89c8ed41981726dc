import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'examples/*', 'scripts'],
    globalSetup: ['scripts/failpoints/census.ts'],
  },
})
