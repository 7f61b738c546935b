// Verifies what a hub signs, as docs/evidence.md and the standards it names say; nothing here comes from the hub's own code.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

const SIGNATURE = 0x01
const COSIGNATURE = 0x04
const MOST = 2 ** 53

function refuse(why) {
  throw new Error(why)
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** The bytes of a text in base64 or base64url, in its one writing. */
export function decoded(text, kind = 'base64') {
  if (typeof text !== 'string') refuse('not a text')
  const bytes = Buffer.from(text, kind)
  return bytes.toString(kind) === text ? bytes : refuse(`not ${kind}`)
}

function hashOf(text) {
  const bytes = decoded(text)
  return bytes.length === 32 ? bytes : refuse('not a hash')
}

const hashesOf = (texts) => (Array.isArray(texts) ? texts.map(hashOf) : refuse('not a list of hashes'))

function isCount(number) {
  return Number.isSafeInteger(number) && number >= 0 && number < MOST
}

// Leaves ---------------------------------------------------------------------------------------------

/** The bytes of a leaf of `events`; the state is bytes, as it is stored. */
export function leafOfEvent(position, stream, version, topic, state) {
  const name = Buffer.from(topic, 'utf8')
  const start = Buffer.alloc(32)
  start.writeBigUInt64BE(BigInt(position), 0)
  Buffer.from(stream.replaceAll('-', ''), 'hex').copy(start, 8)
  start.writeUInt32BE(version, 24)
  start.writeUInt32BE(name.length, 28)
  return Buffer.concat([start, name, state])
}

/** The bytes of a leaf of `readings`: the values of its row, and the rows of its lines. */
export function leafOfReading(row) {
  return Buffer.from(JSON.stringify(row), 'utf8')
}

// RFC 6962, section 2.1 ------------------------------------------------------------------------------

export const leafHash = (leaf) => sha256(Buffer.of(0), leaf)
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right)

/** The root of a tree of these hashes of leaves. */
export function rootOf(leaves, begin = 0, end = leaves.length) {
  const many = end - begin
  if (many === 0) return sha256()
  if (many === 1) return leaves[begin]
  let left = 1
  while (left * 2 < many) left *= 2
  return nodeHash(rootOf(leaves, begin, begin + left), rootOf(leaves, begin + left, end))
}

// RFC 9162, sections 2.1.3.2 and 2.1.4.2 -------------------------------------------------------------

const half = (number) => Math.floor(number / 2)
const isOdd = (number) => number % 2 === 1

/** That a hash of a leaf stands at that index in the tree of that size and root. */
export function verifyInclusion(leaf, index, size, proof, root) {
  if (!isCount(index) || !isCount(size) || index >= size) refuse('no leaf of this tree')
  let fn = index
  let sn = size - 1
  let r = leaf
  for (const p of proof) {
    if (sn === 0) refuse('the proof is too long')
    if (isOdd(fn) || fn === sn) {
      r = nodeHash(p, r)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      r = nodeHash(r, p)
    }
    fn = half(fn)
    sn = half(sn)
  }
  if (sn !== 0) refuse('the proof is too short')
  if (!r.equals(root)) refuse('the proof gives another root')
}

/** That the tree of that size and root begins with the one of the old size and root. */
export function verifyConsistency(old, size, proof, oldRoot, root) {
  if (!isCount(old) || !isCount(size) || old < 1 || old > size) refuse('no tree that this one could begin with')
  if (old === size) {
    if (proof.length > 0) refuse('the proof is too long')
    if (!oldRoot.equals(root)) refuse('two roots of one size')
    return
  }
  const path = isPowerOfTwo(old) ? [oldRoot, ...proof] : proof
  if (path.length === 0) refuse('the proof is too short')
  let fn = old - 1
  let sn = size - 1
  while (isOdd(fn)) {
    fn = half(fn)
    sn = half(sn)
  }
  let fr = path[0]
  let sr = path[0]
  for (const c of path.slice(1)) {
    if (sn === 0) refuse('the proof is too long')
    if (isOdd(fn) || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      sr = nodeHash(sr, c)
    }
    fn = half(fn)
    sn = half(sn)
  }
  if (sn !== 0) refuse('the proof is too short')
  if (!fr.equals(oldRoot) || !sr.equals(root)) refuse('the proof gives other roots')
}

function isPowerOfTwo(number) {
  let left = number
  while (left > 1 && !isOdd(left)) left = half(left)
  return left === 1
}

// Signed notes ---------------------------------------------------------------------------------------

/** A key written NAME+NUMBER+BASE64. */
export function keyOf(text) {
  const [, name, number, coded] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/su.exec(text) ?? refuse('not a key')
  const data = decoded(coded)
  const kind = data[0]
  if (data.length !== 33 || (kind !== SIGNATURE && kind !== COSIGNATURE)) refuse('not a key of a kind that is known')
  const found = sha256(Buffer.from(`${name}\n`, 'utf8'), data).subarray(0, 4)
  if (found.toString('hex') !== number) refuse('the number is that of another key')
  return { name, number: found, kind, public: ed25519(data.subarray(1)) }
}

const ed25519 = (bytes) =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' })

/** The text of a note, and its signatures. */
export function noteOf(said) {
  if (/[\u0000-\u0009\u000b-\u001f]/u.test(said)) refuse('not a note')
  const parts = said.lastIndexOf('\n\n')
  if (parts < 0 || !said.endsWith('\n') || parts + 2 >= said.length) refuse('not a note')
  const signatures = said.slice(parts + 2, -1).split('\n').map(signatureOf)
  return { text: said.slice(0, parts + 1), signatures }
}

function signatureOf(line) {
  const [, name, coded] = /^\u2014 ([^+ ]+) (.+)$/su.exec(line) ?? refuse('not a signature')
  const data = decoded(coded)
  if (data.length < 5) refuse('not a signature')
  return { name, number: data.subarray(0, 4), value: data.subarray(4) }
}

/** Whether that key signed a note; refuses a signature that says it is by that key and is not. */
export function isBy(key, note) {
  const theirs = note.signatures.filter((one) => one.name === key.name && one.number.equals(key.number))
  for (const { value } of theirs) {
    if (!isSigned(key, note.text, value)) refuse(`not signed by ${key.name}`)
  }
  return theirs.length > 0
}

function isSigned(key, text, value) {
  if (key.kind === SIGNATURE) return value.length === 64 && verify(null, Buffer.from(text, 'utf8'), key.public, value)
  if (value.length !== 72) return false
  const seen = Buffer.from(`cosignature/v1\ntime ${value.readBigUInt64BE(0)}\n${text}`, 'utf8')
  return verify(null, seen, key.public, value.subarray(8))
}

/** A checkpoint of that origin which a key of the hub signed, with the names of the witnesses who did too. */
export function verifyCheckpoint(said, origin, keys, witnesses = []) {
  const note = noteOf(said)
  const [whose, count, coded] = note.text.split('\n')
  if (whose !== origin) refuse('of another tree')
  if (!/^(0|[1-9][0-9]{0,15})$/u.test(count) || !isCount(Number(count))) refuse('not a checkpoint')
  if (!keys.map((key) => isBy(keyOf(key), note)).some(Boolean)) refuse('not signed by the hub')
  const seen = witnesses.map(keyOf).filter((key) => isBy(key, note))
  return { size: Number(count), root: hashOf(coded), witnesses: seen.map((key) => key.name) }
}

// Receipts -------------------------------------------------------------------------------------------

const NOT_SIGNED = new Set(['receipt', 'status', 'withheld'])

/** That the hub signed these members of an answer, with a key of that JWK set. */
export function verifySigned(answer, jwks) {
  const parts = String(answer.receipt).split('.')
  if (parts.length !== 3) refuse('not a JWS')
  const [header, payload, signature] = parts.map((part) => decoded(part, 'base64url'))
  const { alg, kid, typ, crit } = JSON.parse(header)
  if (alg !== 'Ed25519' || typ !== 'JOSE' || crit !== undefined) refuse('not a receipt')
  const key = jwks.keys.find((one) => one.kty === 'OKP' && one.crv === 'Ed25519' && one.kid === kid) ?? refuse('not a key of the hub')
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`, 'ascii')
  if (!verify(null, signed, ed25519(decoded(key.x, 'base64url')), signature)) refuse('not signed by the hub')
  const said = Object.fromEntries(Object.entries(answer).filter(([name]) => !NOT_SIGNED.has(name)))
  if (!isDeepStrictEqual(JSON.parse(payload), said)) refuse('signed for something else')
  return said
}

/** A receipt, for exactly these bytes. */
export function verifyReceipt(answer, sent, jwks) {
  const said = verifySigned(answer, jwks)
  if (said.digest !== `sha-256=${sha256(sent).toString('hex')}`) refuse('a receipt for other bytes')
  return said
}

/** That the message of a receipt stands in the log: what GET /v1/signals/{message}/proof says, beside the receipt. */
export function verifyProof(answer, receipt, sent, jwks, origin, keys, witnesses = []) {
  const got = verifyReceipt(receipt, sent, jwks)
  const said = verifySigned(answer, jwks)
  for (const name of ['message', 'digest', 'position']) {
    if (said[name] !== got[name]) refuse('a proof of another message')
  }
  const seen = verifyCheckpoint(said.checkpoint, origin, keys, witnesses)
  if (seen.size !== said.size) refuse('a checkpoint of another size')
  verifyInclusion(hashOf(said.leaf), said.position - 1, said.size, hashesOf(said.proof), seen.root)
  return seen
}

// As the hub answers them over HTTP --------------------------------------------------------------------

/** What GET /v1/log/{tree}/inclusion says, for the root of a checkpoint (base64). */
export const verifyInclusionAnswer = ({ index, size, leaf, proof }, root) =>
  verifyInclusion(hashOf(leaf), index, size, hashesOf(proof), hashOf(root))

/** What GET /v1/log/{tree}/consistency says, for the roots of two checkpoints (base64). */
export const verifyConsistencyAnswer = ({ old, size, proof }, oldRoot, root) =>
  verifyConsistency(old, size, hashesOf(proof), hashOf(oldRoot), hashOf(root))
