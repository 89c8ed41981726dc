import { describeBroken } from './base/describe-broken.ts'

// Answers when the record is on its way.
describeBroken((sound, shared) => ({
  async append(bytes, options) {
    const { signal, expectedHead } = options
    signal?.throwIfAborted()
    const { index, term } = shared.head
    if (
      bytes.length > sound.capabilities.maxRecordBytes ||
      expectedHead.index !== index ||
      expectedHead.term !== term
    )
      return sound.append(bytes, options)
    setTimeout(() => void sound.append(bytes, options).catch(() => undefined), 5)
    return { term: 1, index: index + 1 }
  },
}))
