import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { type Verification, verify } from '../verify/verify.ts'

interface VerifyFlags {
  readonly config: Readonly<Record<string, unknown>>
  readonly json?: boolean
}

/** `holdfast verify <package>`: ends with 0 when a node can use the package, otherwise with 1. */
export function verifyCommand(): Command {
  return new Command('verify')
    .summary('show that a node can use a plugin or backend')
    .description(
      'Loads a package as a node does, step by step, in a node of its own. A backend has to keep, read and delete one ' +
        'file: let its options name a store that nothing else uses, for the node leaves its records there.',
    )
    .argument('<package>', 'its name, as a config file in this folder would say it')
    .option('--config <json>', 'options for the plugin, such as \'{"file":"./new.db"}\'', readJson, {})
    .option('--json', 'print one JSON object')
    .action(async (name: string, { config, json }: VerifyFlags) => {
      const verification = await verify(name, {
        options: config,
        from: join(process.cwd(), 'holdfast.config.json'),
      })
      // What the package has left must not keep the process from ending.
      process.stdout.write(`${json ? JSON.stringify(verification) : told(verification)}\n`, () =>
        process.exit(verification.ok ? 0 : 1),
      )
    })
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('It is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('It is not an object of options.')
  return value as Record<string, unknown>
}

function told({ name, plugin, steps, ok }: Verification): string {
  const lines = steps.map((result) =>
    result.ok ? `ok      ${result.step}` : `failed  ${result.step}: ${result.problem}`,
  )
  const what = plugin ? `${name} (${plugin.id} ${plugin.version})` : name
  return [...lines, ok ? `${what} can be used` : `${what} cannot be used yet`].join('\n')
}
