import { describe, expect, it } from 'vitest'
import {
  CapstanError,
  ConflictError,
  InvalidInputError,
  LimitError,
  NotFoundError,
  UnsupportedError,
} from '../base/index.ts'
import { isFault, statusOf, toProblem } from './problem.ts'

describe('the status of an error', () => {
  it.each([
    [new InvalidInputError('a.b', ''), 400],
    [new NotFoundError('a.b', ''), 404],
    [new ConflictError('a.b', ''), 409],
    [new UnsupportedError('a.b', ''), 501],
    [new LimitError('a.b', ''), 429],
    [new CapstanError('a.b', ''), 500],
    [new TypeError('a bug'), 500],
    ['thrown text', 500],
    [new LimitError('request.too-large', ''), 413],
    [new LimitError('serving.overloaded', ''), 503],
    [new ConflictError('serving.closed', ''), 503],
    [new CapstanError('serving.worker-stopped', ''), 503],
  ])('%o is %i', (error, status) => {
    expect(statusOf(error)).toBe(status)
  })
})

describe('an error is the server’s fault', () => {
  it.each([
    [new TypeError('a bug'), true],
    [new CapstanError('serving.worker-stopped', ''), true],
    [new LimitError('serving.overloaded', ''), false],
    [new InvalidInputError('request.invalid', ''), false],
  ])('or not: %o', (error, expected) => {
    expect(isFault(error)).toBe(expected)
  })
})

describe('the problem of an error', () => {
  it('says what the error says', () => {
    const errors = [{ pointer: '#/input', detail: 'is wrong' }]
    const error = new InvalidInputError('a.b', 'two are wrong', { hint: 'mend them', details: { errors } })
    expect(toProblem(error, 'r1')).toEqual({
      type: 'urn:capstan:problem:a.b',
      title: 'Bad Request',
      status: 400,
      code: 'a.b',
      detail: 'two are wrong',
      hint: 'mend them',
      errors,
      requestId: 'r1',
    })
  })

  it('leaves out details that are no places in the request', () => {
    const error = new InvalidInputError('a.b', 'wrong', { details: { errors: ['line 3'], path: '/secret' } })
    expect(toProblem(error, 'r1')).not.toHaveProperty('errors')
  })

  it('tells nothing of an error that is not meant for callers', () => {
    const problem = toProblem(new CapstanError('inner.code', 'secret', { details: { errors: [] } }), 'r1')
    expect(problem.code).toBe('server.internal')
    expect(JSON.stringify(problem)).not.toMatch(/secret|inner/)
  })
})
