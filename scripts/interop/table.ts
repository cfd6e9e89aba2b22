/** A program of others, or why this machine has none. */
export type Tool =
  | { readonly is: 'found' | 'built' | 'installed'; readonly name: string; readonly path: string }
  | { readonly is: 'missing'; readonly name: string; readonly reason: string }

export function toolTable(tools: readonly Tool[]) {
  const width = Math.max(...tools.map((tool) => tool.name.length))
  return tools.map((tool) => `${tool.name.padEnd(width)}  ${tool.is.padEnd(9)}  ${detail(tool)}`).join('\n')
}

function detail(tool: Tool) {
  return tool.is === 'missing' ? tool.reason : tool.path
}

/** The first line tells what failed, the last one why. */
export function missing(name: string, error: unknown): Tool {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n')
  return { is: 'missing', name, reason: [...new Set([lines[0], lines.at(-1)])].join(' … ') }
}
