import { type AwilixContainer, asFunction, createContainer, InjectionMode } from 'awilix'
import type { Backend } from '../storage/backend.ts'
import { guardStorage } from '../storage/guarded.ts'
import type { Storage } from '../storage/storage.ts'
import { forget } from '../thenable.ts'
import type { Plugin } from './plugin.ts'
import type { Service } from './service.ts'
import { isOptional, type Need, serviceOf } from './services.ts'

type Create = (services: never) => Service
type OnStart = (services: never, options: { readonly signal: AbortSignal }) => Promise<void> | void

/** What the plugins registered in their setups, and the services made from it. awilix resolves; nobody else sees it. */
export class Registrations {
  readonly #container: AwilixContainer = createContainer({ injectionMode: InjectionMode.PROXY, strict: true })
  /** In the order of their start. */
  readonly services: { readonly name: string; readonly plugin: Plugin }[] = []
  #sealed = false
  readonly #guarded = new Map<object, Storage>()
  readonly onStart: { readonly plugin: Plugin; readonly fn: OnStart }[] = []
  readonly onStop: { readonly plugin: Plugin; readonly fn: () => Promise<void> | void }[] = []

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
    this.#container.register(
      name,
      asFunction(() => made(name, create(this.needed(plugin) as never))).singleton(),
    )
    this.services.push({ name, plugin })
  }

  /** @throws TypeError after the last setup */
  mustBeOpen(plugin: Plugin, what: string): void {
    if (this.#sealed) throw new TypeError(`plugin ${plugin.id} ${what} after setup; do it in setup`)
  }

  has(name: string): boolean {
    return this.#container.hasRegistration(name)
  }

  /** The service itself, as its plugin made it. */
  own(name: string): Service {
    return this.#container.resolve<Service>(name)
  }

  /** The service as others see it. */
  face(name: string): unknown {
    const service = this.own(name)
    if (name !== 'backend') return service
    const guarded = this.#guarded.get(service) ?? guardStorage(service as Backend)
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
