// POST of JSON to an address that may misbehave in any way. Nothing of a reply's text and of the request's headers gets
// into what is said about a failure: both may hold secrets or the text that was asked.
import type { Failure } from './teacher.ts'

export type JsonRequest = {
  url: URL
  headers: Readonly<Record<string, string>>
  /** JSON text. */
  body: string
  /** More bytes of a reply than this are not read. */
  replyBytesMax: number
  signal: AbortSignal
}

export type JsonReply =
  | { type: 'reply'; value: unknown }
  /** `text` is the reply's, for the caller to look at, not to show. */
  | { type: 'refused'; status: number; text: string; failure: Failure }
  /** Whether the other side did and charged the work is not known. */
  | { type: 'broken'; failure: Failure }

/** Statuses after which the same request may succeed (409: as OpenAI's own clients do; 501 says it never will). */
const passingStatuses = [408, 409, 425, 429]
/** The text is too long, or not allowed, or unreadable for this model: another text may do. */
const inputStatuses = [400, 413, 422]

/** Sends once. Redirects are not followed: headers with secrets go only where the configuration says. */
export async function postJson({ url, headers, body, replyBytesMax, signal }: JsonRequest): Promise<JsonReply> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal,
    })
    const text = await readText(response, replyBytesMax)
    if (!response.ok)
      return { type: 'refused', status: response.status, text: text ?? '', failure: toFailure(response, text) }
    if (text === undefined) return broken(`the reply has more than ${replyBytesMax} bytes`, 'never')
    return readJson(text, response.headers.get('content-type'))
  } catch (error) {
    return broken(`the connection failed: ${systemCode(error)}`, 'backoff')
  }
}

/** The reply as text, undefined where it is too large. */
async function readText(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop cancels the rest of the reply.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readJson(text: string, contentType: string | null): JsonReply {
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(contentType ?? '')) {
    return broken('the reply is not announced as JSON', 'never')
  }
  try {
    return { type: 'reply', value: JSON.parse(text) }
  } catch {
    return broken('the reply is announced as JSON and is none', 'never')
  }
}

function toFailure({ status, headers }: Response, text: string | undefined): Failure {
  const isPassing = passingStatuses.includes(status) || (status >= 500 && status !== 501)
  // OpenAI's 429 for an empty account is no question of waiting.
  const isSpent = status === 429 && (text?.includes('insufficient_quota') ?? false)
  const redirected = status >= 300 && status < 400 ? ': redirects are not followed' : ''
  const retryAfterMs = readRetryAfter(headers)
  return {
    reason: 'error',
    detail: `status ${status}${isSpent ? ': the account is spent' : redirected}`,
    retry: isPassing && !isSpent ? 'backoff' : 'never',
    fault: inputStatuses.includes(status) ? 'input' : 'teacher',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

/** Seconds, or a date that is compared with the reply's own Date: our clock need not agree with theirs (RFC 9110, 10.2.3). */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(headers.get('date') ?? '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

function broken(detail: string, retry: Failure['retry']): JsonReply {
  return { type: 'broken', failure: { reason: 'error', detail, retry, fault: 'teacher' } }
}

/** fetch says "fetch failed"; the system's code is in one of its causes. Messages are left out: they may quote headers. */
function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string') return code
  return error.cause === undefined ? error.name : systemCode(error.cause)
}
