/** A process of its own for the memory of one step: measure-step.ts <settings as JSON> <rows> <length> [base], prints JSON. */
import { bestOf, peakMemoryMib } from './benchmark.ts'
import { openStep } from './open-step.ts'

const [settings = '{}', rows, length, base] = process.argv.slice(2)
const opened = performance.now()
const stepShape = { rows: Number(rows), length: Number(length) }
const { step, release } = await openStep(base, JSON.parse(settings), { stepShape })
const openMs = performance.now() - opened
const stepMs = await bestOf(5, step)
console.log(JSON.stringify({ openMs, stepMs, peakMemoryMib: peakMemoryMib() }))
await release()
