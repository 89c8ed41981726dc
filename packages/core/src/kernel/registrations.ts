import { type AwilixContainer, asFunction, createContainer, InjectionMode } from 'awilix'
import { isHoldfastError } from '../errors.ts'
import type { Backend } from '../storage/backend.ts'
import { guardStorage } from '../storage/guarded.ts'
import type { Storage } from '../storage/storage.ts'
import { forget } from '../thenable.ts'
import { failed } from './part.ts'
import type { Plugin } from './plugin.ts'
import type { Service } from './service.ts'
import { isOptional, type Need, serviceOf } from './services.ts'

type Create = (services: never) => Service
type OnStart = (services: never, options: { readonly signal: AbortSignal }) => Promise<void> | void
type OnStop = () => Promise<void> | void

/** What the plugins registered in their setups, and the services made from it. awilix resolves; nobody else sees it. */
export class Registrations {
  readonly #container: AwilixContainer = createContainer({ injectionMode: InjectionMode.PROXY, strict: true })
  /** In the order of their start. */
  readonly services: { readonly name: string; readonly plugin: Plugin }[] = []
  #sealed = false
  readonly #guarded = new Map<object, Storage>()
  readonly #layered: (backend: Backend) => Backend
  readonly onStart: { readonly plugin: Plugin; readonly fn: OnStart }[] = []
  readonly onStop: { readonly plugin: Plugin; readonly fn: OnStop }[] = []

  /** `layered`: puts the node's own layers round a backend. */
  constructor(layered: (backend: Backend) => Backend) {
    this.#layered = layered
  }

  /** From here on nothing can be registered any more. */
  seal(): void {
    this.#sealed = true
  }

  provide(plugin: Plugin, name: string, create: Create): void {
    this.mustBeOpen(plugin, `provides ${name}`)
    // awilix would let the later registration win, whoever made it.
    if (!(plugin.provides as readonly string[]).includes(name))
      throw new TypeError(`it provides ${name} without saying so in provides`)
    if (this.has(name)) throw new TypeError(`it provides ${name} twice`)
    if (typeof create !== 'function') throw new TypeError(`it provides ${name} without a function`)
    this.#container.register(name, asFunction(() => this.#make(plugin, name, create)).singleton())
    this.services.push({ name, plugin })
  }

  addStart(plugin: Plugin, fn: OnStart): void {
    this.#mustBeFunction(plugin, 'onStart', fn)
    this.onStart.push({ plugin, fn })
  }

  addStop(plugin: Plugin, fn: OnStop): void {
    this.#mustBeFunction(plugin, 'onStop', fn)
    this.onStop.push({ plugin, fn })
  }

  #mustBeFunction(plugin: Plugin, what: string, fn: unknown): void {
    this.mustBeOpen(plugin, `calls ${what}`)
    if (typeof fn !== 'function') throw new TypeError(`it calls ${what} without a function`)
  }

  /** @throws TypeError after the last setup */
  mustBeOpen(plugin: Plugin, what: string): void {
    if (this.#sealed) throw new TypeError(`plugin ${plugin.id} ${what} after setup; do it in setup`)
  }

  has(name: string): boolean {
    return this.#container.hasRegistration(name)
  }

  /** @throws HF_PLUGIN_FAILED, or the coded error that `create` threw */
  #make(plugin: Plugin, name: string, create: Create): Service {
    // What is missing for it is not its own fault.
    const services = this.needed(plugin)
    try {
      return made(name, create(services as never))
    } catch (error) {
      throw isHoldfastError(error)
        ? error
        : failed({ plugin: plugin.id, what: `service ${name}` }, 'start', error)
    }
  }

  /** The service itself, as its plugin made it. */
  own(name: string): Service {
    return this.#container.resolve<Service>(name)
  }

  /** The service as others see it. */
  face(name: string): unknown {
    const service = this.own(name)
    if (name !== 'backend') return service
    const guarded = this.#guarded.get(service) ?? guardStorage(this.#layered(service as Backend))
    this.#guarded.set(service, guarded)
    return guarded
  }

  /** The services that a plugin asked for, and nothing else. */
  needed(plugin: Plugin): object {
    const faces = plugin.needs.map((need: Need) => {
      const name = serviceOf(need)
      return [name, isOptional(need) && !this.has(name) ? undefined : this.face(name)] as const
    })
    return Object.freeze(Object.fromEntries(faces))
  }
}

/** What `create` gave: a service. A promise of one would never be started. */
function made(name: string, service: Service): Service {
  if (typeof service === 'object' && service !== null && !('then' in service)) return service
  forget(service)
  throw new TypeError(`create of the service ${name} must return the service, at once`)
}
