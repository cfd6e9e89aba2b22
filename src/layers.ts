/**
 * Who may import whom, as folder → folders it may import besides itself. `test/layers.test.ts` holds `src/` to it; a
 * backend (`layout`, `registry`, `hypervisors/*`) is named by nobody but the files of {@link WIRING}.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  content: ['base', 'model'],
  block: ['base', 'model', 'content'],
  layout: ['base', 'model', 'content'],
  registry: ['base', 'model', 'content'],
  packaging: ['base', 'model', 'content', 'block'],
  machine: ['base', 'model', 'content', 'block'],
  'hypervisors/qemu': ['base', 'model', 'machine'],
  api: ['base', 'model'],
  daemon: ['base', 'model', 'content', 'packaging', 'machine', 'api'],
  cli: ['base', 'model', 'content', 'packaging', 'api'],
}

/** What may import everything and is imported by nothing else: programs, their wiring, the faces of the package. */
export const WIRING: readonly string[] = ['main.ts', 'ovm.ts', 'wiring', 'index.ts', 'testing.ts']

/** npm packages that a folder may use, for folders that must stay small; `node:` modules are free. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  base: ['fs-native-extensions'],
  content: [],
  layout: ['tar-stream'],
  block: [],
}
