#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command } from 'commander'
import { verifyCommand } from './commands/verify.ts'

// The same path from `src` and from `dist`.
const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }

await new Command('holdfast')
  .description('A storage node that never loses a file it lists.')
  .version(version)
  .addCommand(verifyCommand())
  .parseAsync()
