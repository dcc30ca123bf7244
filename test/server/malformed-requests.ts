/**
 * Requests that are wrong somewhere, made from the OpenAPI document: a valid one of a random operation, then one to three
 * faults of form, body, address or protocol. The same seed gives the same bytes.
 */
import { connect } from 'node:net'
import { createRandom, type Random } from '../../src/base/index.ts'
import { problemSchema } from '../../src/contracts/index.ts'

export type OpenApiDocument = { paths: Record<string, Record<string, Operation>> }

type Operation = {
  requestBody?: { content: Record<string, { schema?: unknown; examples?: Record<string, { value: unknown }> }> }
}

export type MalformedRequest = {
  /** What was done to a valid request. */
  faults: string[]
  method: string
  bytes: Buffer
}

export type RawReply = { status: number; headers: Map<string, string>; body: string }

type Draft = {
  method: string
  target: string
  version: string
  headers: [name: string, value: string][]
  body: Buffer | null
  /** Null where the body is sent in chunks, or has no declared length. */
  contentLength: string | null
  isChunked: boolean
}

type Fault = (draft: Draft, random: Random) => void

const bodyBytesMax = 1024 * 1024
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'M-SEARCH']

/** Where keys are required, most requests should have one: the faults behind the gate are the interesting ones. */
export function createMalformedRequests(
  document: OpenApiDocument,
  { seed, task, token }: { seed: number; task: string; token?: string },
): (index: number) => MalformedRequest {
  const operations = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  // Most faults are of bodies, so that operations that take one come up more often.
  const weighted = operations.flatMap((one) =>
    one.operation.requestBody ? Array(8).fill(one) : [one],
  ) as typeof operations
  return (index) => {
    const random = createRandom(seed, 'malformed', index)
    const { path, method, operation } = pick(weighted, random)
    const draft = draftValid({ path, method, operation, task, token }, random)
    const applicable = Object.entries(draft.body === null ? otherFaults : { ...otherFaults, ...bodyFaults })
    const faults: string[] = []
    for (let count = 1 + random.integer(3); count > 0; count--) {
      const [name, apply] = pick(applicable, random)
      faults.push(name)
      apply(draft, random)
    }
    return { faults, method: draft.method, bytes: toBytes(draft) }
  }
}

/** How long a request may take before it counts as one that waits for bytes which never come. */
const patienceMs = 700

/** Sends the bytes on a connection of their own and reads the reply to its end; null where none came. */
export async function sendRaw(url: string, bytes: Buffer): Promise<RawReply | null> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  // The server may answer and hang up before it has read a body that is too large: what it said counts.
  await new Promise<void>((resolve) => {
    // Node's server drops a request whose client hangs up before the reply: only one that waits for more bytes is told so.
    const hangUp = setTimeout(() => socket.end(), patienceMs)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      clearTimeout(hangUp)
      socket.end()
    })
    socket.on('error', () => resolve())
    socket.on('close', () => {
      clearTimeout(hangUp)
      resolve()
    })
    socket.write(bytes)
  })
  return parseReply(Buffer.concat(chunks).toString('utf8'))
}

/** What a reply lacks that every reply to a malformed request must have; null where it lacks nothing. */
export function findFault({ method }: MalformedRequest, reply: RawReply | null): string | null {
  if (reply === null) return 'no reply'
  const { status, headers, body } = reply
  if (status >= 500) return `status ${status}: ${body}`
  if (status < 400 || method === 'HEAD') return null
  const contentType = headers.get('content-type')
  if (contentType !== 'application/problem+json') return `status ${status} with a body of type ${contentType}`
  const problem = problemSchema.safeParse(JSON.parse(body))
  if (!problem.success) return `no problem details: ${body}`
  return problem.data.status === status ? null : `status ${status}, and the problem says ${problem.data.status}`
}

function parseReply(text: string): RawReply | null {
  // Interim replies come before the one that counts.
  const [, head, rest] = /^(?:HTTP\/1\.1 1\d\d.*?\r\n\r\n)*(HTTP\/1\.1 \d{3}.*?)\r\n\r\n(.*)$/s.exec(text) ?? []
  if (head === undefined || rest === undefined) return null
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':')
      return [name.toLowerCase(), value.join(':').trim()]
    }),
  )
  const body = headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : rest
  return { status: Number(statusLine.split(' ')[1]), headers, body }
}

/** The sizes stand on lines of their own; bodies of JSON hold no line breaks. */
function joinChunks(text: string): string {
  return text
    .split('\r\n')
    .filter((_, index) => index % 2 === 1)
    .join('')
}

type Start = { path: string; method: string; operation: Operation; task: string; token: string | undefined }

function draftValid({ path, method, operation, task, token }: Start, random: Random): Draft {
  const { examples = {} } = operation.requestBody?.content['application/json'] ?? {}
  const values = Object.values(examples).map(({ value }) => value)
  const body = operation.requestBody ? Buffer.from(JSON.stringify(values.length > 0 ? pick(values, random) : {})) : null
  const headers: Draft['headers'] = [
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
  ]
  if (token !== undefined && random.integer(8) > 0) headers.push(['Authorization', `Bearer ${token}`])
  if (body) headers.push(['Content-Type', 'application/json'])
  return {
    method,
    target: path.replaceAll('{task}', task).replaceAll(/\{\w+\}/g, 'x'),
    version: 'HTTP/1.1',
    headers,
    body,
    contentLength: body && String(body.length),
    isChunked: false,
  }
}

function toBytes({ method, target, version, headers, body, contentLength, isChunked }: Draft): Buffer {
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  if (isChunked) lines.push('Transfer-Encoding: chunked')
  else if (contentLength !== null) lines.push(`Content-Length: ${contentLength}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  if (body === null) return head
  if (!isChunked) return Buffer.concat([head, body])
  return Buffer.concat([head, Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
}

function setBody(draft: Draft, body: Buffer | string): void {
  draft.body = Buffer.from(body)
  draft.contentLength = String(draft.body.length)
}

/** Changes the JSON that the body holds; one that holds none any more stays as it is. */
function changeJson(draft: Draft, change: (value: Record<string, unknown>) => unknown): void {
  const text = String(draft.body)
  if (!text.startsWith('{')) return
  try {
    setBody(draft, JSON.stringify(change(JSON.parse(text) as Record<string, unknown>)))
  } catch {
    // An earlier fault has broken it.
  }
}

function setHeader(draft: Draft, name: string, value: string | null): void {
  draft.headers = draft.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase())
  if (value !== null) draft.headers.push([name, value])
}

const oddValues: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  (random) => random.integer(1000) - 500,
  () => 1e308,
  () => -0.5,
  () => '',
  () => ' \t\n',
  () => '\u0000',
  () => '\ud800',
  () => '\u202e\ufeff',
  () => [],
  () => {},
  () => [[[[]]]],
  () => [null, 1, ''],
  () => ({}),
  () => ({ text: null }),
  () => ({ text: 'a', text_pair: 7, more: 1 }),
  () => 'x'.repeat(20_001),
  () => Array(300).fill('card'),
  (random) => 'long '.repeat(random.integer(5000)),
  () => ({ __proto__: null, constructor: { prototype: { polluted: true } } }),
]

const oddKeys = ['extra', '__proto__', 'constructor', 'toString', '', 'a/b~c', 'input ', 'INPUT', '\ud800', '0']

const bodyFaults: Record<string, Fault> = {
  'wrong type': (draft, random) =>
    changeJson(draft, (value) => ({ ...value, [pick(Object.keys(value), random)]: pick(oddValues, random)(random) })),
  'missing field': (draft, random) =>
    changeJson(draft, (value) => {
      const dropped = pick(Object.keys(value), random)
      return Object.fromEntries(Object.entries(value).filter(([name]) => name !== dropped))
    }),
  'extra field': (draft, random) =>
    changeJson(draft, (value) => ({
      ...value,
      ...(JSON.parse(`{${JSON.stringify(pick(oddKeys, random))}:1}`) as object),
    })),
  'both forms': (draft) => changeJson(draft, () => ({ input: 'card', inputs: ['card'] })),
  'wrong limit': (draft, random) =>
    changeJson(draft, (value) => ({ ...value, scoresMax: pick([0, -1, 1.5, '2', null, '1e400', 2 ** 53], random) })),
  'no object': (draft, random) => setBody(draft, pick(['null', '[]', '1', '"text"', 'true', '[[[[]]]]', '{}'], random)),
  'deep nesting': (draft) => setBody(draft, `{"input":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
  'many keys': (draft) =>
    setBody(draft, JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])))),
  'many wrong texts': (draft) => setBody(draft, JSON.stringify({ inputs: Array(256).fill({ text: '' }) })),
  'cut JSON': (draft, random) =>
    setBody(draft, (draft.body as Buffer).subarray(0, random.integer(draft.body?.length ?? 1))),
  'broken JSON': (draft, random) =>
    setBody(draft, `${draft.body}${pick(['}', ',', '\u0000', '//', '{"input":1}', 'NaN'], random)}`),
  'loose JSON': (draft, random) =>
    setBody(
      draft,
      pick(["{'input': 'a'}", '{input: "a"}', '{"input": "a",}', '{"input": NaN}', '{"a":1 "b":2}'], random),
    ),
  'random bytes': (draft, random) =>
    setBody(draft, Buffer.from(Array.from({ length: random.integer(400) }, () => random.integer(256)))),
  'invalid UTF-8': (draft) => setBody(draft, Buffer.concat([draft.body as Buffer, Buffer.from([0xff, 0xc0, 0x80])])),
  'UTF-16': (draft) => setBody(draft, Buffer.from(`\ufeff${draft.body}`, 'utf16le')),
  'byte order mark': (draft) => setBody(draft, `\ufeff${draft.body}`),
  'empty body': (draft) => setBody(draft, ''),
  'huge body': (draft, random) => setBody(draft, Buffer.alloc(bodyBytesMax + 1 + random.integer(bodyBytesMax), 'x')),
  'huge text': (draft) => setBody(draft, JSON.stringify({ input: 'x'.repeat(bodyBytesMax) })),
  'chunked body': (draft) => {
    draft.isChunked = true
  },
  'huge chunked body': (draft) => {
    setBody(draft, Buffer.alloc(2 * bodyBytesMax, 'x'))
    draft.isChunked = true
  },
  'no length': (draft) => {
    draft.contentLength = null
  },
  'wrong length': (draft, random) => {
    draft.contentLength = pick(['-1', 'abc', '1e3', '0x10', '99999999999999999999', '5, 6', ''], random)
  },
  'length beyond the end': (draft) => {
    draft.contentLength = String((draft.body?.length ?? 0) + 10)
  },
  'length before the end': (draft) => {
    draft.contentLength = String(Math.max(0, (draft.body?.length ?? 0) - 5))
  },
  'media type': (draft, random) =>
    setHeader(
      draft,
      'Content-Type',
      pick(
        [
          null,
          '',
          'text/plain',
          'application/jsonx',
          'multipart/form-data',
          'application/json, text/html',
          'a/b/c',
          '/',
        ],
        random,
      ),
    ),
  charset: (draft, random) =>
    setHeader(draft, 'Content-Type', `application/json; charset=${pick(['utf-16', 'latin1', '"', ''], random)}`),
  'content encoding': (draft, random) => setHeader(draft, 'Content-Encoding', pick(['gzip', 'br', 'nothing'], random)),
}

const otherFaults: Record<string, Fault> = {
  'wrong method': (draft, random) => {
    draft.method = pick(methods, random)
  },
  'no method of HTTP': (draft, random) => {
    draft.method = pick(['post', 'FOO', 'GET\t', '', 'G\u00c9T', 'PRI', 'POSTPOST'], random)
  },
  'wrong path': (draft, random) => {
    draft.target = pick(
      [
        '/',
        '//',
        '/v1',
        '/v2/tasks',
        '/v1/tasks/',
        '/v1//tasks',
        '/v1/tasks/../../etc/passwd',
        '/%2e%2e/%2e%2e',
        '/favicon.ico',
      ],
      random,
    )
  },
  'wrong name in the path': (draft, random) => {
    const name = pick(
      [
        'nope',
        '%00',
        '%ZZ',
        '%',
        '%F0%9F%A6%86',
        '%ff',
        '%2F',
        "'%20or%201=1",
        '__proto__',
        'x'.repeat(4000),
        '..',
        ';',
      ],
      random,
    )
    draft.target = draft.target.includes('/tasks/')
      ? draft.target.replace(/\/tasks\/[^/]*/, () => `/tasks/${name}`)
      : `/${name}`
  },
  'odd query': (draft, random) => {
    draft.target += pick(
      ['?', '?a=b&a=c', '?%00', '?%', '?__proto__[a]=1', `?${'q'.repeat(3000)}`, '#part', '?a=\u00e9'],
      random,
    )
  },
  'no path': (draft, random) => {
    draft.target = pick(
      ['', '*', 'v1/tasks', 'http://', 'http://other.example/healthz', 'ftp://x/', '\\v1\\tasks', '/a b', '/\u0001'],
      random,
    )
  },
  'path beyond the limit': (draft) => {
    draft.target += `?${'q'.repeat(20_000)}`
  },
  'other version': (draft, random) => {
    draft.version = pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/3', 'HTTPS/1.1', ''], random)
  },
  'odd Host': (draft, random) =>
    setHeader(draft, 'Host', pick([null, '', 'a b', ':', '[::1', 'x'.repeat(300), 'a,b', '@'], random)),
  'two Hosts': (draft) => {
    draft.headers.push(['Host', 'other.example'])
  },
  'odd header': (draft, random) => {
    draft.headers.push(
      pick(
        [
          ['X-Odd', '\u0001'],
          ['X Odd', 'a'],
          ['', 'a'],
          ['X-Odd\u00e9', 'a'],
          ['X-Odd', '\u00ff\u00fe'],
          ['Range', 'bytes=5-1'],
          ['If-None-Match', '"'],
          ['Cookie', ';;;==;'],
          ['X-Forwarded-For', "' or 1=1 --"],
        ] as [string, string][],
        random,
      ),
    )
  },
  'odd Accept': (draft, random) => setHeader(draft, 'Accept', pick(['', 'image/png', ';;;', '*/*;q=2'], random)),
  'odd request id': (draft, random) =>
    setHeader(draft, 'X-Request-Id', pick(['', 'a b"}', 'x'.repeat(500), '{{}}'], random)),
  'odd key': (draft, random) =>
    setHeader(
      draft,
      'Authorization',
      pick([null, '', 'Bearer', 'Bearer cap_', 'Basic YTpi', `Bearer ${'c'.repeat(5000)}`], random),
    ),
  'headers beyond the limit': (draft) => {
    draft.headers.push(['X-Long', 'x'.repeat(20_000)])
  },
  'many headers': (draft) => {
    for (let i = 0; i < 500; i++) draft.headers.push([`X-${i}`, 'a'])
  },
  'odd expectation': (draft, random) => setHeader(draft, 'Expect', pick(['100-continue', 'miracles', ''], random)),
  'odd transfer encoding': (draft, random) =>
    setHeader(draft, 'Transfer-Encoding', pick(['gzip', 'identity', 'chunked, chunked', 'chunked, gzip', 'x'], random)),
  'wish for another protocol': (draft, random) => {
    setHeader(draft, 'Connection', 'Upgrade')
    setHeader(draft, 'Upgrade', pick(['websocket', 'h2c', 'HTTP/3'], random))
  },
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integer(items.length)] as T
}
