export const KINDS = ['backend', 'plugin'] as const
/** What the new package has in it. */
export type Kind = (typeof KINDS)[number]

/** What the new package and its parts are called. */
export interface Names {
  /** On npm: `@acme/holdfast-backend-x`. */
  readonly name: string
  /** In a node: `backend-x`. */
  readonly id: string
  /** In code: `backendX`. */
  readonly factory: string
}

/** A name that cannot be taken; the message says why. */
export class NameProblem extends Error {
  override readonly name = 'NameProblem'
}

const NPM_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/
const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** What a factory cannot be called: words of the language, and names that the templates have; a test compares them. */
const TAKEN = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static ' +
    'super switch this throw true try typeof var void while with yield arguments eval undefined ' +
    'plugin shape text problem options folder join coded read write list call create-hash create-ids create-require ' +
    'check-range chunks-of compare-bytes define-plugin describe-backend describe-plugin is-holdfast-error message-of ' +
    'mkdtemp-sync pieces-of result-of rm-sync set-immediate stored-of system-clock throw-if-aborted tmpdir ' +
    'unless-aborted after-all'
  ).split(' '),
)

/**
 * All names of a package, from the one on npm: its scope and `holdfast-` are no part of the id, nor is `plugin-`.
 * @throws NameProblem
 */
export function namesOf(name: string, givenId?: string): Names {
  if (name.length > 214 || !NPM_NAME.test(name))
    throw new NameProblem(
      `"${name}" cannot be a name on npm: take small letters, digits and dashes, such as @acme/holdfast-backend-x`,
    )
  const words = name
    .replace(/^@[^/]*\//, '')
    .replace(/^holdfast-(?=.)/, '')
    .replace(/^plugin-(?=.)/, '')
    .split(/[^a-z0-9]+/)
  const id = givenId ?? words.filter((word) => word !== '').join('-')
  if (!ID.test(id) || id === 'node')
    throw new NameProblem(
      `"${id}" cannot be the id of a plugin: take kebab-case that begins with a letter, and not "node"; --id gives one`,
    )
  const camel = id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  return { name, id, factory: TAKEN.has(id) ? `${camel}Plugin` : camel }
}

/** `backendX` as the beginning of a type's name. */
export function capitalised(factory: string): string {
  return factory.charAt(0).toUpperCase() + factory.slice(1)
}
