/** PATH: locks a file, says `locked`, and holds it until it is killed. */
import { lockFile } from '../../../src/base/file-lock.ts'

const [path = ''] = process.argv.slice(2)
await lockFile(path)
console.log('locked')
setInterval(() => {}, 1000)
