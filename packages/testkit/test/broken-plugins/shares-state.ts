import { describeBroken } from './base/describe-broken.ts'

// Made once for the process, where it should be made by each setup.
const seen = new Set<string>()

describeBroken(() => ({
  job: (sound) => ({
    async *plan(request, context) {
      for await (const page of sound.plan(request, context))
        yield page.filter(({ path }) => {
          const known = seen.has(path)
          seen.add(path)
          return !known
        })
    },
  }),
}))
