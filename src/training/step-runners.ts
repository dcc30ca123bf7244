import { present } from '../base/index.ts'
import { sizeOf } from '../onnx/index.ts'
import { createDropoutPool } from './dropout-pool.ts'
import { buildStepGraph, type StepShape } from './step-graph.ts'
import { openStepRunner, type StepRunner, type StepRunnerOptions } from './step-runner.ts'

export type StepRunners = { get(shape: StepShape): StepRunner; release(): Promise<void> }

/** One runner for each batch shape, all over the same parameters. */
export async function openStepRunners(
  shapes: readonly StepShape[],
  options: StepRunnerOptions & { seed: number },
): Promise<StepRunners> {
  const distinct = new Map(shapes.map((shape) => [keyOf(shape), { rows: shape.rows, length: shape.length }]))
  const graphs = [...distinct.values()].map((shape) => ({ shape, ...buildStepGraph({ ...options, shape }) }))
  const largest = Math.max(0, ...graphs.flatMap(({ masks }) => masks.map(({ dims }) => sizeOf(dims))))
  const pool = largest > 0 ? createDropoutPool(options.dropout, options.seed, largest) : null
  const runners = new Map<string, StepRunner>()
  for (const graph of graphs) runners.set(keyOf(graph.shape), await openStepRunner(graph, pool, options))
  return {
    get: (shape) => present(runners.get(keyOf(shape)), `runner of ${keyOf(shape)}`),
    async release() {
      for (const runner of runners.values()) await runner.release()
    },
  }
}

function keyOf({ rows, length }: StepShape): string {
  return `${rows} × ${length}`
}
