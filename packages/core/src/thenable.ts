/** Takes the rejection of what nobody will wait for, if it is a promise: it must not end the process. */
export function forget(value: unknown): void {
  Promise.resolve(value).then(undefined, () => undefined)
}

/** Whether something must be waited for: a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  )
}
