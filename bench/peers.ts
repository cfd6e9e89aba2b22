import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cacheFolder } from '../scripts/folders.ts'

/** The places of one artifact that every tool is asked to move. */
export interface Places {
  /** OCI layout with the artifact, and its name there. */
  readonly layout: string
  readonly name: string
  readonly digest: string
  /** The artifact's files, for tools that push files. */
  readonly files: readonly string[]
  /** `host:port/repository:tag`. */
  readonly reference: string
  /** An empty folder. */
  readonly empty: string
}

export interface Peer {
  readonly name: string
  readonly env?: (places: Places) => Record<string, string>
  push(places: Places): readonly string[]
  pull(places: Places): readonly string[]
}

const ALL: readonly Peer[] = [
  {
    name: 'skopeo',
    push: ({ layout, name, reference }) => [
      'copy',
      '--dest-tls-verify=false',
      `oci:${layout}:${name}`,
      `docker://${reference}`,
    ],
    pull: ({ reference, empty }) => [
      'copy',
      '--src-tls-verify=false',
      `docker://${reference}`,
      `oci:${empty}:x`,
    ],
  },
  {
    name: 'crane',
    push: ({ layout, reference }) => ['push', '--insecure', layout, reference],
    pull: ({ reference, empty }) => ['pull', '--insecure', '--format=oci', reference, empty],
  },
  {
    name: 'regctl',
    push: ({ layout, digest, reference }) => [
      ...plain(reference),
      'image',
      'copy',
      `ocidir://${layout}@${digest}`,
      reference,
    ],
    pull: ({ reference, empty }) => [...plain(reference), 'image', 'copy', reference, `ocidir://${empty}:x`],
  },
  {
    name: 'oras',
    push: ({ files, reference }) => [
      'push',
      '--plain-http',
      '--disable-path-validation',
      reference,
      ...files,
    ],
    pull: ({ reference, empty }) => ['pull', '--plain-http', '-o', empty, reference],
  },
  {
    name: 'ovms-oras',
    push: ({ files, reference }) => [
      'push',
      reference,
      '--artifact-type',
      'application/vnd.example',
      ...files.map((file) => `${file}:application/octet-stream`),
    ],
    pull: ({ reference, empty }) => ['pull', reference, '-o', empty],
  },
]

/** The peers that are on PATH or in the folder of the interop tools, with their programs. */
export function presentPeers(): readonly (Peer & { readonly program: string })[] {
  return ALL.flatMap((peer) => {
    const program = findProgram(peer.name)
    return program === undefined ? [] : [{ ...peer, program }]
  })
}

export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), cacheFolder('tools')]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function plain(reference: string): readonly string[] {
  return ['--host', `reg=${reference.slice(0, reference.indexOf('/'))},tls=disabled`]
}
