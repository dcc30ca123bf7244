// PGlite's own `query` parses and plans a statement each time it runs, in six round trips: three times what a small insert takes.
import { type PGlite, parse, protocol, type Results } from '@electric-sql/pglite'

/** Statements kept prepared: more than the process has by far, so that only lists of many lengths push each other out. */
const keptMax = 256

type Prepared = { readonly name: string; readonly parameterTypes: readonly number[] }

/** Runs statements with values on a PGlite; what runs again is parsed once. One call at a time. */
export type PreparedStatements = {
  run<Row>(text: string, values: readonly unknown[]): Promise<Results<Row>>
}

/** Over the extended query protocol: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY. */
export function createPreparedStatements(pglite: PGlite): PreparedStatements {
  const { serialize } = protocol
  /** By their text, those used least recently first. */
  const kept = new Map<string, Prepared>()
  let count = 0
  const send = (...messages: Uint8Array[]) => pglite.execProtocolStream(Buffer.concat(messages))

  async function prepare(text: string): Promise<Prepared> {
    const name = `capstan_${++count}`
    const described = await send(
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    )
    return { name, parameterTypes: parse.parseDescribeStatementResults(described) }
  }

  async function take(text: string): Promise<Prepared> {
    const prepared = kept.get(text) ?? (await prepare(text))
    kept.delete(text)
    kept.set(text, prepared)
    const [oldest] = kept
    if (kept.size > keptMax && oldest) {
      kept.delete(oldest[0])
      await send(serialize.close({ type: 'S', name: oldest[1].name }), serialize.sync())
    }
    return prepared
  }

  const toText = (value: unknown, type: number | undefined): string | null => {
    if (value === null || value === undefined) return null
    return pglite.serializers[type ?? 0]?.(value) ?? String(value)
  }

  return {
    async run<Row>(text: string, values: readonly unknown[]) {
      const { name, parameterTypes } = await take(text)
      const messages = await send(
        serialize.bind({ statement: name, values: values.map((value, i) => toText(value, parameterTypes[i])) }),
        serialize.describe({ type: 'P' }),
        serialize.execute({}),
        serialize.sync(),
      )
      const [result] = parse.parseResults(messages, pglite.parsers)
      return result as Results<Row>
    },
  }
}
