/** What a plugin may throw, and nobody can make a text of. */
export const HOSTILE: [what: string, thrown: () => unknown][] = [
  ['an object without a prototype', () => Object.create(null)],
  [
    'an object whose toString throws',
    () => ({
      toString() {
        throw new Error('no text')
      },
    }),
  ],
  [
    'an error whose message throws',
    () =>
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('no message')
        },
      }),
  ],
  ['an error whose message is no text', () => Object.assign(new Error(), { message: Object.create(null) })],
  ['a symbol', () => Symbol('thrown')],
  ['nothing', () => undefined],
  ['null', () => null],
  [
    'a proxy that answers nothing',
    () => {
      const refuse = () => {
        throw new Error('no answer')
      }
      return new Proxy({}, { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, has: refuse })
    },
  ],
]

/** What looks like a promise and is none that can be waited for. */
export const HOSTILE_PROMISES: [what: string, pending: () => unknown][] = [
  [
    'a thenable whose then throws',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
      then() {
        throw new Error('broken')
      },
    }),
  ],
  [
    'an object whose then cannot be read',
    () =>
      Object.defineProperty({}, 'then', {
        get() {
          throw new Error('broken')
        },
      }),
  ],
]
