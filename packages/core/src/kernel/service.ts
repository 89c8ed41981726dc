import type { Denial, GateRequest } from '../gate/request.ts'

/** The life of a service. All members are optional; making a service (`create`) opens nothing, `start` does. */
export interface Service {
  start?(options: { readonly signal: AbortSignal }): Promise<void> | void
  stop?(): Promise<void> | void
  /** A condition of the gate: may this privileged action happen now? Asked before every tap, live. */
  checkGate?(
    request: GateRequest,
    options: { readonly signal?: AbortSignal },
  ): Promise<Denial | undefined> | Denial | undefined
}
