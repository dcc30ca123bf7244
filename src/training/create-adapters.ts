/** The adapters that a run begins with. */
import { createRandom, present } from '../base/index.ts'
import { type Adapter, linearLayers } from '../encoders/index.ts'
import { type Model, tensor, zeros } from '../onnx/index.ts'
import { createPathFilter, refuseIdlePatterns } from './parameter-paths.ts'

/** One adapter for each matrix of a linear layer whose path matches. Throws `training.idle-pattern`. */
export function createAdapters(
  model: Model,
  paths: ReadonlyMap<string, string>,
  { rank, targets, seed }: { rank: number; targets: readonly string[]; seed: number },
): Adapter[] {
  const weights = [...linearLayers(model).keys()].filter((name) => paths.has(name))
  const pathOf = (name: string) => paths.get(name) ?? name
  refuseIdlePatterns('lora targets', targets, weights.map(pathOf))
  const isTarget = createPathFilter(targets)
  return weights
    .filter((name) => isTarget(pathOf(name)))
    .map((weight) => {
      const [rows, columns] = present(model.graph.initializers.get(weight), weight).dims as [number, number]
      const random = createRandom(seed, 'adapter', weight)
      // Uniform in ±1/√rows, as a linear layer of that many inputs starts in PyTorch.
      const draw = () => (2 * random.float() - 1) / Math.sqrt(rows)
      const a = tensor('float32', [rows, rank], Float32Array.from({ length: rows * rank }, draw))
      return { weight, a, b: zeros('float32', [rank, columns]) }
    })
}
