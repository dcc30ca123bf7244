import type { Clock } from '../../base/index.ts'

/** A day of UTC, such as 2026-11-23, of one task. */
export type BudgetDay = { task: string; day: string }

/**
 * How much of each day's budget is taken, in micro-units. Both steps are atomic and durable before they resolve: then
 * neither a restart nor a second process forgets, and a process that dies in between leaves its bound taken.
 */
export type BudgetStore = {
  /** Adds `amountMicro` where the sum stays within `capMicro`, and says whether it did. */
  take(day: BudgetDay, amountMicro: bigint, capMicro: bigint): Promise<boolean>
  /** Adds `amountMicro`, which may be negative, whatever the cap. */
  adjust(day: BudgetDay, amountMicro: bigint): Promise<void>
}

export type DailyBudget = {
  /** Takes the most that a try may cost; undefined where the day's budget has no room for it. */
  reserve(costMicroMax: bigint): Promise<Reservation | undefined>
}

export type Reservation = {
  /** Replaces the bound with the cost. Without it the bound stays taken: nobody knows what the try has cost. */
  settle(costMicro: bigint): Promise<void>
}

/**
 * A cap on a task's teacher for each day of UTC. While no try costs more than its bound, a day never costs more than
 * the cap, however many tries run at once. A try belongs to the day on which it began.
 */
export function createDailyBudget(options: {
  task: string
  capMicro: bigint
  store: BudgetStore
  clock: Clock
}): DailyBudget {
  const { task, capMicro, store, clock } = options
  return {
    async reserve(costMicroMax) {
      const day = { task, day: clock.now().toISOString().slice(0, 10) }
      if (!(await store.take(day, costMicroMax, capMicro))) return undefined
      return {
        async settle(costMicro) {
          if (costMicro !== costMicroMax) await store.adjust(day, costMicro - costMicroMax)
        },
      }
    },
  }
}

/** For processes that need not remember: tests and benchmarks. */
export function createMemoryBudgetStore(): BudgetStore {
  const taken = new Map<string, bigint>()
  const add = ({ task, day }: BudgetDay, amountMicro: bigint): bigint => {
    const key = `${day} ${task}`
    const sum = (taken.get(key) ?? 0n) + amountMicro
    taken.set(key, sum)
    return sum
  }
  return {
    async take(day, amountMicro, capMicro) {
      if (add(day, amountMicro) <= capMicro) return true
      add(day, -amountMicro)
      return false
    },
    async adjust(day, amountMicro) {
      add(day, amountMicro)
    },
  }
}
