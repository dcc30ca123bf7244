/** The gradient of every weight of the base model on a real batch, against PyTorch's from the same weights. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gradient } from '../src/autodiff/index.ts'
import { present } from '../src/base/index.ts'
import { readExamples } from '../src/data/index.ts'
import { encodeModel, GraphBuilder, graftGraph, type Tensor, tensor, toNumbers } from '../src/onnx/index.ts'
import { resolveBaseModel } from '../src/registry/index.ts'
import { openSession } from '../src/runtime/index.ts'
import { openSafetensors, writeSafetensors } from '../src/storage/index.ts'
import { openTrainingRun } from '../src/training/index.ts'
import { parameterPaths } from '../src/training/parameter-paths.ts'
import { atMost, type Benchmark } from './benchmark.ts'
import { runPeer } from './run-peer.ts'

const rows = 32
/**
 * Share of the whole gradient's norm under which a weight's is rounding alone: a bias of attention keys moves all scores
 * of a query alike, and softmax does not see that.
 */
const zeroBelow = 1e-6

export const benchmark: Benchmark = {
  name: 'peer-gradients',
  description: 'gradients of all weights of the base model on one batch, against PyTorch (needs --python)',
  async run({ data, base, peers, log }) {
    const { folder } = await resolveBaseModel(base, { cacheFolder: '.capstan' })
    const examples = (await readExamples({ path: join(data, 'train.csv') })).examples
    const chosen = examples.filter((_, i) => i % Math.floor(examples.length / rows) === 0).slice(0, rows)
    const run = await openTrainingRun({ baseFolder: folder, outputFolder: '', train: chosen, validation: [] })
    await run.inference.release()
    const batch = toBatch(run.train.texts.flat().map(({ ids }) => ids))
    const shape = { rows, length: batch.input_ids.dims[1] as number }
    const indices = chosen.map((_, i) => i)
    const width = run.task.names.length
    const shares = run.train.targets(indices, shape).targets as Float32Array
    const targets = tensor('float32', [rows, width], shares)
    const classes = indices.map((i) => shares.subarray(i * width, (i + 1) * width).findIndex((share) => share > 0))
    const values = new Map(run.parameters.map(({ name, value }) => [name, value]))
    const ours = await gradientsOf(run.model, values, batch, targets)
    const paths = parameterPaths(run.encoder.model)
    // The bundled base was exported as a part of another module.
    const pathOf = (name: string) => (paths.get(name) ?? name).replace(/^m\./, '')
    const work = await mkdtemp(join(tmpdir(), 'capstan-gradients-'))
    const [input, output] = [join(work, 'input.safetensors'), join(work, 'output.safetensors')]
    const floats = ({ dtype, dims, data }: Tensor) => ({
      dims,
      data: Float32Array.from(toNumbers({ dtype, dims, data })),
    })
    const labels = { dims: [rows], data: Float32Array.from(classes) }
    await writeSafetensors(
      input,
      new Map([
        ...[...values].map(([name, value]) => [pathOf(name), floats(value)] as const),
        ['batch.ids', floats(batch.input_ids)],
        ['batch.mask', floats(batch.attention_mask)],
        ['batch.labels', labels],
      ]),
      {},
    )
    const [line] = await runPeer(peers, 'torch_gradients.py', ['--input', input, '--output', output], log)
    const file = await openSafetensors(output)
    const errors: { name: string; error: number; size: number }[] = []
    for (const [name, gradient] of ours) {
      const theirs = { dims: gradient.dims, data: new Float32Array(gradient.data.length) }
      await file.readInto(pathOf(name), theirs)
      const [a, b] = [gradient.data as Float32Array, theirs.data]
      errors.push({ name: pathOf(name), error: distance(a, b), size: norm(b) })
    }
    await file.close()
    await rm(work, { recursive: true })
    const whole = Math.hypot(...errors.map(({ size }) => size))
    const zeros = errors.filter(({ size }) => size < zeroBelow * whole)
    const rest = errors
      .filter((entry) => !zeros.includes(entry))
      .map((entry) => ({ ...entry, relative: entry.error / entry.size }))
    rest.sort((a, b) => b.relative - a.relative)
    for (const { name, relative } of rest.slice(0, 3)) log(`${name} ${relative.toExponential(2)}`)
    for (const { name, size } of zeros)
      log(`${name}: zero but for rounding, norm ${size.toExponential(2)} of ${whole.toExponential(2)}`)
    return {
      values: {
        weights: errors.length,
        zeros: zeros.length,
        ofAllTogether: Math.hypot(...errors.map(({ error }) => error)) / whole,
        torchLoss: line?.loss ?? '',
        torch: line?.torch ?? '',
      },
      bars: [atMost('largest relative error ‖a − b‖ / ‖b‖ of a weight’s gradient', '', 1e-4, rest[0]?.relative ?? 1)],
    }
  },
}

function toBatch(texts: readonly ArrayLike<number>[]) {
  const length = Math.max(...texts.map((text) => text.length))
  const values = (value: (text: ArrayLike<number>, position: number) => number) => {
    const numbers = texts.flatMap((text) => Array.from({ length }, (_, i) => BigInt(value(text, i))))
    return tensor('int64', [texts.length, length], BigInt64Array.from(numbers))
  }
  return {
    input_ids: values((text, i) => text[i] ?? 0),
    attention_mask: values((text, i) => (i < text.length ? 1 : 0)),
    token_type_ids: values(() => 0),
  }
}

async function gradientsOf(
  model: Parameters<typeof graftGraph>[1],
  values: ReadonlyMap<string, Tensor>,
  batch: Readonly<Record<string, Tensor>>,
  targets: Tensor,
): Promise<Map<string, Tensor>> {
  const g = new GraphBuilder()
  const feeds = { ...batch, ...Object.fromEntries(values), targets }
  const bindings = new Map(
    Object.entries(feeds).map(([name, { dtype, dims }]) => [name, g.input(name, dtype, dims)] as const),
  )
  const [logits] = graftGraph(g, model, { bindings, outputs: ['logits'] })
  const logProbabilities = g.op('LogSoftmax', [present(logits, 'logits')])
  const goal = present(bindings.get('targets'), 'targets')
  const loss = g.neg(g.reduceSum(g.mul(goal, logProbabilities), undefined, false))
  const names = [...values.keys()]
  const wanted = names.map((name) => present(bindings.get(name), name))
  for (const [i, dw] of gradient(g, loss, wanted).entries()) g.output(`gradient of ${names[i]}`, dw)
  const session = await openSession(encodeModel(g.build()))
  const results = await session.run(feeds)
  await session.release()
  return new Map(names.map((name) => [name, present(results[`gradient of ${name}`], name)]))
}

function distance(a: Float32Array, b: Float32Array): number {
  return norm(a.map((value, i) => value - (b[i] as number)))
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}
