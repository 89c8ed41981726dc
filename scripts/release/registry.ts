import { pnpmAsync } from './pnpm.ts'

/** What the registry has of a package. */
export type Registered =
  | { readonly kind: 'unknown-package' }
  | {
      readonly kind: 'published'
      readonly versions: readonly string[]
      /** By tag: `latest` is what people get who name no version. */
      readonly tags: Readonly<Record<string, string>>
    }

/**
 * Asks the registry that pnpm is configured for.
 * @throws Error when it does not answer: what it has is not known then
 */
export async function registered(root: string, name: string, registry?: string): Promise<Registered> {
  const from = registry === undefined ? [] : [`--registry=${registry}`]
  const args = ['view', name, 'versions', 'dist-tags', '--json', '--config.fetch-retries=0', ...from]
  const said = await pnpmAsync(root, args)
  const answer = parsed(said.stdout)
  if (said.status === 0 && answer?.['dist-tags'] !== undefined) {
    return {
      kind: 'published',
      versions: [answer.versions ?? []].flat(),
      tags: answer['dist-tags'],
    }
  }
  if (answer?.error?.code === 'ERR_PNPM_FETCH_404') return { kind: 'unknown-package' }
  const why = answer?.error?.message ?? `${said.stdout}${said.stderr}`.trim()
  throw new Error(`the registry did not say what it has of ${name}: ${why}`)
}

interface Answer {
  readonly versions?: string | readonly string[]
  readonly 'dist-tags'?: Readonly<Record<string, string>>
  readonly error?: { readonly code: string; readonly message: string }
}

function parsed(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer
  } catch {
    return undefined
  }
}
