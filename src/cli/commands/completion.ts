import { Argument, type Command, type Option } from 'commander'
import { COMMANDS } from '../commands.ts'
import type { Context } from '../context.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

export function define(command: Command, context: Context): void {
  command
    .addArgument(new Argument('<shell>', 'the shell to complete for').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(ovm completion bash)\n  ovm completion fish > ~/.config/fish/completions/ovm.fish',
    )
    .action((shell: Shell) => runCompletion(shell, context))
}

interface Known {
  readonly name: string
  readonly summary: string
  readonly options: readonly string[]
}

async function runCompletion(shell: Shell, context: Context): Promise<void> {
  const { Command: Parser } = await import('commander')
  const known: Known[] = []
  for (const { name, summary, load } of COMMANDS) {
    const command = new Parser(name)
    ;(await load()).define(command, context)
    const declared = [command, ...command.commands].flatMap((each) => each.options)
    const options = [
      ...declared.filter((option: Option) => !option.hidden).flatMap(({ long }) => long ?? []),
      '--json',
      '--quiet',
      '--help',
    ]
    known.push({ name, summary, options: [...new Set(options)] })
  }
  context.output.line(SCRIPTS[shell](known))
}

/** Commands that take artifacts of the local store, and those that take machines. */
const TAKES_ARTIFACT = ['push', 'inspect', 'validate', 'run', 'tag', 'untag', 'rmi', 'save']
const TAKES_MACHINE = ['logs', 'stop', 'rm']

const SCRIPTS: Record<Shell, (known: readonly Known[]) => string> = {
  bash: (known) => `# ovm completion for bash
_ovm() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${known.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  case "$command" in
${known.map(({ name, options }) => `    ${name}) local options="${options.join(' ')}" ;;`).join('\n')}
    *) return ;;
  esac
  case "$word" in -*) COMPREPLY=($(compgen -W "$options" -- "$word")); return ;; esac
  case "$command" in
    ${TAKES_ARTIFACT.join('|')}) COMPREPLY=($(compgen -W "$(ovm ls -q 2>/dev/null)" -- "$word")) ;;
    ${TAKES_MACHINE.join('|')}) COMPREPLY=($(compgen -W "$(ovm ps -aq 2>/dev/null)" -- "$word")) ;;
  esac
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
  __ltrim_colon_completions "$word" 2>/dev/null || true
}
complete -o filenames -F _ovm ovm`,
  zsh: (known) => `#compdef ovm
_ovm() {
  local -a commands options
  commands=(
${known.map(({ name, summary }) => `    '${name}:${summary}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${known.map(({ name, options }) => `    ${name}) options=(${options.join(' ')}) ;;`).join('\n')}
  esac
  case "$words[2]" in
    ${TAKES_ARTIFACT.join('|')}) compadd -- \${(f)"$(ovm ls -q 2>/dev/null)"} ;;
    ${TAKES_MACHINE.join('|')}) compadd -- \${(f)"$(ovm ps -aq 2>/dev/null)"} ;;
  esac
  compadd -- $options
  _files
}
compdef _ovm ovm`,
  fish: (known) =>
    [
      '# ovm completion for fish',
      ...known.map(
        ({ name, summary }) => `complete -c ovm -n __fish_use_subcommand -f -a ${name} -d '${summary}'`,
      ),
      ...known.flatMap(({ name, options }) =>
        options.map(
          (option) => `complete -c ovm -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
        ),
      ),
      `complete -c ovm -n '__fish_seen_subcommand_from ${TAKES_ARTIFACT.join(' ')}' -a '(ovm ls -q 2>/dev/null)'`,
      `complete -c ovm -n '__fish_seen_subcommand_from ${TAKES_MACHINE.join(' ')}' -a '(ovm ps -aq 2>/dev/null)'`,
    ].join('\n'),
}
