import { describeBroken } from './base/describe-broken.ts'

// Keeps the list of what it found in the store, whoever asked for it.
describeBroken(() => ({
  job: (sound) => ({
    async *plan(request, context) {
      for await (const page of sound.plan(request, context)) {
        const list = Buffer.from(page.map(({ path }) => path).join('\n'))
        // The list of an earlier plan may be there.
        await context.services.backend.write(`sweeper/${page.length}.txt`, list).catch(() => undefined)
        yield page
      }
    },
  }),
}))
