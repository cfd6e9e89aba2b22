import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { LineSplitter, type LogPiece, MAX_PIECE_BYTES } from './line-splitter.ts'

const all = (...chunks: (string | Uint8Array)[]): LogPiece[] => {
  const splitter = new LineSplitter()
  return [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()]
}

describe('LineSplitter', () => {
  test('cuts at newlines and takes a carriage return before one for part of it', () => {
    assert.deepEqual(all('one\r\ntw', 'o\nthree'), [
      { line: 'one', offset: 5 },
      { line: 'two', offset: 9 },
      { line: 'three', partial: true, offset: 14 },
    ])
  })

  test('keeps a carriage return within a line', () => {
    assert.deepEqual(all('10%\r20%\r\r\n'), [{ line: '10%\r20%\r', offset: 10 }])
  })

  test('shows a line that is not complete when it is told to, and its rest later', () => {
    const splitter = new LineSplitter()
    assert.deepEqual(splitter.push(Buffer.from('login: ')), [])
    assert.deepEqual(splitter.flush(), [{ line: 'login: ', partial: true, offset: 7 }])
    assert.deepEqual(splitter.push(Buffer.from('\n')), [{ line: '', offset: 8 }])
  })

  test('does not tear a character or a line end when it is told to show what it has', () => {
    const splitter = new LineSplitter()
    const euro = Buffer.from('€')
    splitter.push(Buffer.concat([Buffer.from('a'), euro.subarray(0, 2)]))
    assert.deepEqual(splitter.flush(), [{ line: 'a', partial: true, offset: 1 }])
    assert.deepEqual(splitter.flush(), [])
    splitter.push(Buffer.concat([euro.subarray(2), Buffer.from('\r')]))
    assert.deepEqual(splitter.flush(), [{ line: '€', partial: true, offset: 4 }])
    assert.deepEqual(splitter.push(Buffer.from('\n')), [{ line: '', offset: 6 }])
  })

  test('keeps the bytes of what is not UTF-8', () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0x62])
    assert.deepEqual(all(bytes, '\n'), [
      { line: 'a\ufffd\ufffdb', base64: bytes.toString('base64'), offset: 5 },
    ])
  })

  test('cuts a very long line into pieces', () => {
    const pieces = all('x'.repeat(MAX_PIECE_BYTES * 2 + 10), '\n')
    assert.deepEqual(
      pieces.map(({ line, partial }) => [line.length, partial]),
      [
        [MAX_PIECE_BYTES, true],
        [MAX_PIECE_BYTES, true],
        [10, undefined],
      ],
    )
  })

  test('goes on at the offset it is given', () => {
    assert.deepEqual(new LineSplitter(100).push(Buffer.from('a\n')), [{ line: 'a', offset: 102 }])
  })

  test('loses nothing, whatever comes in whatever pieces', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string().map((text) => new TextEncoder().encode(`${text}\n`)),
    )
    fc.assert(
      fc.property(fc.array(bytes), (chunks) => {
        const whole = Buffer.concat(chunks)
        const splitter = new LineSplitter()
        const pieces = [
          ...chunks.flatMap((chunk) => [...splitter.push(chunk), ...splitter.flush()]),
          ...splitter.end(),
        ]
        assert.equal(withoutLineEnds(join(pieces)), withoutLineEnds(whole))
        assert.equal(pieces.at(-1)?.offset ?? 0, whole.length)
      }),
    )
  })
})

function join(pieces: readonly LogPiece[]): Buffer {
  return Buffer.concat(
    pieces.flatMap(({ line, base64, partial }) => [
      base64 === undefined ? Buffer.from(line) : Buffer.from(base64, 'base64'),
      Buffer.from(partial ? '' : '\n'),
    ]),
  )
}

function withoutLineEnds(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll('\r\n', '\n')
}
