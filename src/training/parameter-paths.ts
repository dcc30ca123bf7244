/**
 * Readable names for a model's weights. Exporters rename weights that they transpose (`onnx::MatMul_754`); the node that
 * reads such a weight still says where it belongs (`/encoder/layer.0/attention/self/query/MatMul`).
 */
import { InvalidInputError } from '../base/index.ts'
import type { Model } from '../onnx/index.ts'

/** Initializer → its path with dots, such as `encoder.layer.0.attention.self.query.weight`. */
export function parameterPaths(model: Model): Map<string, string> {
  const paths = new Map([...model.graph.initializers.keys()].map((name) => [name, name]))
  for (const node of model.graph.nodes) {
    for (const input of node.inputs) {
      if (!isAnonymous(input) || paths.get(input) !== input) continue
      const scope = node.name.split('/').filter(Boolean).slice(0, -1)
      if (scope.length > 0) paths.set(input, `${scope.join('.')}.weight`)
    }
  }
  return paths
}

function isAnonymous(name: string): boolean {
  return /^(onnx::|val_|\d)/.test(name)
}

/** The place of a path in the stack of layers: n + 1 for layer n, 0 for what stands in none (the embeddings). */
export function layerOf(path: string): number {
  const layer = /(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\./.exec(path)?.[1]
  return layer === undefined ? 0 : Number(layer) + 1
}

/** Whether a path matches one of the patterns: `*` stands for any characters, and a pattern may match any part of the path. */
export function createPathFilter(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(escaped.join('.*'))
  })
  return (path) => expressions.some((expression) => expression.test(path))
}

/** Throws where a pattern matches none of the paths: it would silently do nothing. */
export function refuseIdlePatterns(setting: string, patterns: readonly string[], paths: Iterable<string>): void {
  const known = [...paths]
  const idle = patterns.filter((pattern) => !known.some(createPathFilter([pattern])))
  if (idle.length === 0) return
  throw new InvalidInputError(
    'training.idle-pattern',
    `${setting} ${idle.map((pattern) => `"${pattern}"`).join(', ')} matches no weight of the base model`,
    { hint: `Its weights are called like these: ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}` },
  )
}
