/** Banking77's learning curve from at most 2,000 labels, and what training on 8,000 really gives. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPlatform } from '../src/platform/index.ts'
import { atMost, type Benchmark } from './benchmark.ts'

const sizes = [154, 292, 555, 1054, 2000]
const foreseen = 8000

export const benchmark: Benchmark = {
  name: 'learning-curve',
  description: `the accuracy at ${foreseen} labels of Banking77, foreseen from ${sizes.at(-1)} and measured`,
  async run({ data, base, settings, seeds, log }) {
    const project = await mkdtemp(join(tmpdir(), 'capstan-curve-'))
    const platform = await createPlatform({ projectFolder: project })
    try {
      const request = {
        task: 'banking',
        data: join(data, 'train.csv'),
        test: join(data, 'test.csv'),
        settings,
        ...(base === undefined ? {} : { bases: [base] }),
        onEvent: (event: { type: string }) => {
          if (event.type === 'point-end') log(JSON.stringify(event))
        },
      }
      const { curves } = await platform.curve({ ...request, sizes, at: [foreseen] })
      const extended = curves[0]?.extended
      const forecast = extended?.forecasts[0]
      if (!extended || !forecast) throw new Error(`nothing was foreseen: ${JSON.stringify(curves)}`)
      log(JSON.stringify({ ...forecast, form: extended.form, trials: extended.trials }))
      const measured = await platform.curve({ ...request, sizes: [foreseen], seeds })
      const points = (measured.curves[0]?.points ?? []).filter(({ labels }) => labels === foreseen)
      const truth = points.reduce((sum, { score }) => sum + score.value, 0) / points.length
      const [low, high] = forecast.interval
      return {
        values: {
          form: extended.form,
          parameters: extended.parameters.map((value) => value.toPrecision(4)).join(' '),
          misses: extended.trials.map(({ form, miss }) => `${form} ${(100 * miss).toFixed(2)}`).join(', '),
          foreseen: forecast.score,
          low,
          high,
          measured: truth,
          seedsMeasured: points.length,
        },
        bars: [
          atMost(`miss at ${foreseen} labels`, 'points', 1.5, 100 * Math.abs(forecast.score - truth)),
          {
            what: 'the interval holds what was measured',
            unit: '',
            bar: 'yes',
            measured: Number(low <= truth && truth <= high),
            holds: low <= truth && truth <= high,
          },
        ],
      }
    } finally {
      await platform.close()
      await rm(project, { recursive: true })
    }
  },
}
