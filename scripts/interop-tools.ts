import { mkdir } from 'node:fs/promises'
import { cacheFolder } from './folders.ts'
import { buildOurOras, installGoTool } from './interop/go-tool.ts'
import { installOrasPy } from './interop/oras-py.ts'
import { installSkopeo } from './interop/skopeo.ts'
import { type Tool, toolTable } from './interop/table.ts'

/** Programs of others, against which ours is tested and measured. Whatever is missing, its tests say so. */
const goTools = {
  oras: 'oras.land/oras/cmd/oras@v1.3.6',
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1',
  regctl: 'github.com/regclient/regclient/cmd/regctl@v0.11.7',
  registry: 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2',
}

const folder = cacheFolder('tools')
await mkdir(folder, { recursive: true })
const tools: Tool[] = []
for (const [name, source] of Object.entries(goTools)) tools.push(await installGoTool(name, source, folder))
tools.push(await buildOurOras(folder), await installOrasPy(folder), await installSkopeo())
console.log(toolTable(tools))
