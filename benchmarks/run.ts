/** npm run bench -- list | npm run bench -- <name> [--json] [--data folder] [--train file] [--unlabelled file] [--base folder] [--settings json] [--seeds n] [--minutes n]
 * Peers: [--python path] [--peer-base folder], see peers/README.md */
import { parseArgs } from 'node:util'
import { type Benchmark, describeMachine } from './benchmark.ts'

const benchmarks: Record<string, () => Promise<{ benchmark: Benchmark }>> = {
  'base-model': () => import('./base-model.ts'),
  'training-step': () => import('./training-step.ts'),
  'step-profile': () => import('./step-profile.ts'),
  'first-step': () => import('./first-step.ts'),
  resume: () => import('./resume.ts'),
  recompute: () => import('./recompute.ts'),
  banking77: () => import('./banking77.ts'),
  estimate: () => import('./estimate.ts'),
  predict: () => import('./predict.ts'),
  gateway: () => import('./gateway.ts'),
  malformed: () => import('./malformed.ts'),
  soak: () => import('./soak.ts'),
  batch: () => import('./batch.ts'),
  allocation: () => import('./allocation.ts'),
  forecast: () => import('./forecast.ts'),
  'ledger-events': () => import('./ledger-events.ts'),
  'learning-curve': () => import('./learning-curve.ts'),
  'gate-simulation': () => import('./gate-simulation.ts'),
  flywheel: () => import('./flywheel.ts'),
  'flywheel-shift': async () => ({ benchmark: (await import('./flywheel.ts')).shifted }),
  durability: () => import('./durability.ts'),
  promotions: () => import('./promotions.ts'),
  'peer-gradients': () => import('./peer-gradients.ts'),
  'peer-step': () => import('./peer-step.ts'),
  'peer-training': () => import('./peer-training.ts'),
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    data: { type: 'string', default: 'examples/banking77' },
    train: { type: 'string', default: 'train.csv' },
    unlabelled: { type: 'string' },
    base: { type: 'string' },
    settings: { type: 'string', default: '{}' },
    seeds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '10' },
    python: { type: 'string' },
    'peer-base': { type: 'string' },
  },
})
const [name = 'list'] = positionals
if (name === 'list') {
  for (const load of Object.values(benchmarks)) {
    const { benchmark } = await load()
    console.log(`${benchmark.name.padEnd(16)} ${benchmark.description}`)
  }
} else {
  const load = benchmarks[name]
  if (!load) {
    console.error(`There is no benchmark ${name}. There are: ${Object.keys(benchmarks).join(', ')}`)
    process.exit(2)
  }
  const { benchmark } = await load()
  const machine = describeMachine(new Date())
  const result = await benchmark.run({
    data: values.data,
    train: values.train,
    unlabelled: values.unlabelled,
    base: values.base,
    settings: JSON.parse(values.settings),
    seeds: Number(values.seeds),
    minutes: Number(values.minutes),
    peers: { python: values.python, base: values['peer-base'] },
    log: (line) => console.error(line),
  })
  if (values.json) console.log(JSON.stringify({ name, machine, ...result }, null, 2))
  else {
    console.table(result.values)
    for (const { what, unit, bar, measured, holds } of result.bars) {
      console.log(`${holds ? 'holds ' : 'MISSED'} ${what}: ${bar} ${unit}, measured ${Number(measured.toPrecision(4))}`)
    }
  }
  process.exit(result.bars.every(({ holds }) => holds) ? 0 : 1)
}
