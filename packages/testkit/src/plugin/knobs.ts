import { isHoldfastError, type Knob, type Plugin } from '@holdfast/core'
import { expect, it } from 'vitest'
import { LAWS } from './laws.ts'
import { moduleOf } from './metadata.ts'
import { observed } from './observed.ts'
import { placeFor, type Subject } from './subject.ts'

/** What became of a plugin with certain options. */
type Assembly =
  | { readonly taken: true; readonly config: Readonly<Record<string, unknown>> }
  | { readonly taken: false; readonly error: unknown }

export function knobs(subject: Subject, declared: readonly string[]): void {
  const wrong = (how: string) => subject.breaks('knobs', how)
  const samples = subject.options.knobs ?? {}

  function assemble(options: Plugin['options'], plugin = subject.factory()): Assembly {
    using at = placeFor(subject)
    const { plugin: other, seen } = observed(plugin, options)
    try {
      subject.assemble(at.place, other)
      return { taken: true, config: seen.config }
    } catch (error) {
      return { taken: false, error }
    }
  }

  /** Its own options, with one of them taken out. */
  const without = (name: string): Record<string, unknown> => {
    const { [name]: _, ...others } = subject.factory().options
    return others
  }
  const knobOf = (name: string) => subject.factory().config[name] as Knob<unknown>

  function expectRefusalByName(name: string, value: unknown, { error }: { readonly error: unknown }) {
    const told = JSON.stringify(value) ?? 'no value'
    expect(
      isHoldfastError(error) && error.code,
      wrong(`option ${name} fails on ${told} with ${String(error)}, not with HF_ASSEMBLY_INVALID`),
    ).toBe('HF_ASSEMBLY_INVALID')
    expect(
      String(error),
      wrong(`option ${name} fails on ${told} without being named: refuse the value where the knob reads it`),
    ).toMatch(new RegExp(`option "?${name}\\b`))
    // A reader that stumbles over a value has not judged it.
    expect(
      readerBug(knobOf(name), value),
      wrong(`option ${name} crashes on ${told} where it should say what is wrong with it`),
    ).toBeUndefined()
  }

  for (const name of declared) {
    it(`[K-10] ${LAWS.knobs}: ${name}, unset`, () => {
      const { default: fallback } = knobOf(name)
      const assembly = assemble(without(name))
      if (assembly.taken)
        expect(
          assembly.config[name],
          wrong(`option ${name} is not its default when nothing is given`),
        ).toEqual(fallback)
      else {
        expect(fallback, wrong(`option ${name} has a default and is refused when nothing is given`)).toBe(
          undefined,
        )
        expectRefusalByName(name, undefined, assembly)
      }
    })

    it(`[K-10] ${LAWS.knobs}: ${name}, 0`, () => {
      const assembly = assemble({ ...without(name), [name]: 0 })
      if (!assembly.taken) return expectRefusalByName(name, 0, assembly)
      const { default: fallback } = knobOf(name)
      if (fallback === 0) expect(assembly.config[name], wrong(`option ${name} does not take 0 as 0`)).toBe(0)
      else
        expect(assembly.config[name], wrong(`option ${name} reads 0 as if nothing were given`)).not.toEqual(
          fallback,
        )
    })

    it(`[K-10] ${LAWS.knobs}: ${name}, negative`, () => {
      const assembly = assemble({ ...without(name), [name]: -1 })
      if (!assembly.taken) return expectRefusalByName(name, -1, assembly)
      const { doc, negative = '' } = knobOf(name)
      expect(
        `${doc} ${negative}`,
        wrong(`option ${name} takes -1 and does not say what a negative value means; refuse it, or say it`),
      ).toMatch(NEGATIVE_SAID)
    })

    if (Object.hasOwn(samples, name))
      it(`[K-10] ${LAWS.knobs}: ${name}, as the sample says`, () => {
        const assembly = assemble({ ...without(name), [name]: samples[name] })
        expect(
          assembly.taken,
          wrong(`option ${name} refuses the sample ${JSON.stringify(samples[name])}`),
        ).toBe(true)
      })
  }

  it(`[K-10] ${LAWS.unknownOption}`, async () => {
    const unknown = 'suiteNoSuchOption'
    const { plugin: named } = (await moduleOf(subject)) as { plugin?: (options: object) => Plugin }
    const own = subject.factory()
    const made = named?.({ ...own.options, [unknown]: 1 }) ?? own
    const assembly = assemble({ ...made.options }, made)
    const missed = 'a misspelt option goes unnoticed; hand all options to definePlugin'
    expect(assembly.taken, subject.breaks('unknownOption', missed)).toBe(false)
    expect(String('error' in assembly && assembly.error), subject.breaks('unknownOption', missed)).toContain(
      unknown,
    )
    expect(
      Object.keys(subject.factory().options),
      subject.breaks('independence', 'an option given to one plugin is in the next'),
    ).not.toContain(unknown)
    expect(
      Object.keys(samples).filter((name) => !declared.includes(name)),
      wrong('the suite is given samples for options that the plugin does not have'),
    ).toEqual([])
  })
}

/** Not the end of a date. */
const NEGATIVE_SAID = /negative|below 0|(?<![\w-])-\d/i

function readerBug(knob: Knob<unknown>, value: unknown): unknown {
  if (value === undefined) return undefined
  try {
    knob.read(value)
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
      return error
  }
  return undefined
}
