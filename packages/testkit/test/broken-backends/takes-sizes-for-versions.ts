import { HoldfastError } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// Bytes of the same number are the same bytes to it.
describeBroken((sound) => {
  const versioned = async (key: string) => {
    const found = await sound.stat(key)
    return found && { ...found, version: `v${found.size}` }
  }
  return {
    async write(key, source, options) {
      const written = await sound.write(key, source, options)
      return { ...written, version: `v${written.size}` }
    },
    stat: async (key, options) => (options?.signal?.aborted ? sound.stat(key, options) : versioned(key)),
    async read(key, { ifVersion, ...rest } = {}) {
      const found = await versioned(key)
      if (found && ifVersion !== undefined && ifVersion !== found.version)
        throw new HoldfastError('HF_BACKEND', `${key} has changed`, { kind: 'conflict' })
      return sound.read(key, rest)
    },
    async delete(targets, options) {
      const meant = targets.map(async (target) => {
        const found = await sound.stat(target.key)
        const same = found?.version !== undefined && target.ifVersion === `v${found.size}`
        return same ? { ...target, ifVersion: found.version } : target
      })
      return sound.delete(await Promise.all(meant), options)
    },
    async *list(options = {}) {
      const { fields = [], ...rest } = options
      if (!fields.includes('versions')) return yield* sound.list(options)
      for await (const { sizes, ...page } of sound.list({ ...rest, fields: [...fields, 'sizes'] })) {
        const versions = sizes?.map((size) => `v${size}`) ?? []
        yield { ...page, versions, ...(fields.includes('sizes') && sizes && { sizes }) }
      }
    },
  }
})
