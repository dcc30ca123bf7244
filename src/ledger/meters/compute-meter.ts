import { type Clock, createId } from '../../base/index.ts'
import type { ComputeRates } from '../../contracts/index.ts'
import { accounts } from '../account.ts'
import { type ComputeUse, listComputeAmounts } from '../compute-cost.ts'
import type { Ledger } from '../ledger.ts'
import type { MeteredEvent } from './metered-event.ts'

/** What a model computed to answer: for which task, as which version, and for which customer where one asked. */
export type ServedUse = Omit<ComputeUse, 'energyJoules'> & { task: string; model: string; caller: string | null }

/** Books what models compute to answer, summed by minute, task, version and customer. */
export type ComputeMeter = {
  /** Takes note of it and returns at once; the first of a minute has the minutes before it posted. */
  add(use: ServedUse): void
  /** Posts the minutes that are over, or all there is. What could not be posted is kept, and posted the next time. */
  post(options?: { all?: boolean }): Promise<void>
}

const minuteMs = 60_000

/** In memory until it is posted: a process that is killed loses the minute that it was in. */
export function createComputeMeter({
  ledger,
  clock,
  rates,
  onError,
}: {
  ledger: Pick<Ledger, 'postEvents'>
  clock: Clock
  rates: ComputeRates
  /** Hears what kept a minute from being posted. */
  onError: (error: Error) => void
}): ComputeMeter {
  let sums = new Map<string, ServedUse & { minuteMs: number }>()
  /** Under ids of their own, so that a posting whose fate is unknown may be repeated. */
  let due: MeteredEvent[] = []
  let lastMinuteMs = 0
  const take = (endMs: number) => {
    const isOver = (sum: { minuteMs: number }) => sum.minuteMs < endMs
    const over = [...sums.values()].filter(isOver)
    sums = new Map([...sums].filter(([, sum]) => !isOver(sum)))
    return over.flatMap(({ minuteMs: time, task, model, caller, ...use }) => {
      const id = createId('use', clock.now())
      const dimensions = { task, model, ...(caller === null ? {} : { caller }) }
      return listComputeAmounts({ ...use, energyJoules: null }, rates).map(({ commodity, amountMicro, credit }) => ({
        source: 'capstan.inference',
        id: `${id}/${commodity}`,
        eventTime: new Date(time),
        debit: accounts.inference,
        credit,
        commodity,
        amountMicro,
        dimensions,
      }))
    })
  }
  const thisMinute = () => Math.floor(clock.now().getTime() / minuteMs) * minuteMs
  const post = async ({ all = false } = {}) => {
    due = [...due, ...take(all ? Number.POSITIVE_INFINITY : thisMinute())]
    if (due.length === 0) return
    const posting = new Set(due)
    await ledger.postEvents(due, { whenClosed: 'open-period' })
    due = due.filter((event) => !posting.has(event))
  }
  return {
    post,
    add(use) {
      const minute = thisMinute()
      if (minute > lastMinuteMs) post().catch(onError)
      lastMinuteMs = minute
      const name = JSON.stringify([minute, use.task, use.model, use.caller])
      const { cpuSeconds, gpuSeconds } = sums.get(name) ?? { cpuSeconds: 0, gpuSeconds: 0 }
      const sum = { cpuSeconds: cpuSeconds + use.cpuSeconds, gpuSeconds: gpuSeconds + use.gpuSeconds }
      sums.set(name, { ...use, ...sum, minuteMs: minute })
    },
  }
}
