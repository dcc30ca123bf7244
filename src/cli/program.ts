import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { CapstanError, InvalidInputError } from '../base/index.ts'
import { deviceSchema } from '../contracts/index.ts'
import type { Platform } from '../platform/index.ts'
import type { CommandContext, CommandSpec, OptionSpec, Values } from './command.ts'
import type { Io } from './io.ts'
import { commands, globalOptions } from './options.ts'
import { printError } from './print-error.ts'
import { readVersion } from './read-version.ts'

/** Runs one command line and returns the exit code: 0, 1 failed, 2 bad usage or input, 130 stopped by a signal. */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0
  const program = createProgram(io, async (spec, command) => {
    exitCode = await runCommand(spec, command, io)
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version, which commander has printed, leave this way too; help that nobody asked for is bad usage.
    if (error.exitCode === 0) return 0
    if (error.code !== 'commander.help')
      printError(toUsageError(error, argv), { io, json: argv.includes('--json'), debug: argv.includes('--debug') })
    return 2
  }
}

function createProgram(io: Io, act: (spec: CommandSpec, command: Command) => Promise<void>): Command {
  const program = new Command('capstan')
    .description('Turns labelled texts into a small model you own, serves it, and books what it costs.')
    .version(readVersion())
    // So that an option after a command is the command's: evaluate has a --version of its own.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Errors are printed once, in Capstan's own form.
      outputError: () => {},
    })
    .exitOverride()
  for (const option of globalOptions) program.addOption(toOption(option))
  program.addHelpText('after', '\nExample:\n  capstan train tickets.csv --task support')
  for (const spec of commands) {
    const words = spec.name.split(' ')
    const parent = words.length === 1 ? program : findGroup(program, words[0] as string)
    const command = parent
      .command(words.at(-1) as string)
      .description(spec.summary)
      .copyInheritedSettings(program)
    for (const { name, description } of spec.arguments ?? []) command.argument(name, description)
    for (const option of [...(spec.options ?? []), ...globalOptions]) command.addOption(toOption(option))
    command.addHelpText('after', `\nExample:\n  ${spec.example}`)
    command.action(() => act(spec, command))
  }
  return program
}

/** The command under which others stand, as `keys` is for `keys create`; made when first asked for. */
function findGroup(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name)
  if (known) return known
  const names = commands.flatMap((spec) => (spec.name.startsWith(`${name} `) ? [spec.name] : []))
  return program.command(name).description(names.join(', ')).copyInheritedSettings(program)
}

async function runCommand(spec: CommandSpec, command: Command, io: Io): Promise<number> {
  const values: Values = command.optsWithGlobals()
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
      const device = deviceSchema.optional().parse(values.device)
      platform = await createPlatform({ projectFolder, configFile, device, ...(url ? { owner: { url } } : {}) })
      return platform
    },
  }
  try {
    try {
      const { run } = await spec.load()
      return await run(context)
    } finally {
      await platform?.close()
    }
  } catch (error) {
    printError(error, { io, json, debug: values.debug === true })
    return exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InvalidInputError) return 2
  // Stopped by the signal of its user, before there was a model to keep.
  return error instanceof CapstanError && error.code === 'registry.download-stopped' ? 130 : 1
}

/** Commander's message, with its suggestion as the hint. */
function toUsageError({ message }: CommanderError, argv: readonly string[]): InvalidInputError {
  const [, what = message, suggestion] = /^(?:error: )?(.*?)(?:\n\((.*)\))?$/s.exec(message) ?? []
  const named = commands.find(({ name }) => name.split(' ').every((word) => argv.includes(word)))
  const help = `${named ? `capstan ${named.name}` : 'capstan'} --help shows what there is.`
  return new InvalidInputError('cli.bad-usage', what, { hint: suggestion ?? help })
}

function toOption({ flags, description, kind = 'text', choices, required, ...bounds }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (choices) option.choices([...choices])
  if (required) option.makeOptionMandatory()
  if (kind === 'number' || kind === 'integer') option.argParser((text) => parseNumber(text, kind, bounds))
  if (kind === 'list') {
    option.argParser((text: string, before: string[] = []) => [
      ...before,
      ...text.split(',').filter((part) => part !== ''),
    ])
  }
  return option
}

function parseNumber(
  text: string,
  kind: 'number' | 'integer',
  { min = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY }: Pick<OptionSpec, 'min' | 'below'>,
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  const isRightKind = kind === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)
  if (isRightKind && value >= min && value < below) return value
  const limit = Number.isFinite(below) ? ` and below ${below}` : ''
  throw new InvalidArgumentError(`It must be a ${kind === 'integer' ? 'whole ' : ''}number of at least ${min}${limit}.`)
}
