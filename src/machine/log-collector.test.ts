import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { sleep } from '../base/signal.ts'
import { InstancePaths } from './instance-paths.ts'
import { LogCollector } from './log-collector.ts'
import { readLog } from './log-reader.ts'
import type { LogRecord } from './log-record.ts'

describe('LogCollector', () => {
  test('gathers console, hypervisor and life, each line once', async () => {
    using folder = new Folder()
    const collector = await LogCollector.open(folder.paths)
    await collector.note('running')
    folder.console('one\ntwo\n')
    appendFileSync(folder.paths.hypervisorLog, 'warning\n')
    await folder.until(4)
    await collector.drain()
    await collector.close()
    assert.deepEqual(folder.lines('console'), ['one', 'two'])
    assert.deepEqual(folder.lines('hypervisor'), ['warning'])
    assert.deepEqual(folder.lines('lifecycle'), ['running'])
  })

  test('shows a prompt though it has no line end', async () => {
    using folder = new Folder()
    const collector = await LogCollector.open(folder.paths)
    const begun = performance.now()
    folder.console('login: ')
    await folder.until(1)
    assert.ok(performance.now() - begun < 400)
    assert.deepEqual(folder.records()[0]?.partial, true)
    await collector.close()
  })

  test('goes on where the one before it stopped, without loss or repetition', async () => {
    using folder = new Folder()
    for (let round = 0; round < 20; round++) {
      const collector = await LogCollector.open(folder.paths)
      folder.console(`whole ${round}\npart `)
      await sleep(round % 4)
      await collector.close()
      folder.console(`of ${round}\n`)
    }
    const last = await LogCollector.open(folder.paths)
    await last.drain()
    await last.close()
    const expected = Array.from({ length: 20 }, (_, round) => `whole ${round}\npart of ${round}\n`).join('')
    assert.equal(folder.text('console'), expected)
  })

  test('repairs a record that a crash tore, and reads its line again', async () => {
    using folder = new Folder()
    const first = await LogCollector.open(folder.paths)
    folder.console('one\ntwo\n')
    await folder.until(2)
    await first.close()
    const whole = readFileSync(folder.paths.log)
    const torn = whole.subarray(0, whole.length - 10)
    rmSync(folder.paths.log)
    appendFileSync(folder.paths.log, torn)
    const second = await LogCollector.open(folder.paths)
    await second.drain()
    await second.close()
    assert.deepEqual(folder.lines('console'), ['one', 'two'])
  })

  test('searches no log for a stream that said nothing', async () => {
    using folder = new Folder()
    // No record in it can be read: whoever searched it would fail.
    appendFileSync(folder.paths.log, '"stream":"console","stream":"hypervisor",\n')
    const collector = await LogCollector.open(folder.paths)
    await collector.close()
  })

  test('tells of the first output once', async () => {
    using folder = new Folder()
    let told = 0
    const collector = await LogCollector.open(folder.paths, { onFirstOutput: () => told++ })
    appendFileSync(folder.paths.hypervisorLog, 'not this\n')
    folder.console('a\n')
    await folder.until(2)
    folder.console('b\n')
    await folder.until(3)
    await collector.close()
    assert.equal(told, 1)
  })

  test('keeps up with a console that writes fast', async () => {
    using folder = new Folder()
    const collector = await LogCollector.open(folder.paths)
    const line = `${'x'.repeat(99)}\n`
    for (let round = 0; round < 100; round++) folder.console(line.repeat(1000))
    await collector.drain()
    await collector.close()
    assert.equal(folder.lines('console').length, 100_000)
  })
})

describe('readLog()', () => {
  test('gives the last records, or those since a time', async () => {
    using folder = new Folder()
    const times = [1, 2, 3, 4].map((hour) => new Date(Date.UTC(2030, 0, 1, hour)))
    const clock = times.values()
    const collector = await LogCollector.open(folder.paths, { now: () => clock.next().value ?? new Date(0) })
    for (const each of ['a', 'b', 'c', 'd']) await collector.note(each)
    await collector.close()
    assert.deepEqual(await read(folder, {}), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await read(folder, { tail: 2 }), ['c', 'd'])
    assert.deepEqual(await read(folder, { tail: 0 }), [])
    assert.deepEqual(await read(folder, { tail: 9 }), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await read(folder, { since: times[2] }), ['c', 'd'])
    assert.deepEqual(await read(folder, { since: times[1], tail: 1 }), ['d'])
  })

  test('follows until the log is closed', async () => {
    using folder = new Folder()
    const collector = await LogCollector.open(folder.paths)
    await collector.note('a')
    const reading = read(folder, { follow: collector.file })
    await sleep(20)
    await collector.note('b')
    await sleep(20)
    await collector.note('c')
    await collector.close()
    assert.deepEqual(await reading, ['a', 'b', 'c'])
  })

  test('stops following when it is aborted, with the reason', async () => {
    using folder = new Folder()
    const collector = await LogCollector.open(folder.paths)
    const reason = new Error('enough')
    await assert.rejects(read(folder, { follow: collector.file, signal: AbortSignal.abort(reason) }), reason)
    await collector.close()
  })

  test('gives whole records from logs of any size', async () => {
    using folder = new Folder()
    const collector = await LogCollector.open(folder.paths)
    const notes = Array.from({ length: 3000 }, (_, index) => `${index} ${'ö'.repeat(index % 400)}`)
    await collector.file.append(
      notes.map((line) => ({ time: '2030-01-01T00:00:00Z', stream: 'lifecycle', line })),
    )
    await collector.close()
    assert.deepEqual(await read(folder, {}), notes)
    assert.deepEqual(await read(folder, { tail: 2500 }), notes.slice(500))
  })
})

async function read(folder: Folder, options: Parameters<typeof readLog>[1]): Promise<string[]> {
  const lines: string[] = []
  for await (const chunk of readLog(folder.paths.log, options))
    lines.push(...parse(chunk.toString()).map(({ line }) => line))
  return lines
}

function parse(text: string): LogRecord[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogRecord]))
}

class Folder implements Disposable {
  readonly paths = new InstancePaths(mkdtempSync(join(tmpdir(), 'ovms-log-')))

  console(text: string): void {
    appendFileSync(this.paths.console, text)
  }

  records(): LogRecord[] {
    return parse(readFileSync(this.paths.log, 'utf8'))
  }

  lines(stream: string): string[] {
    return this.records().flatMap((record) => (record.stream === stream ? [record.line] : []))
  }

  /** The bytes a stream had. */
  text(stream: string): string {
    const records = this.records().filter((record) => record.stream === stream)
    return records.map(({ line, partial }) => (partial ? line : `${line}\n`)).join('')
  }

  async until(count: number): Promise<void> {
    for (let tries = 0; tries < 500 && this.records().length < count; tries++) await sleep(5)
    assert.equal(this.records().length, count)
  }

  [Symbol.dispose](): void {
    rmSync(this.paths.folder, { recursive: true })
  }
}
