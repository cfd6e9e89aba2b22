/**
 * What `run` needs only when it has to fetch or import: loaded then, because a machine whose artifact is here shall
 * not wait for it.
 */
export { obtain } from '../packaging/obtain.ts'
export { Progress } from './print/progress.ts'
export { importPath, localName } from './target.ts'
