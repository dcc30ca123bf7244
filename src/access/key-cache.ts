import type { Clock } from '../base/index.ts'
import type { StoredKey } from './queries.ts'

/** A reading of this age is used and renewed beside the request; one of the second age is waited for. */
const renewalAgeMs = 2_000
const ageMsMax = 4_000

export type KeyCacheOptions = { clock: Clock; readKeys(): Promise<StoredKey[]> }

/**
 * All keys as they were at most four seconds ago, so that a key revoked by another process stops within five. The table is
 * read whole: one query every two seconds, however many unknown keys are tried.
 */
export class KeyCache {
  readonly #options: KeyCacheOptions
  #keys: ReadonlyMap<string, StoredKey> = new Map()
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null

  constructor(options: KeyCacheOptions) {
    this.#options = options
  }

  async current(): Promise<ReadonlyMap<string, StoredKey>> {
    const ageMs = this.#options.clock.now().getTime() - this.#readAtMs
    // A clock that was set back tells no age.
    if (ageMs < 0 || ageMs >= ageMsMax) await this.#renew()
    // Where this fails, the request that has to wait for a reading hears of it.
    else if (ageMs >= renewalAgeMs) this.#renew().catch(() => {})
    return this.#keys
  }

  /** The key as last read, without a reading. */
  peek(id: string): StoredKey | undefined {
    return this.#keys.get(id)
  }

  /** After a change made here: the next request reads anew. */
  forget(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY
    this.#reading = null
  }

  #renew(): Promise<void> {
    if (this.#reading) return this.#reading
    const readAtMs = this.#options.clock.now().getTime()
    const reading = this.#options.readKeys().then((keys) => {
      // One that began before a change made here must not bring back what was.
      if (this.#reading !== reading) return
      this.#keys = new Map(keys.map((key) => [key.id, key]))
      this.#readAtMs = readAtMs
    })
    this.#reading = reading
    return reading.finally(() => {
      if (this.#reading === reading) this.#reading = null
    })
  }
}
