import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { descriptorSchema } from '../src/model/descriptor.ts'
import { jsonBytes } from '../src/model/json-document.ts'
import { ociIndexSchema } from '../src/model/oci-index.ts'
import { ociManifestSchema } from '../src/model/oci-manifest.ts'
import { ovmsManifestSchema } from '../src/model/ovms-manifest.ts'
import { buildFileSchema } from '../src/packaging/build-file.ts'
import { projectFolder } from './folders.ts'

/** Every schema that is published; a file is named after the last part of its `$id`. */
export const publishedSchemas = [
  descriptorSchema,
  ociManifestSchema,
  ociIndexSchema,
  ovmsManifestSchema,
  buildFileSchema,
] as const

export const schemaFolder = join(projectFolder, 'spec', 'schemas')

/** The files of `spec/schemas/` as the sources have them: bytes by name. */
export function schemaFiles(): ReadonlyMap<string, Buffer> {
  return new Map(publishedSchemas.map((schema) => [schema.$id.split('/').at(-1) ?? '', jsonBytes(schema)]))
}

/** Writes them all, and removes what no source stands behind any more. */
async function writeSchemas(): Promise<void> {
  const files = schemaFiles()
  await mkdir(schemaFolder, { recursive: true })
  for (const name of await readdir(schemaFolder)) if (!files.has(name)) await rm(join(schemaFolder, name))
  for (const [name, bytes] of files) await writeFile(join(schemaFolder, name), bytes)
  console.log(`${files.size} schemas in spec/schemas`)
}

if (import.meta.main) await writeSchemas()
