import { isThenable } from './thenable.ts'

/** Calls a listener. What is wrong with it, also later, is nothing to whoever tells it something: `failed` gets that. */
export function tell<T>(listener: (told: T) => unknown, told: T, failed: (error: unknown) => void): void {
  try {
    const answer = listener(told)
    if (isThenable(answer)) Promise.resolve(answer).then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}
