import { Command, CommanderError } from 'commander'
import { OvmsError } from '../base/error.ts'
import { nearest } from '../base/nearest.ts'
import { COMMANDS, type CommandEntry } from './commands.ts'
import type { Context } from './context.ts'
import { printError } from './print/error.ts'
import { VERSION } from './version.ts'

/**
 * Runs one command line.
 *
 * @param words what stands after the program's name
 * @returns the exit status
 */
export async function runProgram(given: readonly string[], context: Context): Promise<number> {
  const words = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  try {
    const program = await composeProgram(words, context)
    await program.parseAsync(words, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (context.signal.aborted) return printError(context.signal.reason, context.output)
    // What is wrong may stand before the flag that says how to tell it.
    if (words.includes('--json')) context.output.json = true
    return printError(error instanceof CommanderError ? asUsage(error) : error, context.output)
  }
}

async function composeProgram(words: readonly string[], context: Context): Promise<Command> {
  const program = new Command('ovm')
    .description('Whole virtual machines as OCI artifacts: build, push, pull, verify and run them.')
    .version(VERSION, '-V, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText('after', '\n"ovm COMMAND --help" shows options and examples.  New here: "ovm doctor".')
  const chosen = words.find((word) => !word.startsWith('-'))
  if (chosen !== undefined && !COMMANDS.some(({ name }) => name === chosen)) throw unknownCommand(chosen)
  for (const entry of COMMANDS) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(`${entry.summary}.`)
      .helpGroup(`${entry.group}:`)
    if (entry.name === chosen) await defineChosen(entry, command, context)
  }
  program.action(() => program.help())
  return addCommonOptions(program, context)
}

async function defineChosen(entry: CommandEntry, command: Command, context: Context): Promise<void> {
  const module = await entry.load()
  module.define(command, context)
  for (const each of [command, ...command.commands]) addCommonOptions(each, context)
}

/** What every command takes, after its name or before it. Errors are thrown, and told in one place. */
function addCommonOptions(command: Command, context: Context): Command {
  return command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .option('--json', 'print JSON for programs', () => setFlag(context, 'json'))
    .option('-q, --quiet', 'print only what the next command needs', () => setFlag(context, 'quiet'))
    .option('--debug', 'show the causes of errors', () => setFlag(context, 'debug'))
}

function setFlag({ output }: Context, flag: 'json' | 'quiet' | 'debug'): boolean {
  output[flag] = true
  return true
}

function unknownCommand(name: string): OvmsError {
  const meant = nearest(
    name,
    COMMANDS.map((entry) => entry.name),
  )
  return new OvmsError('usage', `There is no command ${JSON.stringify(name)}`, {
    actual: name,
    hint: meant === undefined ? 'See "ovm --help"' : `Did you mean "ovm ${meant}"?`,
  })
}

function asUsage(error: CommanderError): OvmsError {
  const [, message = '', meant] =
    /^(?:error: )?(.*?)(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/s.exec(error.message) ?? []
  return new OvmsError('usage', message.charAt(0).toUpperCase() + message.slice(1), {
    cause: error,
    hint: meant === undefined ? 'Add --help to see options and examples' : `Did you mean ${meant}?`,
  })
}
