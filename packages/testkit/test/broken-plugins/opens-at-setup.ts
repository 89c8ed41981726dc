import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeBroken } from './base/describe-broken.ts'

// A file that is open before anybody has started the node, and stays open when nobody does.
describeBroken(() => ({
  setup: () => void openSync(fileURLToPath(import.meta.url), 'r'),
}))
