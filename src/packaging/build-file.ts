import { dirname, resolve } from 'node:path'
import type { ParsedNode } from 'yaml'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { messageOf, OvmsError } from '../base/error.ts'
import { nearest } from '../base/nearest.ts'
import { type Shape, violations } from '../model/validator.ts'

/** A time with its zone, as `2026-11-22T12:00:00Z`. */
const RFC_3339 = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?([Zz]|[+-]\\d{2}:\\d{2})$'

const file = {
  type: 'string',
  minLength: 1,
  description: 'Path of a file, relative to the build file.',
} as const

export const buildFileSchema = {
  $id: 'https://ovms.dev/schemas/build-file.v1.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OVMS build file (ovm.yaml)',
  description: 'What "ovm build" makes an artifact of.',
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, description: 'Default: the last part of the repository.' },
    version: { type: 'string', minLength: 1, description: 'Default: the tag.' },
    from: {
      type: 'string',
      minLength: 1,
      description: 'Reference of an artifact to build upon: its blobs are shared, not copied.',
    },
    kernel: {
      type: 'object',
      additionalProperties: false,
      properties: { file, args: { type: 'string', description: 'The kernel command line.' } },
    },
    initrd: { type: 'object', required: ['file'], additionalProperties: false, properties: { file } },
    disks: {
      type: 'array',
      description: 'Layers of the one disk, from its base upwards; above those of `from`.',
      items: {
        type: 'object',
        required: ['file'],
        additionalProperties: false,
        properties: {
          file,
          format: { enum: ['qcow2', 'raw'], description: 'Default: what the file starts like.' },
        },
      },
    },
    devices: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'name'],
        additionalProperties: false,
        properties: {
          type: { enum: ['ivshmem'] },
          name: { type: 'string', minLength: 1 },
          size: { type: 'integer', minimum: 4096, description: 'Bytes, a power of two.' },
          mmio_addr: { type: 'string' },
        },
      },
    },
    platform: {
      type: 'object',
      additionalProperties: false,
      properties: {
        architecture: { type: 'string', minLength: 1, description: 'Default: that of this host.' },
        uefi: { type: 'boolean' },
      },
    },
    metadata: {
      type: 'object',
      additionalProperties: false,
      properties: {
        author: { type: 'string' },
        created: {
          type: 'string',
          format: 'date-time',
          pattern: RFC_3339,
          description: 'Default: SOURCE_DATE_EPOCH, else left out.',
        },
      },
    },
    runtimeHints: {
      type: 'object',
      additionalProperties: false,
      properties: {
        preferredRuntime: { type: 'array', items: { type: 'string' } },
        coldStartTargetMs: { type: 'integer', minimum: 0 },
      },
    },
    annotations: {
      type: 'object',
      description: 'Annotations of the OCI manifest.',
      additionalProperties: { type: 'string' },
    },
  },
} as const

/** More aliases than people write, fewer than a bomb needs. */
const MAX_ALIASES = 100

export type BuildFile = Shape<typeof buildFileSchema>

/**
 * Reads a build file. Its paths become absolute: they are relative to the file they stand in.
 *
 * @param path where `text` was read from, for messages and relative paths
 * @throws {OvmsError} `build-file-invalid`, naming the line, and the nearest known key for an unknown one
 */
export function parseBuildFile(text: string, path: string): BuildFile {
  const { contents, value, lines } = parseYaml(text, path)
  const [violation] = violations(buildFileSchema, value).toSorted(
    (a, b) => rank(a.error.keyword) - rank(b.error.keyword),
  )
  if (violation) {
    const { error: broken } = violation
    const keys = broken.instancePath.split('/').slice(1)
    const unknown =
      broken.keyword === 'additionalProperties' ? String(broken.params['additionalProperty']) : undefined
    const line = lineOf(contents, unknown === undefined ? keys : [...keys, unknown], lines)
    const place = `${path}:${line}`
    if (unknown !== undefined)
      throw unknownKey(place, unknown, Object.keys(broken.parentSchema?.['properties'] ?? {}))
    throw new OvmsError('build-file-invalid', `${place}: ${violation.text}`, {
      actual: broken.data,
      hint: 'See spec/schemas/build-file.v1.schema.json',
    })
  }
  return withAbsolutePaths(value as BuildFile, dirname(resolve(path)))
}

/** Nesting without end and aliases of aliases are refused by the YAML library, in its own words. */
function parseYaml(text: string, path: string) {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: true })
    const [error] = document.errors
    if (error) throw error
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}
    return { contents: document.contents, value, lines }
  } catch (cause) {
    throw new OvmsError('build-file-invalid', `${path}: ${messageOf(cause)}`, {
      cause,
      actual: path,
      hint: 'A build file is YAML: look at the indentation and quotes there',
    })
  }
}

/** Of several violations an unknown key is told first: it often is the cause of the others. */
function rank(keyword: string): number {
  return keyword === 'additionalProperties' ? 0 : 1
}

function unknownKey(place: string, key: string, known: readonly string[]): OvmsError {
  const meant = nearest(key, known)
  return new OvmsError('build-file-invalid', `${place}: unknown key ${JSON.stringify(key)}`, {
    actual: key,
    hint: meant === undefined ? `Known here are ${known.join(', ')}` : `Did you mean "${meant}"?`,
  })
}

/** Line of the node that a path leads to, or of the last one on the way that there is. */
function lineOf(root: ParsedNode | null, keys: readonly string[], lines: LineCounter): number {
  let node: unknown = root
  let offset = 0
  for (const key of keys) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String((item.key as { value?: unknown }).value) === key)
      offset = (pair?.key as { range?: readonly number[] } | undefined)?.range?.[0] ?? offset
      node = pair?.value
    } else {
      node = (node as { items?: readonly unknown[] } | undefined)?.items?.[Number(key)]
      offset = (node as { range?: readonly number[] } | undefined)?.range?.[0] ?? offset
    }
  }
  return lines.linePos(offset).line
}

function withAbsolutePaths(build: BuildFile, folder: string): BuildFile {
  const absolute = <T extends { file?: string }>(part: T): T =>
    part.file === undefined ? part : { ...part, file: resolve(folder, part.file) }
  return {
    ...build,
    ...(build.kernel && { kernel: absolute(build.kernel) }),
    ...(build.initrd && { initrd: absolute(build.initrd) }),
    ...(build.disks && { disks: build.disks.map(absolute) }),
  }
}
