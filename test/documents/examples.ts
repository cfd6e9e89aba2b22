import { descriptorSchema, toDescriptor } from '../../src/model/descriptor.ts'
import { parseOciIndex } from '../../src/model/oci-index.ts'
import { parseOciManifest } from '../../src/model/oci-manifest.ts'
import { parseOvmsManifest } from '../../src/model/ovms-manifest.ts'
import { validator } from '../../src/model/validator.ts'
import { parseBuildFile } from '../../src/packaging/build-file.ts'
import { type Block, Markdown } from './markdown.ts'
import { read } from './project.ts'

/** What the word after the language of a block says it is: each is run through the parser that programs use. */
export const EXAMPLE_KINDS: Readonly<Record<string, (text: string) => unknown>> = {
  'build-file': (text) => parseBuildFile(text, 'ovm.yaml'),
  descriptor: (text) => toDescriptor(descriptor(JSON.parse(text))),
  'oci-index': (text) => parseOciIndex(Buffer.from(text)),
  'oci-manifest': (text) => parseOciManifest(Buffer.from(text)),
  'ovms-manifest': (text) => parseOvmsManifest(Buffer.from(text)),
}

export interface Example {
  /** `spec/manifest.md:12`. */
  readonly place: string
  readonly kind: string | undefined
  readonly text: string
  /** The code it must be refused with. */
  readonly invalid: string | undefined
}

/** Every JSON and YAML block of a document. */
export function examplesIn(path: string): readonly Example[] {
  return new Markdown(read(path)).blocks.filter(isData).map((block) => toExample(path, block))
}

const descriptor = validator(descriptorSchema, 'manifest-invalid', 'The descriptor')

function isData({ language }: Block): boolean {
  return ['json', 'jsonc', 'yaml', 'yml'].includes(language)
}

function toExample(path: string, { words, text, line }: Block): Example {
  const [kind, marker, code] = words
  return { place: `${path}:${line}`, kind, text, invalid: marker === 'invalid' ? (code ?? '') : undefined }
}
