import type { Platform } from '../platform/index.ts'
import type { Io } from './io.ts'

/** An option as data: commander and docs/generated/cli.md are made of it. */
export type OptionSpec = {
  /** Such as `--task <name>`; a flag has no value. */
  flags: string
  description: string
  /** A list is written with commas, or the option repeated. */
  kind?: 'text' | 'number' | 'integer' | 'flag' | 'list'
  choices?: readonly string[]
  required?: true
  /** Smallest number allowed. */
  min?: number
  /** Every number allowed is smaller. */
  below?: number
}

export type ArgumentSpec = { name: string; description: string }

export type CommandSpec = {
  /** One word, or the group and the word within it: `keys create`. */
  name: string
  summary: string
  arguments?: readonly ArgumentSpec[]
  options?: readonly OptionSpec[]
  example: string
  /** The body, loaded when the command runs. */
  load(): Promise<{ run: CommandBody }>
}

export type Values = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export type CommandContext = {
  io: Io
  /** True where one JSON object is wanted on stdout. */
  json: boolean
  /** Positional arguments in order; those of a list follow one another. */
  positionals: readonly string[]
  options: Values
  /** Opens the project's data folder; `main` closes it. `url`: where this process serves. */
  openPlatform(options?: { url?: string; projectFolder?: string }): Promise<Platform>
}

/** Returns the exit code. */
export type CommandBody = (context: CommandContext) => Promise<number>
