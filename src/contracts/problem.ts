import { z } from 'zod'

/** One wrong place in a request: where, as a JSON Pointer in a URI fragment (RFC 6901), and what is wrong there. */
export const problemErrorSchema = z
  .object({
    pointer: z.string().meta({ description: 'JSON Pointer to the value, as a URI fragment', example: '#/inputs/3' }),
    detail: z.string().meta({ example: 'must not be empty' }),
  })
  .meta({ id: 'ProblemError' })

/** Problem details (RFC 9457): the body of every reply whose status is 400 or above, as application/problem+json. */
export const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'The code as a URI: it names the kind of problem and is not meant to be fetched',
      example: 'urn:capstan:problem:request.invalid',
    }),
    title: z.string().meta({ description: 'The same for every problem of this status', example: 'Bad Request' }),
    status: z.int().min(400).max(599).meta({ example: 400 }),
    detail: z.string().meta({
      description: 'What happened, with the values',
      example: 'The request body does not fit the schema in 1 place',
    }),
    code: z.string().meta({ description: 'Stable: programs may branch on it', example: 'request.invalid' }),
    hint: z.string().optional().meta({ description: 'The next step', example: 'Send {"input": "some text"}.' }),
    errors: z.array(problemErrorSchema).optional().meta({ description: 'Every wrong place of an invalid request' }),
    requestId: z.string().optional().meta({
      description: 'The reply’s X-Request-Id, by which the server’s log can be searched',
      example: '5f0c3a0e-7a53-4ed4-9ccb-6a1c6ad4e6c1',
    }),
  })
  .meta({ id: 'Problem' })

export type Problem = z.infer<typeof problemSchema>
export type ProblemError = z.infer<typeof problemErrorSchema>
