// Asked on standard input, answered on standard output, a line of JSON for each: ["verifyReceipt", …] → {"found": …} or {"refused": "…"}.

import { createInterface } from 'node:readline'

import * as evidence from './evidence.mjs'

const bytes = (text) => evidence.decoded(text)

const ASKED = {
  leafOfEvent: (position, stream, version, topic, state) => evidence.leafOfEvent(position, stream, version, topic, bytes(state)),
  leafOfReading: evidence.leafOfReading,
  leafHash: (leaf) => evidence.leafHash(bytes(leaf)),
  rootsOf: (leaves, sizes) => {
    const hashes = leaves.map((leaf) => evidence.leafHash(bytes(leaf)))
    return sizes.map((size) => evidence.rootOf(hashes.slice(0, size)).toString('base64'))
  },
  inclusion: evidence.verifyInclusionAnswer,
  consistency: evidence.verifyConsistencyAnswer,
  checkpoint: evidence.verifyCheckpoint,
  receipt: (answer, sent, jwks) => evidence.verifyReceipt(answer, bytes(sent), jwks),
  proof: (answer, receipt, sent, ...more) => evidence.verifyProof(answer, receipt, bytes(sent), ...more),
}

function plain(found) {
  if (Buffer.isBuffer(found)) return found.toString('base64')
  return found?.root ? { ...found, root: plain(found.root) } : (found ?? true)
}

for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...given] = JSON.parse(line)
  let answer
  try {
    answer = { found: plain(ASKED[what](...given)) }
  } catch (error) {
    answer = { refused: error.message }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
