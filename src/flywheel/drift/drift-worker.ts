/** Entry of the worker thread that compares two windows of traffic: permutations would hold up requests. */
import { parentPort, workerData } from 'node:worker_threads'
import { present } from '../../base/index.ts'
import { type DetectDriftOptions, detectDrift } from './detect-drift.ts'

present(parentPort, 'the port of the drift worker').postMessage(detectDrift(workerData as DetectDriftOptions))
