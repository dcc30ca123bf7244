/** A session over a graph that reads and writes parameters, slots and gradient sums in place. */
import { type Model, type Tensor, zeros } from '../onnx/index.ts'
import { openInPlaceSession, type SessionOptions } from '../runtime/index.ts'
import { isTrained, type Parameter } from './parameters.ts'
import { createRowBuffers } from './row-buffers.ts'
import { stateNames } from './step-state.ts'

/** A tensor of the state, the input that feeds it and the output that updates it. */
export type StateEntry = {
  readonly input: string
  readonly output: string
  readonly tensor: Tensor
  /** Fed as the rows that a batch uses. */
  readonly isTable: boolean
}

/** All state of a run; `sums` are gradient sums by parameter, where several batches make one update. */
export function stateEntries(parameters: readonly Parameter[], sums: ReadonlyMap<string, Tensor>): StateEntry[] {
  return parameters.flatMap((parameter) => {
    const { name, value } = parameter
    const names = stateNames(name)
    const sum = sums.get(name)
    const entry = (input: string, output: string, tensor: Tensor): StateEntry => {
      return { input, output, tensor, isTable: parameter.isSparse && tensor.dims[0] === value.dims[0] }
    }
    const slots = isTrained(parameter) ? parameter.update.slots : []
    return [
      entry(names.value, names.next.value, value),
      ...slots.map((slot, i) => entry(names.slot(i), names.next.slot(i), slot)),
      ...(sum ? [entry(names.gradient, names.next.gradient, sum)] : []),
    ]
  })
}

export type StateRunner = {
  /**
   * Runs the graph on the rows `ids` of the tables, with `feeds` for all inputs that are no state; returns the other outputs,
   * valid until the next run.
   */
  run(ids: readonly number[], feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>
  release(): Promise<void>
}

export async function openStateRunner(
  model: Model,
  {
    state,
    rowCount,
    session: settings,
  }: { state: readonly StateEntry[]; rowCount: number; session?: SessionOptions | undefined },
): Promise<StateRunner> {
  const session = await openInPlaceSession(model, settings)
  const inputs = new Set(session.inputNames)
  const outputs = new Set(model.graph.outputs.map(({ name }) => name))
  const fed = state.filter(({ input }) => inputs.has(input))
  const tables = fed.filter(({ isTable }) => isTable)
  const rows = createRowBuffers(
    tables.map(({ tensor, output }) => ({ table: tensor, isWritten: outputs.has(output) })),
    rowCount,
  )
  const bound = fed.map((entry) => ({ ...entry, tensor: rows.buffers[tables.indexOf(entry)] ?? entry.tensor }))
  const stateFeeds = Object.fromEntries(bound.map(({ input, tensor }) => [input, tensor]))
  const updated = new Set(bound.map(({ output }) => output))
  const results = Object.fromEntries(
    model.graph.outputs.flatMap(({ name, dims }) =>
      updated.has(name) ? [] : [[name, zeros('float32', dims as number[])]],
    ),
  )
  const fetches = { ...results }
  for (const { output, tensor } of bound) if (outputs.has(output)) fetches[output] = tensor
  return {
    async run(ids, feeds) {
      rows.load(ids)
      await session.run({ ...stateFeeds, ...feeds }, fetches)
      rows.store(ids)
      return results
    },
    release: () => session.release(),
  }
}
