import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { InvalidInputError, LimitError, UnsupportedError } from '../base/index.ts'
import type { ProblemError } from '../contracts/index.ts'

type Issue = {
  code?: string
  path: readonly PropertyKey[]
  message: string
  keys?: readonly string[]
  /** Of a value that may have several forms: what is wrong with it in each. */
  errors?: readonly (readonly Issue[])[]
}
type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } }
}

/** A reply names at most this many wrong places. */
const errorsMax = 20

/** The request's JSON body, checked; throws for a wrong type (415), too many bytes (413), or invalid content (400). */
export async function readBody<T>(context: Context, schema: Schema<T>, bytesMax: number): Promise<T> {
  const contentType = context.req.header('content-type')
  if (!isJson(contentType)) {
    throw new UnsupportedError('request.unsupported-media-type', `The body’s type is ${contentType ?? 'not given'}`, {
      hint: 'Send JSON with the header Content-Type: application/json.',
    })
  }
  const value = parseJson(decode(await readBytes(context, bytesMax)))
  return check(schema, value, 'request body')
}

/** The request's query, checked; 400 for what does not fit. */
export function readQuery<T>(context: Context, schema: Schema<T>): T {
  return check(schema, context.req.query(), 'query')
}

/** The parameters of the request's path, checked; 400 for what cannot be a name or an id. */
export function readParameters<T>(context: Context, schema: Schema<T>): T {
  return check(schema, context.req.param(), 'path')
}

function check<T>(schema: Schema<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues.flatMap(toProblemErrors)
  const places = errors.length === 1 ? '1 place' : `${errors.length} places`
  throw new InvalidInputError('request.invalid', `The ${what} does not fit the schema in ${places}`, {
    hint: 'The schema and its limits are at /openapi.json.',
    details: { errors: errors.slice(0, errorsMax) },
  })
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^\s*application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType)
}

async function readBytes(context: Context, bytesMax: number): Promise<Uint8Array> {
  const declared = context.req.header('content-length')
  if (declared !== undefined) {
    if (Number(declared) > bytesMax) throw tooLarge(`${declared} bytes`, bytesMax)
    return new Uint8Array(await context.req.arrayBuffer())
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of context.req.raw.body ?? []) {
    size += chunk.length
    if (size > refusedBytesMax) break
    if (size <= bytesMax) chunks.push(chunk)
  }
  if (size > bytesMax) throw tooLarge(`more than ${bytesMax} bytes`, bytesMax)
  return Buffer.concat(chunks)
}

/** Of a refused body, this much is read on and for so long. */
const refusedBytesMax = 16 * 1024 * 1024
export const refusedMsMax = 5_000

/** Reads on what is left of a refused request's body: a client that is cut off while it still sends never sees the reply. */
export async function discardBody(incoming: IncomingMessage): Promise<void> {
  if (incoming.complete || incoming.destroyed) return
  // Whoever sends more, or for longer, is cut off by the server.
  await new Promise<void>((resolve) => {
    let size = 0
    const timer = setTimeout(stop, refusedMsMax)
    function stop() {
      clearTimeout(timer)
      incoming.off('data', count).off('end', stop).off('close', stop)
      resolve()
    }
    function count(chunk: Uint8Array) {
      size += chunk.length
      if (size > refusedBytesMax) stop()
    }
    incoming.on('data', count).on('end', stop).on('close', stop)
  })
}

function tooLarge(size: string, bytesMax: number): LimitError {
  return new LimitError('request.too-large', `The body has ${size}, of at most ${bytesMax}`, {
    hint: 'Send fewer or shorter texts in one request.',
  })
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInputError('request.not-utf8', 'The body is not valid UTF-8', {
      hint: 'JSON is exchanged in UTF-8 (RFC 8259).',
      cause,
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InvalidInputError('request.malformed-json', `The body is not JSON: ${reason}`, { cause })
  }
}

function toProblemErrors({ path, message, keys, errors = [] }: Issue): ProblemError[] {
  // The form that was meant is the one whose type is right.
  const meant = errors.find(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  )
  if (meant) return meant.flatMap((issue) => toProblemErrors({ ...issue, path: [...path, ...issue.path] }))
  if (keys === undefined) return [{ pointer: toPointer(path), detail: message }]
  return keys.map((key) => ({ pointer: toPointer([...path, key]), detail: 'is not a known field' }))
}

/** A JSON Pointer as a URI fragment (RFC 6901 §6). */
function toPointer(path: readonly PropertyKey[]): string {
  const segments = path.map((key) => {
    // Through a buffer, because a lone surrogate has no percent-encoding.
    const wellFormed = Buffer.from(String(key)).toString()
    return `/${encodeURIComponent(wellFormed.replaceAll('~', '~0').replaceAll('/', '~1'))}`
  })
  return `#${segments.join('')}`
}
