import { fileURLToPath } from 'node:url'

/** Arguments for Node that run a program which lies beside the module at `from`; it finds the same packages as this process. */
export function programArguments(from: string, name: string): string[] {
  const file = from.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`
  return [...conditions(), fileURLToPath(new URL(file, from))]
}

function conditions(): string[] {
  return process.execArgv.flatMap((arg, index) => {
    if (arg === '-C' || arg === '--conditions') return [arg, process.execArgv[index + 1] ?? '']
    return arg.startsWith('--conditions=') ? [arg] : []
  })
}
