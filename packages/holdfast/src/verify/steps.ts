import { isHoldfastError, messageOf } from '@holdfast/core'
import { LoadFailure } from '../loading/load-problem.ts'

export type Step = 'resolve' | 'shape' | 'api' | 'config' | 'start' | 'write' | 'read' | 'delete' | 'stop'

export type StepResult =
  | { readonly step: Step; readonly ok: true }
  /** `problem` says what to do about it; `code` is that of docs/errors.md. */
  | { readonly step: Step; readonly ok: false; readonly code?: string; readonly problem: string }

/** Ends a verification; what failed is among the results. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

/** Takes one step after the other and keeps what became of each. */
export class Steps {
  readonly results: StepResult[] = []

  get ok(): boolean {
    return this.results.every(({ ok }) => ok)
  }

  /** @throws StepFailed */
  async take<T>(step: Step, action: () => T | Promise<T>): Promise<T> {
    try {
      const value = await action()
      this.results.push({ step, ok: true })
      return value
    } catch (error) {
      const code = isHoldfastError(error) || error instanceof LoadFailure ? error.code : undefined
      const message = messageOf(error)
      const problem = error instanceof LoadFailure ? `${error.code}: ${message}` : message
      this.results.push({ step, ok: false, ...(code !== undefined && { code }), problem })
      throw new StepFailed(problem, { cause: error })
    }
  }
}
