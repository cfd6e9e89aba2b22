import { digestOf } from '../../../src/model/digest.ts'
import { plainHttp } from './pushers.ts'
import { run, type ToolName } from './tools.ts'

/** An artifact in an OCI image layout: by its name there, or, for tools that cannot read such names, its digest. */
export interface InLayout {
  readonly folder: string
  readonly name: string
  readonly digest: string
}

/** A tool that moves an artifact between a registry and an OCI image layout, without looking into it. */
export interface Copier {
  readonly tool: ToolName
  toRegistry(from: InLayout, reference: string): Promise<string>
  /** Into a folder that is not there yet. */
  toLayout(reference: string, folder: string): Promise<string>
  between(from: string, to: string): Promise<string>
  digestOf(reference: string): Promise<string>
  manifestOf(reference: string): Promise<string>
  tagsOf(repository: string): Promise<readonly string[]>
}

export const COPIERS: readonly Copier[] = [
  {
    tool: 'oras',
    toRegistry: ({ folder, digest }, reference) =>
      run('oras', ['cp', '--from-oci-layout', `${folder}@${digest}`, '--to-plain-http', reference]),
    toLayout: (reference, folder) =>
      run('oras', ['cp', '--from-plain-http', reference, '--to-oci-layout', `${folder}:copied`]),
    between: (from, to) => run('oras', ['cp', '--from-plain-http', '--to-plain-http', from, to]),
    digestOf: (reference) => run('oras', ['resolve', '--plain-http', reference]),
    manifestOf: (reference) => run('oras', ['manifest', 'fetch', '--plain-http', reference]),
    tagsOf: async (repository) => lines(await run('oras', ['repo', 'tags', '--plain-http', repository])),
  },
  {
    // Of a layout it pushes all there is.
    tool: 'crane',
    toRegistry: ({ folder }, reference) => run('crane', ['push', '--insecure', folder, reference]),
    toLayout: (reference, folder) => run('crane', ['pull', '--insecure', '--format=oci', reference, folder]),
    between: (from, to) => run('crane', ['copy', '--insecure', from, to]),
    digestOf: (reference) => run('crane', ['digest', '--insecure', reference]),
    manifestOf: (reference) => run('crane', ['manifest', '--insecure', reference]),
    tagsOf: async (repository) => lines(await run('crane', ['ls', '--insecure', repository])),
  },
  {
    tool: 'regctl',
    toRegistry: ({ folder, digest }, reference) =>
      regctl(reference, 'image', 'copy', `ocidir://${folder}@${digest}`, reference),
    toLayout: (reference, folder) =>
      regctl(reference, 'image', 'copy', reference, `ocidir://${folder}:copied`),
    between: (from, to) => regctl(from, 'image', 'copy', from, to),
    digestOf: (reference) => regctl(reference, 'manifest', 'head', reference),
    manifestOf: (reference) => regctl(reference, 'manifest', 'get', '--format', 'raw-body', reference),
    tagsOf: async (repository) => lines(await regctl(repository, 'tag', 'ls', repository)),
  },
  {
    tool: 'skopeo',
    toRegistry: ({ folder, name }, reference) =>
      skopeo('copy', '--dest-tls-verify=false', `oci:${folder}:${name}`, `docker://${reference}`),
    toLayout: (reference, folder) =>
      skopeo('copy', '--src-tls-verify=false', `docker://${reference}`, `oci:${folder}:copied`),
    between: (from, to) =>
      skopeo(
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        `docker://${from}`,
        `docker://${to}`,
      ),
    digestOf: async (reference) => digestOf(Buffer.from(await rawManifest(reference))),
    manifestOf: rawManifest,
    tagsOf: async (repository) =>
      JSON.parse(await skopeo('list-tags', '--tls-verify=false', `docker://${repository}`)).Tags,
  },
]

export function skopeo(...words: readonly string[]): Promise<string> {
  return run('skopeo', ['--insecure-policy', ...words])
}

export function regctl(reference: string, ...words: readonly string[]): Promise<string> {
  return run('regctl', [...plainHttp(reference), ...words])
}

function rawManifest(reference: string): Promise<string> {
  return skopeo('inspect', '--tls-verify=false', '--raw', `docker://${reference}`)
}

function lines(text: string): readonly string[] {
  return text.trim().split('\n')
}
