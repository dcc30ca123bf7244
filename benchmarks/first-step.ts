/** How long a process takes from importing capstan/training to the end of its first step, on the build. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { present } from '../src/base/index.ts'
import { readExamples } from '../src/data/index.ts'
import { resolveBaseModel } from '../src/registry/index.ts'
import type { TrainRequest } from '../src/training/index.ts'
import { atMost, type Benchmark } from './benchmark.ts'

const exampleCount = 32
const attempts = 7
const root = join(import.meta.dirname, '..')

type Ended = { imported: number; 'epoch-end': number; 'train-start': number; 'step-end': number; cpu: number }

export const benchmark: Benchmark = {
  name: 'first-step',
  description: `from the import of capstan/training to the end of the first step, ${exampleCount} questions, fresh processes on the build`,
  async run({ data, train, base, settings, log }) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
    const { folder } = await resolveBaseModel(base, { cacheFolder: '.capstan' })
    const { examples } = await readExamples({ path: join(data, train) })
    const stride = Math.floor(examples.length / exampleCount)
    const chosen = examples.filter((_, i) => i % stride === 0).slice(0, exampleCount)
    const work = await mkdtemp(join(tmpdir(), 'capstan-first-step-'))
    const request: TrainRequest = {
      baseFolder: folder,
      outputFolder: join(work, 'model'),
      train: chosen,
      validation: [],
      settings,
    }
    const runs: Ended[] = []
    for (let i = 0; i < attempts; i++) {
      const printed = execFileSync(process.execPath, [join(import.meta.dirname, 'first-step.mjs')], {
        input: JSON.stringify(request),
        encoding: 'utf8',
      })
      const run = JSON.parse(printed) as Ended
      log(JSON.stringify(run))
      runs.push(run)
    }
    await rm(work, { recursive: true })
    const best = present(runs.toSorted((a, b) => a['step-end'] - b['step-end'])[0], 'a run')
    const seconds = (from: number, to: number) => (to - from) / 1000
    return {
      values: {
        attempts,
        import: seconds(0, best.imported),
        openBaseAndStartHead: seconds(best.imported, best['epoch-end']),
        buildSteps: seconds(best['epoch-end'], best['train-start']),
        openSessionAndFirstStep: seconds(best['train-start'], best['step-end']),
        // Of all cores, the end of the run included: where the elapsed time is far above it, others had the machine.
        cpuSecondsMin: Math.min(...runs.map(({ cpu }) => cpu)) / 1000,
      },
      bars: [
        atMost(`from import to the end of the first step, best of ${attempts}`, 's', 2, seconds(0, best['step-end'])),
      ],
    }
  },
}
