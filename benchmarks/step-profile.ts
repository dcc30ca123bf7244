/** Where the time of a training step goes, by the runtime's own profiler. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, median } from './benchmark.ts'
import { openStep, shape } from './open-step.ts'

const steps = 10

/** The runtime's events in Chrome's trace format; durations in µs. */
type TraceEvent = {
  cat?: string
  dur?: number
  name?: string
  args?: { op_name?: string; input_type_shape?: readonly Record<string, readonly number[]>[] }
}

export const benchmark: Benchmark = {
  name: 'step-profile',
  description: `where one step of ${shape.rows} × ${shape.length} tokens spends its time, operator by operator`,
  async run({ base, settings, log }) {
    const folder = await mkdtemp(join(tmpdir(), 'capstan-profile-'))
    const { step, release } = await openStep(base, settings, { session: { profilePrefix: join(folder, 'step') } })
    for (let i = 0; i < steps; i++) await step()
    await release()
    const events = await readTrace(folder)
    await rm(folder, { recursive: true })
    // The first runs allocate and warm up.
    const runs = events.filter(({ name }) => name === 'model_run').slice(-steps)
    const stepMs = median(runs.map(({ dur = 0 }) => dur / 1000))
    const byOperator = sumByKey(events, ({ args }) => args?.op_name ?? 'other')
    const byShape = sumByKey(events, ({ args }) => `${args?.op_name} ${describeShapes(args?.input_type_shape ?? [])}`)
    const total = [...byOperator.values()].reduce((sum, ms) => sum + ms, 0)
    const share = (ms: number) => `${((100 * ms) / total).toFixed(1)} %`
    for (const [key, ms] of sorted(byShape).slice(0, 40)) log(`${share(ms).padStart(7)}  ${key}`)
    const values = Object.fromEntries(sorted(byOperator).map(([operator, ms]) => [operator, share(ms)]))
    return { values: { stepMs, ...values }, bars: [] }
  },
}

async function readTrace(folder: string): Promise<TraceEvent[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const traces = await Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))))
  // The session of the validation texts has a trace too: a step's is the longest.
  return (traces as TraceEvent[][]).sort((a, b) => b.length - a.length)[0] ?? []
}

function sumByKey(events: readonly TraceEvent[], keyOf: (event: TraceEvent) => string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const event of events) {
    if (event.cat !== 'Node' || !event.name?.endsWith('_kernel_time')) continue
    const key = keyOf(event)
    sums.set(key, (sums.get(key) ?? 0) + (event.dur ?? 0) / 1000)
  }
  return sums
}

function sorted(sums: ReadonlyMap<string, number>): [string, number][] {
  return [...sums].sort(([, a], [, b]) => b - a)
}

function describeShapes(shapes: readonly Record<string, readonly number[]>[]): string {
  return shapes.map((each) => `[${Object.values(each)[0]?.join(',')}]`).join(' ')
}
