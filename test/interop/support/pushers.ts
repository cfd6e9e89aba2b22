import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from '../../../scripts/folders.ts'
import { run, type ToolName } from './tools.ts'

const ARTIFACT_TYPE = 'application/vnd.ovms.manifest.v1+json'
const DISK_TYPE = 'application/vnd.oci.image.layer.v1.tar'

/** What the seed's second command pushes: file and media type, in its order. */
const FILES = [
  ['manifest.json', ARTIFACT_TYPE],
  ['kernel', 'application/vnd.ovms.kernel.v1'],
  ['initrd', 'application/vnd.ovms.initrd.v1'],
  ['base.qcow2', DISK_TYPE],
  ['top.qcow2', DISK_TYPE],
] as const

const typed = FILES.map(([file, type]) => `${file}:${type}`)

/** Each pushes the files of a folder as one artifact: `oras push`, and what stands in for it. */
export const PUSHERS: readonly {
  readonly tool: ToolName
  push(folder: string, reference: string): Promise<string>
}[] = [
  {
    tool: 'oras',
    push: (folder, reference) =>
      run('oras', ['push', '--plain-http', reference, '--artifact-type', ARTIFACT_TYPE, ...typed], folder),
  },
  {
    tool: 'ovms-oras',
    push: (folder, reference) =>
      run('ovms-oras', ['push', reference, '--artifact-type', ARTIFACT_TYPE, ...typed], folder),
  },
  {
    tool: 'regctl',
    push: (folder, reference) => {
      const files = FILES.flatMap(([file, type]) => ['--file', file, '--file-media-type', type])
      const words = ['artifact', 'put', '--artifact-type', ARTIFACT_TYPE, '--file-title', ...files, reference]
      return run('regctl', [...plainHttp(reference), ...words], folder)
    },
  },
  {
    // It knows no artifactType: the type of the config tells what the artifact is.
    tool: 'oras-py',
    push: async (folder, reference) => {
      await writeFile(join(folder, 'config.json'), '{}')
      const script = join(projectFolder, 'test/interop/oras-py/push.py')
      return run('oras-py', [script, reference, `config.json:${ARTIFACT_TYPE}`, ...typed], folder)
    },
  },
]

/** regctl speaks TLS to every registry it was not told about. */
export function plainHttp(reference: string): readonly string[] {
  return ['--host', `reg=${reference.split('/')[0]},tls=disabled`]
}
