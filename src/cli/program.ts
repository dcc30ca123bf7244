import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { CapstanError, InvalidInputError } from '../base/index.ts'
import type { Platform } from '../platform/index.ts'
import type { CommandContext, CommandSpec, OptionSpec, Values } from './command.ts'
import { commands, globalOptions } from './commands.ts'
import { type Io, printJson, printLine } from './io.ts'
import { readVersion } from './read-version.ts'

/** Runs one command line and returns the exit code: 0, 1 failed, 2 bad usage or input, 130 stopped by a signal. */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0
  const program = new Command('capstan')
    .description('Turns labelled texts into a small model you own, serves it, and books what it costs.')
    .version(readVersion())
    // So that an option after a command is the command's: evaluate has a --version of its own.
    .enablePositionalOptions()
    .showHelpAfterError('(capstan <command> --help says more)')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride()
  for (const spec of commands) {
    const command = program.command(spec.name).description(spec.summary).copyInheritedSettings(program)
    for (const { name, description } of spec.arguments ?? []) command.argument(name, description)
    for (const option of [...(spec.options ?? []), ...globalOptions]) command.addOption(toOption(option))
    command.addHelpText('after', `\nExample:\n  ${spec.example}`)
    command.action(async () => {
      exitCode = await runCommand(spec, command, io)
    })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has printed its message already; help and version leave this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
}

async function runCommand(spec: CommandSpec, command: Command, io: Io): Promise<number> {
  const values: Values = command.opts()
  const json = values.json === true
  let platform: Platform | undefined
  const context: CommandContext = {
    io,
    json,
    positionals: command.args,
    options: values,
    async openPlatform({ url, projectFolder = String(values.project ?? '.') } = {}) {
      const { createPlatform } = await import('../platform/index.ts')
      const configFile = values.config === undefined ? undefined : String(values.config)
      platform = await createPlatform({ projectFolder, configFile, ...(url ? { owner: { url } } : {}) })
      return platform
    },
  }
  try {
    const { run } = await spec.load()
    return await run(context)
  } catch (error) {
    if (!(error instanceof CapstanError)) throw error
    printError(error, { io, json, debug: values.debug === true })
    return error instanceof InvalidInputError ? 2 : 1
  } finally {
    await platform?.close()
  }
}

function printError(error: CapstanError, { io, json, debug }: { io: Io; json: boolean; debug: boolean }): void {
  const { code, message, hint } = error
  if (json) printJson(io, { error: { code, message, hint } })
  printLine(io.stderr, `error: ${message}`)
  if (hint) printLine(io.stderr, `hint: ${hint}`)
  printLine(io.stderr, `code: ${code}`)
  if (debug) printLine(io.stderr, `${error.stack}${error.cause ? `\ncause: ${String(error.cause)}` : ''}`)
}

function toOption({ flags, description, kind = 'text', choices, required, min }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (choices) option.choices([...choices])
  if (required) option.makeOptionMandatory()
  if (kind === 'number' || kind === 'integer') option.argParser((text) => parseNumber(text, kind, min))
  return option
}

function parseNumber(text: string, kind: 'number' | 'integer', min = Number.NEGATIVE_INFINITY): number {
  const value = Number(text)
  const isValid =
    text.trim() !== '' && Number.isFinite(value) && (kind === 'number' || Number.isInteger(value)) && value >= min
  if (!isValid) {
    throw new InvalidArgumentError(`It must be a ${kind === 'integer' ? 'whole number' : 'number'} of at least ${min}.`)
  }
  return value
}
