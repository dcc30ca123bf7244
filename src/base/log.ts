import { type DestinationStream, pino } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Structured log lines: fields first, then one constant sentence. Inputs of users are never logged. */
export type Logger = Record<Exclude<LogLevel, 'silent'>, (fields: Record<string, unknown>, message: string) => void>

/** JSON lines on standard error by default, so that standard output stays free for results. */
export function createLogger(options: { level?: LogLevel; destination?: DestinationStream } = {}): Logger {
  const { level = 'info', destination = pino.destination({ fd: 2, sync: true }) } = options
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
}
