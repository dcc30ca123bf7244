import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const platform = await openPlatform()
  const text = (name: string) => (options[name] === undefined ? {} : { [name]: String(options[name]) })
  const imported = await platform.labelling.import({
    task: String(options.task),
    data: String(positionals[0]),
    ...text('textColumn'),
    ...text('labelColumn'),
    ...text('pairColumn'),
    ...text('labelSeparator'),
    skipBadRows: options.skipBadRows === true,
    representative: options.representative === true,
  })
  await platform.idle()
  if (json) printJson(io, imported)
  else
    printLine(
      io.stdout,
      `${imported.imported} examples imported${imported.skipped ? `, ${imported.skipped} rows left out` : ''}.`,
    )
  return 0
}
