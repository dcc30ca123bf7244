import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import { CapstanError, ConflictError, InvalidInputError } from '../base/index.ts'
import { answerProtocolFaults } from './answer-protocol-faults.ts'
import type { App } from './app.ts'
import { discardBody } from './read-body.ts'
import { respondUnreadable } from './respond.ts'

export type ServerOptions = {
  app: App
  /** Default 127.0.0.1: reachable from this machine only. */
  host?: string
  /** Default 8787; 0 takes any free port. */
  port?: number
  /** How long `close` waits for requests under way before it cuts them off; default 10,000. */
  closeMsMax?: number
}

export type RunningServer = {
  /** For example http://127.0.0.1:8787 */
  readonly url: string
  /** Stops accepting, answers the requests under way, and resolves when the last connection has ended. */
  close(): Promise<void>
}

/**
 * An idle connection stays longer than those of usual proxies (60 s), so that it is never closed at the moment at which its
 * client sends the next request; Node's own 5 s are.
 */
const keepAliveMs = 65_000

/** How often a closing server looks for connections that have become idle. */
const sweepMs = 50

/** Binds the app to a port of this machine; throws where the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { app, host = '127.0.0.1', port = 8787, closeMsMax = 10_000 } = options
  // A request without a Host header is refused by the listener, with a problem; Node would send an empty reply.
  // Its error handler is not told the request; it runs before the listener gives control back, so that it is still this one.
  let incoming: IncomingMessage | null = null
  const errorHandler = async (error: unknown) => {
    if (error instanceof RequestError && incoming) await discardBody(incoming)
    return respondUnreadable(error)
  }
  const listener = getRequestListener(app.fetch, { errorHandler })
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    incoming = request
    void listener(request, response)
    incoming = null
  })
  server.keepAliveTimeout = keepAliveMs
  answerProtocolFaults(server)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server, host, port)
  const { address, port: bound, family } = server.address() as AddressInfo
  let closing: Promise<void> | null = null
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close() {
      closing ??= closeServer({ server, app, sockets, closeMsMax })
      return closing
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainBindError(error, host, port)))
    server.listen(port, host, resolve)
  })
}

function explainBindError(cause: NodeJS.ErrnoException, host: string, port: number): CapstanError {
  if (cause.code === 'EADDRINUSE') {
    return new ConflictError('server.port-in-use', `Port ${port} of ${host} is taken by another process`, {
      hint: 'Stop that process, or choose another port; --port 0 takes any free one.',
      cause,
    })
  }
  if (cause.code === 'EACCES') {
    return new ConflictError('server.port-forbidden', `This user may not listen on port ${port} of ${host}`, {
      hint: 'Choose a port above 1023.',
      cause,
    })
  }
  if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') {
    return new InvalidInputError('server.unknown-host', `${host} is no address of this machine`, {
      hint: 'Use 127.0.0.1 for this machine only, or 0.0.0.0 for all its networks.',
      cause,
    })
  }
  return new CapstanError('server.listen-failed', `Cannot listen on port ${port} of ${host}: ${cause.message}`, {
    cause,
  })
}

type Closing = { server: Server; app: App; sockets: ReadonlySet<Socket>; closeMsMax: number }

async function closeServer({ server, app, sockets, closeMsMax }: Closing): Promise<void> {
  app.beginDraining()
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  // Node closes idle connections once, at the start; later ones, and those that never sent a byte, are left to us.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }, sweepMs)
  const limit = setTimeout(() => server.closeAllConnections(), closeMsMax)
  await closed
  clearInterval(sweep)
  clearTimeout(limit)
}
