import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { openApiDocument } from '../src/api/openapi.ts'
import { cliOutputSchema } from '../src/cli/output-schemas.ts'
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
  cliOutputSchema,
] as const

const schemaFolder = join(projectFolder, 'spec', 'schemas')
const openApiFile = join(projectFolder, 'spec', 'openapi', 'runtime.v1.openapi.yaml')

/** The files of `spec/schemas/` as the sources have them: bytes by name. */
export function schemaFiles(): ReadonlyMap<string, Buffer> {
  return new Map(publishedSchemas.map((schema) => [schema.$id.split('/').at(-1) ?? '', jsonBytes(schema)]))
}

/** The OpenAPI document as the sources have it. */
export function openApiText(): string {
  const plain: unknown = JSON.parse(JSON.stringify(openApiDocument()))
  return stringify(plain, { lineWidth: 110, aliasDuplicateObjects: false })
}

/** Writes them all, and removes what no source stands behind any more. */
async function writeSchemas(): Promise<void> {
  const files = schemaFiles()
  await mkdir(schemaFolder, { recursive: true })
  for (const name of await readdir(schemaFolder)) if (!files.has(name)) await rm(join(schemaFolder, name))
  for (const [name, bytes] of files) await writeFile(join(schemaFolder, name), bytes)
  await mkdir(dirname(openApiFile), { recursive: true })
  await writeFile(openApiFile, openApiText())
  console.log(`${files.size} schemas in spec/schemas, the OpenAPI document in spec/openapi`)
}

if (import.meta.main) await writeSchemas()
