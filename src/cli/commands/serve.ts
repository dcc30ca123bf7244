import { createLogger, type LogLevel } from '../../base/index.ts'
import { codeVersion } from '../../platform/index.ts'
import { createApp, startServer } from '../../server/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

const defaultPort = 8787

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const host = String(options.host ?? '127.0.0.1')
  const port = Number(options.port ?? defaultPort)
  const platform = await openPlatform({ url: `http://${host}:${port}` })
  await platform.access.checkBind(host)
  const stopped = new Promise<void>((resolve) => {
    const leave = io.onSignal(() => {
      leave()
      resolve()
    })
  })
  const logger = createLogger({ level: (options.logLevel ?? 'info') as LogLevel, destination: io.stderr })
  const app = createApp(platform, { version: codeVersion, logger })
  const server = await startServer({ app, host, port })
  try {
    await platform.loadModels()
    const tasks = (await platform.listTasks()).map(({ task }) => task)
    if (json) printJson(io, { url: server.url, tasks })
    else {
      const needsKey = await platform.access.isKeyRequired()
      for (const line of describe(server.url, tasks, needsKey)) printLine(io.stdout, line)
    }
    await stopped
    printLine(io.stderr, 'Finishing what was accepted …')
  } finally {
    await server.close()
  }
  return 0
}

function describe(url: string, tasks: readonly string[], needsKey: boolean): string[] {
  const [task] = tasks
  if (task === undefined)
    return [`Serving at ${url}, without any model yet: train one with capstan train, then serve again.`]
  const key = needsKey ? " -H 'authorization: Bearer cap_…'" : ''
  return [
    `Serving ${tasks.join(', ')} at ${url} (stop with Ctrl-C). Try:`,
    `  curl -s ${url}/v1/tasks/${task}/predictions -H 'content-type: application/json'${key} -d '{"input": "a text of yours"}'`,
    `  ${url}/openapi.json describes the rest.`,
  ]
}
