import { describeBroken } from './base/describe-broken.ts'

// Says what it has done once everything is done; a run that ends early has done nothing.
describeBroken(() => ({
  plain: (sound) => ({
    async run(request, context) {
      let files = 0
      const chunk: typeof context.chunk = async (outcome) => {
        files += outcome.files ?? 0
      }
      await sound.run(request, { ...context, chunk })
      await context.chunk({ files })
    },
  }),
}))
