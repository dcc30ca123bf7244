import type { ChildProcess } from 'node:child_process'

const turnMs = 8000

/**
 * Lets processes have the whole machine in turns, the others stopped meanwhile, so that all see the same minutes of a
 * machine that is not equally fast at all times.
 */
export function createTurns(): { join(child: ChildProcess): void; end(): void } {
  const players: ChildProcess[] = []
  let turn = 0
  const give = () => {
    const living = players.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    const chosen = living[turn++ % Math.max(1, living.length)]
    for (const player of living) if (player !== chosen) player.kill('SIGSTOP')
    chosen?.kill('SIGCONT')
  }
  const timer = setInterval(give, turnMs)
  return {
    join(child) {
      players.push(child)
      // Whoever ends leaves the rest of its turn to the next.
      child.once('exit', give)
      give()
    },
    end: () => clearInterval(timer),
  }
}
