// Loads nodes of config files and says what became of them. Started by packages.ts, a process apart from the test
// runner: names are resolved by Node alone.
import { isHoldfastError } from '@holdfast/core'
import { loadNode } from 'holdfast'
import type { LoadRequest } from './packages.ts'

process.on('message', async ({ target, env }: LoadRequest) => process.send?.(await load(target, env)))
process.on('disconnect', () => process.exit())

async function load(target: string, env: LoadRequest['env']): Promise<object> {
  try {
    const node = await loadNode(target, { env })
    return { entries: node.explainConfig() }
  } catch (error) {
    if (!isHoldfastError(error)) return { message: String(error) }
    const { code, context, message, cause } = error
    return { code, context, message, cause: (cause as { code?: unknown } | undefined)?.code }
  }
}
