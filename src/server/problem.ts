import {
  CapstanError,
  ConflictError,
  InvalidInputError,
  LimitError,
  NotFoundError,
  UnsupportedError,
} from '../base/index.ts'
import { type Problem, type ProblemError, problemErrorSchema } from '../contracts/index.ts'

/** Titles of RFC 9110 for the statuses in use. */
export const statusTitles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
} as const

export type ProblemStatus = keyof typeof statusTitles

/** Codes whose status is not that of their class. */
const statusByCode: Readonly<Record<string, ProblemStatus>> = {
  'access.bad-key': 401,
  'access.expired-key': 401,
  'access.missing-key': 401,
  'access.out-of-scope': 403,
  'access.revoked-key': 401,
  'flywheel.teacher-unavailable': 503,
  'request.headers-too-large': 431,
  'request.method-not-allowed': 405,
  'request.timed-out': 408,
  'request.too-large': 413,
  'request.unmet-expectation': 417,
  'request.unsupported-media-type': 415,
  'serving.closed': 503,
  'serving.not-ready': 503,
  'serving.overloaded': 503,
  'serving.too-large': 503,
  'serving.worker-stopped': 503,
}

const statusByClass = [
  [InvalidInputError, 400],
  [NotFoundError, 404],
  [ConflictError, 409],
  [UnsupportedError, 501],
  [LimitError, 429],
] as const

/** The only place where an error becomes a status: by its code, else by its class, else 500. */
export function statusOf(error: unknown): ProblemStatus {
  if (!(error instanceof CapstanError)) return 500
  return statusByCode[error.code] ?? statusByClass.find(([ErrorClass]) => error instanceof ErrorClass)?.[1] ?? 500
}

/** Whether an error is the server's own fault, so that its operators must hear of it. */
export function isFault(error: unknown): boolean {
  return !statusByClass.some(([ErrorClass]) => error instanceof ErrorClass)
}

/** Problem details of an error. A status of 500 tells nothing of the inside: its cause is in the log, by request id. */
export function toProblem(error: unknown, requestId: string): Problem {
  const status = statusOf(error)
  if (!(error instanceof CapstanError) || status === 500) {
    const detail = 'The server failed to answer this request'
    const hint = 'Look for the request id in the server’s log.'
    return { ...describe('server.internal', status), detail, hint, requestId }
  }
  const errors = listErrors(error.details)
  return {
    ...describe(error.code, status),
    detail: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(errors === undefined ? {} : { errors }),
    requestId,
  }
}

function describe(code: string, status: ProblemStatus) {
  return { type: `urn:capstan:problem:${code}`, title: statusTitles[status], status, code }
}

/** The places that a validation names; other details of an error are for the log and the command line. */
function listErrors(details: unknown): ProblemError[] | undefined {
  const named = problemErrorSchema.array().safeParse((details as { errors?: unknown } | undefined)?.errors)
  return named.success ? named.data : undefined
}
