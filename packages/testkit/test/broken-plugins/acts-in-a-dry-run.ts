import { describeBroken } from './base/describe-broken.ts'

// Keeps the list of what it found in the store, whoever asked for it.
describeBroken(() => ({
  job: (sound) => ({
    async *plan(request, context) {
      for await (const page of sound.plan(request, context)) {
        const list = page.map(({ path }) => path).join('\n')
        await context.services.backend.write(`sweeper/${page.length}.txt`, Buffer.from(list))
        yield page
      }
    },
  }),
}))
