import * as ort from 'onnxruntime-node'
import { CapstanError, NotFoundError } from '../base/index.ts'
import type { Device } from '../contracts/index.ts'
import type { Tensor } from '../onnx/index.ts'
import { countCores } from './count-cores.ts'
import { requireDevice } from './devices.ts'
import { fromRuntime, toRuntime } from './tensor-bridge.ts'

export type SessionOptions = {
  /** Operators that the device has no kernels for run on the CPU; default 'cpu'. */
  device?: Device
  /** Threads inside one operator. Default: one per physical core. */
  threads?: number
  /**
   * What threads do that have no part of an operator to compute. 'spin', the default: they hold their core and begin the next
   * one sooner, until the run ends. 'sleep': they leave it to the rest of the process.
   */
  idle?: 'spin' | 'sleep'
  /**
   * Where results between operators live. 'arena': in one growing block of the session's own, the fastest for large ones.
   * 'heap': in the process's heap, which all sessions share, so that many sessions need the memory of one.
   */
  memory?: 'arena' | 'heap'
  /** 'off' keeps the graph as it is, for tests of single operators. */
  optimization?: 'all' | 'off'
  /** Prefix of the file into which the runtime writes its own profile (JSON, Chrome trace format) at `endProfiling`. */
  profilePrefix?: string
}

export type Feeds = Readonly<Record<string, Tensor>>

/**
 * A loaded graph. `run` blocks its thread while the graph runs, so long work belongs in a worker thread.
 */
export type Session = {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /**
   * Runs the graph. Tensors in `outputs` receive their values in place, and may also be inputs: state that the graph
   * updates element by element is fed and fetched as the same tensor. Names in `outputs` ask for fresh tensors.
   */
  run(feeds: Feeds, outputs?: Readonly<Record<string, Tensor | null>>): Promise<Record<string, Tensor>>
  endProfiling(): void
  release(): Promise<void>
}

/** Opens an ONNX model from a path or from bytes. Throws UnsupportedError `runtime.no-device`. */
export async function openSession(source: string | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const device = options.device ?? 'cpu'
  await requireDevice(device)
  const settings: ort.InferenceSession.SessionOptions = {
    // Alone: of a list, the runtime leaves out in silence what it does not know.
    executionProviders: [device],
    graphOptimizationLevel: options.optimization === 'off' ? 'disabled' : 'all',
    logSeverityLevel: 3,
    // A planned block would lie in the arena beside what the first run took there: twice the memory, no time gained.
    enableMemPattern: false,
    enableCpuMemArena: options.memory !== 'heap',
    // Given, also where it is the runtime's own default, because the runtime pins threads to cores otherwise, and a pinned
    // thread that meets the caller on its core waits for it.
    intraOpNumThreads: options.threads ?? countCores(),
    // Threads that spin on after a run would hold the core of the next session's: 25 ms a step where shapes alternate.
    extra: {
      session: options.idle === 'sleep' ? { intra_op: { allow_spinning: '0' } } : { force_spinning_stop: '1' },
    },
    ...(options.profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profilePrefix }),
  }
  const session = await createRuntimeSession(source, settings)
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, outputs) {
      const results = await session.run(
        mapValues(feeds, toRuntime),
        outputs && mapValues(outputs, (t) => t && toRuntime(t)),
      )
      return mapValues(results, (view, name) => outputs?.[name] ?? fromRuntime(view))
    },
    endProfiling: () => session.endProfiling(),
    release: () => session.release(),
  }
}

async function createRuntimeSession(
  source: string | Uint8Array,
  settings: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return typeof source === 'string'
      ? await ort.InferenceSession.create(source, settings)
      : await ort.InferenceSession.create(source, settings)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (typeof source === 'string' && /file doesn't exist|No such file/i.test(reason)) {
      throw new NotFoundError('runtime.no-model', `There is no ONNX model at ${source}`, { cause })
    }
    throw new CapstanError('runtime.load-failed', `ONNX Runtime cannot load the model: ${reason}`, { cause })
  }
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  const result: Record<string, B> = {}
  for (const name of Object.keys(record)) result[name] = change(record[name] as A, name)
  return result
}
