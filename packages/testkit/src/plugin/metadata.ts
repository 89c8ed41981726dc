import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { isPlugin, type Plugin } from '@holdfast/core'
import { expect, it } from 'vitest'
import { LAWS } from './laws.ts'
import type { PackageMetadata } from './options.ts'
import type { Subject } from './subject.ts'

const CORE = '@holdfast/core'

export function metadata(subject: Subject): void {
  const wrong = (how: string) => subject.breaks('metadata', how)

  it(`[K-02] ${LAWS.metadata}: name, version, keyword, peer`, () => {
    const plugin = subject.factory()
    const { name, version, keywords = [], dependencies = {}, peerDependencies = {} } = metadataOf(subject)
    expect(plugin.name, wrong('its name is not the name of its package')).toBe(name)
    expect(plugin.version, wrong('its version is not the version of its package')).toBe(version)
    expect(keywords, wrong('its package cannot be found without the keyword holdfast-plugin')).toContain(
      'holdfast-plugin',
    )
    expect(
      Object.keys(peerDependencies),
      wrong(`${CORE} must be a peer dependency: the plugin works with the core of its node`),
    ).toContain(CORE)
    expect(
      Object.keys(dependencies),
      wrong(`${CORE} must not be a dependency: two copies of core are two kernels`),
    ).not.toContain(CORE)
  })

  it(`[K-02] ${LAWS.metadata}: it resolves from any folder`, () => {
    expect(
      hasDefaultCondition(metadataOf(subject).exports),
      wrong('exports["."] has no default condition: a config file in another folder cannot resolve it'),
    ).toBe(true)
  })

  it(`[K-02] ${LAWS.metadata}: it exports its factory as plugin`, async () => {
    const { plugin: named } = (await moduleOf(subject)) as { plugin?: unknown }
    expect(named, wrong('its package does not export the factory as `plugin`')).toBeTypeOf('function')
    const plugin = subject.factory()
    const made = (named as (options: object) => unknown)({ ...plugin.options })
    expect(isPlugin(made), wrong('what its package exports as `plugin` does not make a plugin')).toBe(true)
    expect((made as Plugin).id, wrong('what its package exports as `plugin` makes another plugin')).toBe(
      plugin.id,
    )
  })
}

function metadataOf({ options: { packageJson } }: Subject): PackageMetadata {
  if (!(packageJson instanceof URL)) return packageJson
  return JSON.parse(readFileSync(packageJson, 'utf8')) as PackageMetadata
}

/** The package as those see it who name it. */
export async function moduleOf(subject: Subject): Promise<object> {
  const { module, packageJson } = subject.options
  if (module) return module
  if (!(packageJson instanceof URL))
    throw new TypeError(
      'describePlugin with the content of a package.json also needs what it exports: module',
    )
  const { name = '' } = metadataOf(subject)
  // A package resolves its own name through its own exports.
  const file = createRequire(packageJson).resolve(name)
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as object
}

/** In `exports`, text stands for a default; conditions may be nested. */
function hasDefaultCondition(exports: unknown): boolean {
  if (typeof exports === 'string') return true
  if (typeof exports !== 'object' || exports === null) return false
  if ('.' in exports) return hasDefaultCondition(exports['.'])
  return 'default' in exports && hasDefaultCondition(exports.default)
}
