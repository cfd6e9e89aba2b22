/** A line and the lines below it. */
export interface TreeNode {
  readonly text: string
  readonly children?: readonly TreeNode[]
}

/** Draws a tree with the lines everybody knows. */
export function formatTree(node: TreeNode): string {
  return [node.text, ...branches(node.children ?? [])].join('\n')
}

function branches(children: readonly TreeNode[]): string[] {
  return children.flatMap((child, index) => {
    const isLast = index === children.length - 1
    const below = branches(child.children ?? []).map((line) => (isLast ? '   ' : '│  ') + line)
    return [`${isLast ? '└─ ' : '├─ '}${child.text}`, ...below]
  })
}
