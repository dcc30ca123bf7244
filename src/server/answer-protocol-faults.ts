/** What Node's HTTP server refuses before there is a request for the app: answered with problem details, as all else is. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type CapstanError, InvalidInputError, LimitError, UnsupportedError } from '../base/index.ts'
import { toProblem } from './problem.ts'
import { discardBody, refusedMsMax } from './read-body.ts'

/** Makes a server answer bytes that are no HTTP, headers that are too long, tunnels and expectations that nobody meets. */
export function answerProtocolFaults(server: Server): void {
  server.on('clientError', (cause: NodeJS.ErrnoException, socket) => {
    const { _httpMessage: response } = socket as Duplex & { _httpMessage?: ServerResponse }
    if (refused.has(socket)) return
    if (cause.code === 'ECONNRESET') socket.destroy()
    // A reply that has begun is not to be followed by another.
    else if (!socket.writable || response?.headersSent) hearOut(socket)
    else endWithProblem(socket, explainFault(cause))
  })
  server.on('connect', (_request, socket: Duplex) => {
    const what = 'CONNECT is not possible: this server opens no tunnels'
    const hint = 'The routes are listed at /openapi.json.'
    endWithProblem(socket, new UnsupportedError('request.method-not-allowed', what, { hint }))
  })
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.upgrade === undefined) return
    // Of a request that asks for another protocol Node takes the end of the connection for the end of the body, and hangs up.
    request.socket.prependListener('end', () => {
      if (!request.complete && !response.headersSent) endWithProblem(request.socket, unreadable())
    })
  })
  server.on('checkExpectation', (request, response) => {
    const what = `The expectation "${request.headers.expect}" cannot be met`
    const { status, headers, body } = toReply(new UnsupportedError('request.unmet-expectation', what))
    response.writeHead(status, headers).write(body)
    // Whoever waits for the reply has it now; whoever sends all the same is heard out.
    void discardBody(request).then(() => response.end())
  })
}

function explainFault(cause: NodeJS.ErrnoException): CapstanError {
  if (cause.code === 'HPE_HEADER_OVERFLOW') {
    const hint = 'Send fewer or shorter headers, and a shorter address.'
    return new LimitError('request.headers-too-large', 'The headers are too long', { hint, cause })
  }
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const hint = 'Send the whole request at once.'
    return new LimitError('request.timed-out', 'The request did not arrive in time', { hint, cause })
  }
  return unreadable(cause)
}

function unreadable(cause?: Error): CapstanError {
  const hint = 'Send it as HTTP/1.1 has it.'
  return new InvalidInputError('request.unreadable', 'The request cannot be read', { hint, cause })
}

/** Connections that have had their last reply, and whose further bytes are read for nothing. */
const refused = new WeakSet<Duplex>()

function endWithProblem(socket: Duplex, error: CapstanError): void {
  const { status, title, headers, body } = toReply(error)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  hearOut(socket)
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`)
}

/** Reads what else comes for nothing, for a while: hanging up at once, with bytes unread, would lose the reply on its way. */
function hearOut(socket: Duplex): void {
  refused.add(socket)
  const timer = setTimeout(() => socket.destroy(), refusedMsMax)
  socket.on('close', () => clearTimeout(timer))
  socket.on('error', () => {})
}

function toReply(error: CapstanError) {
  const requestId = randomUUID()
  const problem = toProblem(error, requestId)
  const body = JSON.stringify(problem)
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
    Connection: 'close',
  }
  return { status: problem.status, title: problem.title, headers, body }
}
