import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'examples/*', 'simulation', 'scripts', 'scripts/packed'],
    globalSetup: ['scripts/failpoints/census.ts'],
  },
})
