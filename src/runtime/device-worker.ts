/**
 * The process of `findDeviceProblem`: opens and runs the smallest graph on one device and reports why that fails, or null.
 * Alone in its process, because a driver may crash or hang.
 */
import * as ort from 'onnxruntime-node'
import { encodeModel, GraphBuilder, tensor } from '../onnx/index.ts'
import { toRuntime } from './tensor-bridge.ts'

const [device = ''] = process.argv.slice(2)

process.send?.(await tryDevice().then(() => null, describe))
process.disconnect()

async function tryDevice(): Promise<void> {
  const g = new GraphBuilder()
  const x = g.input('x', 'float32', [2])
  g.output('y', g.add(x, x))
  const session = await ort.InferenceSession.create(encodeModel(g.build()), {
    executionProviders: [device],
    logSeverityLevel: 3,
    // Without this a graph that the provider leaves alone would run on the CPU, and nobody would know.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  })
  const { y } = await session.run({ x: toRuntime(tensor('float32', [2], Float32Array.of(1, 2))) })
  const sum = Array.from(y?.data as Float32Array)
  if (sum[0] !== 2 || sum[1] !== 4) throw new Error(`it adds [1, 2] and [1, 2] to [${sum.join(', ')}]`)
}

/** The runtime's reason, without the place in its own sources. */
function describe(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return reason.replace(/^.* was false\. /s, '').trim()
}
