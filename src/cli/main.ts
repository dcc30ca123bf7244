import { processIo } from './io.ts'
import { runProgram } from './program.ts'

// Whoever reads may stop before the end, as head does: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

process.exitCode = await runProgram(process.argv.slice(2), processIo)
