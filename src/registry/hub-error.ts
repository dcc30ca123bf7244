import { HubApiError } from '@huggingface/hub'
import { CapstanError, NotFoundError } from '../base/index.ts'

type Attempt = { what: string; hubUrl: string; signal: AbortSignal | undefined }

/** The error a user can act on, from whatever a request to a hub threw. */
export function toHubError(error: unknown, { what, hubUrl, signal }: Attempt): CapstanError {
  if (error instanceof CapstanError) return error
  if (signal?.aborted) {
    return new CapstanError('registry.download-stopped', `The download of ${what} was stopped.`, {
      hint: 'Run it again: it goes on where it stopped.',
      cause: error,
    })
  }
  const status = error instanceof HubApiError ? error.statusCode : null
  if (status === 404) {
    return new NotFoundError('registry.hub-not-found', `${hubUrl} has no ${what}.`, {
      hint: 'Check the spelling of owner/name and of the revision after "@".',
      cause: error,
    })
  }
  if (status === 401 || status === 403) {
    return new CapstanError('registry.hub-denied', `${hubUrl} does not give out ${what} (status ${status}).`, {
      hint: 'It does not exist, or is private or gated: check the spelling, or set HF_TOKEN to a token that may read it.',
      cause: error,
    })
  }
  const why = status === null ? reasonOf(error) : `status ${status}`
  return new CapstanError('registry.hub-unreachable', `${hubUrl} was not reached for ${what}: ${why}.`, {
    hint: 'Use --base <folder> with a model on disk, leave --base out for the bundled one, or set HF_ENDPOINT to a mirror.',
    cause: error,
  })
}

/** fetch says only "fetch failed"; the reason is the innermost cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}
