/** What int8 storage costs the bundled base: its sentence embeddings against those of the float32 folder given as --base. */
import { join } from 'node:path'
import { InvalidInputError } from '../src/base/index.ts'
import { type Example, readExamples } from '../src/data/index.ts'
import { resolveBaseModel } from '../src/registry/index.ts'
import { openTrainingRun } from '../src/training/index.ts'
import { atLeast, type Benchmark } from './benchmark.ts'

export const benchmark: Benchmark = {
  name: 'base-model',
  description: 'embeddings of the bundled int8 base against its float32 original (--base), on the test questions',
  async run({ data, base }) {
    if (base === undefined) {
      throw new InvalidInputError('benchmark.no-base', 'base-model compares with a float32 folder, and none is given', {
        hint: 'Add --base <folder with the float32 all-MiniLM-L6-v2>.',
      })
    }
    const { examples } = await readExamples({ path: join(data, 'test.csv'), purpose: 'evaluate' })
    const stored = await embed(undefined, examples)
    const original = await embed(base, examples)
    const width = stored.length / examples.length
    const cosines = examples.map((_, i) => {
      const row = (values: Float32Array) => values.subarray(i * width, (i + 1) * width)
      return cosine(row(stored), row(original))
    })
    const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length
    return {
      values: { texts: examples.length, cosineMean: mean, cosineMin: Math.min(...cosines) },
      bars: [atLeast('cosine to the float32 embedding, mean', '', 0.999, mean)],
    }
  },
}

async function embed(base: string | undefined, examples: Example[]): Promise<Float32Array> {
  const { folder } = await resolveBaseModel(base, { cacheFolder: '.capstan' })
  const run = await openTrainingRun({ baseFolder: folder, outputFolder: '', train: examples, validation: [] })
  const embeddings = await run.inference.outputs(run.train.texts.flat(), 'sentence_embedding')
  await run.inference.release()
  return Float32Array.from(embeddings.flatMap((vector) => [...vector]))
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
