/** STORE BUILD_FILE NAME [KILL_AT]: builds and names, and kills itself at the event of that number. Prints the digest. */
import { readFileSync } from 'node:fs'
import { LayoutStore } from '../../../src/layout/layout-store.ts'
import { build } from '../../../src/packaging/build.ts'
import { parseBuildFile } from '../../../src/packaging/build-file.ts'
import { killer } from './killer.ts'

const [root = '', path = '', name = '', killAt] = process.argv.slice(2)
const store = await LayoutStore.create(root)
await using lease = await store.lease()
const options = { name: 'demo', version: '1', onEvent: killer(killAt) }
const { root: built } = await build(parseBuildFile(readFileSync(path, 'utf8'), path), lease, options)
await lease.tag(name, built)
console.log(built.digest)
