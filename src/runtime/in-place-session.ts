import { createNode, encodeModel, type Model, type Tensor } from '../onnx/index.ts'
import { type Feeds, openSession, type SessionOptions } from './session.ts'

/** A loaded graph whose outputs all land in given tensors. */
export type InPlaceSession = {
  readonly inputNames: readonly string[]
  /** A tensor may be input and output at once where the graph updates it element by element. */
  run(feeds: Feeds, outputs: Readonly<Record<string, Tensor>>): Promise<void>
  release(): Promise<void>
}

const haltName = 'halt-before-copies'
/** What the binding says of an output that is no tensor, once the graph has run. */
const haltMessage = 'Non tensor type is temporarily not supported.'

/**
 * Opens a graph to be run in place. onnxruntime-node 1.30 writes into the tensors that it is given, and then copies each into
 * a fresh array that nobody reads: of a training step three times the weights, with the collection of that garbage a
 * tenth of its time and more. It converts the outputs in their order, and stops at one that is no tensor; so an empty
 * sequence goes first. A binding that copies nothing, or has sequences, just answers.
 */
export async function openInPlaceSession(model: Model, options?: SessionOptions): Promise<InPlaceSession> {
  const { graph } = model
  const halt = createNode('SequenceEmpty', [], [haltName])
  const outputs = [{ name: haltName, dtype: null, dims: null }, ...graph.outputs]
  const halting = { ...model, graph: { ...graph, nodes: [halt, ...graph.nodes], outputs } }
  const session = await openSession(encodeModel(halting), options)
  return {
    inputNames: session.inputNames,
    async run(feeds, outputs) {
      try {
        await session.run(feeds, { [haltName]: null, ...outputs })
      } catch (error) {
        if (!(error instanceof Error) || error.message !== haltMessage) throw error
      }
    },
    release: () => session.release(),
  }
}
