import { describeBroken } from './base/describe-broken.ts'

// Says gone for more keys than it has deleted.
describeBroken((sound) => ({
  async delete(targets, options) {
    await sound.delete(targets.slice(0, 100), options)
    return targets.map(({ key }) => ({ key, status: 'gone' as const }))
  },
}))
