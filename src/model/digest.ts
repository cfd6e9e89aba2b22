import { createHash, type Hash } from 'node:crypto'
import { OvmsError } from '../base/error.ts'

/** `algorithm:hex` that was parsed: sha256 with 64 or sha512 with 128 lower-case hex digits. spec/digests.md */
export type Digest = `${Algorithm}:${string}` & { readonly parsed: 'Digest' }

export type Algorithm = keyof typeof HEX_LENGTH

const HEX_LENGTH = { sha256: 64, sha512: 128 } as const

/**
 * Reads a digest.
 *
 * @throws {OvmsError} `digest-unsupported` for another algorithm, `digest-invalid` for anything else
 */
export function parseDigest(text: string): Digest {
  const [, algorithm, hex] = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([A-Za-z0-9=_-]+)$/.exec(text) ?? []
  if (algorithm === undefined || hex === undefined) {
    throw new OvmsError('digest-invalid', `Not a digest: ${quoted(text)}`, {
      actual: text,
      hint: 'A digest looks like sha256: followed by 64 hex digits',
    })
  }
  if (!isAlgorithm(algorithm)) {
    throw new OvmsError('digest-unsupported', `Digest algorithm ${quoted(algorithm)} is not supported`, {
      actual: text,
      hint: 'OVMS reads sha256 and sha512',
    })
  }
  if (hex.length !== HEX_LENGTH[algorithm] || !/^[0-9a-f]+$/.test(hex)) {
    throw new OvmsError('digest-invalid', `Not a ${algorithm} digest: ${quoted(text)}`, {
      actual: text,
      hint: `${algorithm} is ${HEX_LENGTH[algorithm]} lower-case hex digits`,
    })
  }
  return text as Digest
}

export function isDigest(text: string): text is Digest {
  const [algorithm = '', hex = ''] = text.split(':', 2)
  return (
    isAlgorithm(algorithm) &&
    text.length === algorithm.length + 1 + HEX_LENGTH[algorithm] &&
    /^[0-9a-f]+$/.test(hex)
  )
}

export function algorithmOf(digest: Digest): Algorithm {
  return digest.slice(0, digest.indexOf(':')) as Algorithm
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** Hashes bytes as they pass. Writers of OVMS write sha256. */
export class Digester {
  readonly #algorithm: Algorithm
  readonly #hash: Hash
  size = 0

  constructor(algorithm: Algorithm = 'sha256') {
    this.#algorithm = algorithm
    this.#hash = createHash(algorithm)
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes)
    this.size += bytes.length
    return this
  }

  digest(): Digest {
    return `${this.#algorithm}:${this.#hash.digest('hex')}` as Digest
  }
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha256'): Digest {
  return new Digester(algorithm).update(bytes).digest()
}

function isAlgorithm(text: string): text is Algorithm {
  return Object.hasOwn(HEX_LENGTH, text)
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text)
}
