import { type FileHandle, open, stat } from 'node:fs/promises'
import { messageOf, OvmsError } from '../base/error.ts'
import { checkDisk, type DiskImage, detectDiskFormat } from '../block/disk-image.ts'
import { HEADER_BYTES } from '../block/qcow2/header.ts'
import type { BuildFile } from './build-file.ts'

/** A file that goes into an artifact, open. */
export interface BuildInput {
  readonly path: string
  readonly file: FileHandle
  readonly size: number
}

export interface BuildInputs extends AsyncDisposable {
  readonly kernel?: BuildInput
  readonly initrd?: BuildInput
  readonly disks: readonly (BuildInput & DiskImage)[]
}

/**
 * Opens all files of a build and checks the headers of its disks, so that what is refused is refused before a byte of
 * anything goes into the store.
 *
 * @param layersBelow how many disk layers the base has
 * @throws {OvmsError} `file-unreadable`, `disk-invalid`, `disk-refused`, `format-unsupported`
 */
export async function openInputs(build: BuildFile, layersBelow: number): Promise<BuildInputs> {
  await using opened = new AsyncDisposableStack()
  const openIn = async (path: string) => {
    const input = await openInput(path)
    opened.defer(() => input.file.close())
    return input
  }
  const kernel = build.kernel?.file === undefined ? undefined : await openIn(build.kernel.file)
  const initrd = build.initrd && (await openIn(build.initrd.file))
  const disks: (BuildInput & DiskImage)[] = []
  const layers = layersBelow + (build.disks?.length ?? 0)
  for (const { file, format } of build.disks ?? []) {
    const place = { isBottom: layersBelow + disks.length === 0, isAlone: layers === 1 }
    const input = await openIn(file)
    disks.push({ ...input, ...(await readDisk(input, format, place)) })
  }
  const files = opened.move()
  return {
    ...(kernel && { kernel }),
    ...(initrd && { initrd }),
    disks,
    [Symbol.asyncDispose]: () => files.disposeAsync(),
  }
}

async function readDisk(
  { file, path, size }: BuildInput,
  wanted: string | undefined,
  place: { readonly isBottom: boolean; readonly isAlone: boolean },
): Promise<DiskImage> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
  const head = buffer.subarray(0, bytesRead)
  return checkDisk(head, size, { format: wanted ?? detectDiskFormat(head), ...place }, path)
}

/** Looked at before it is opened: to open a pipe is to wait for its other end. */
async function openInput(path: string): Promise<BuildInput> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file')
    const file = await open(path, 'r')
    return { path, file, size: (await file.stat()).size }
  } catch (cause) {
    throw new OvmsError('file-unreadable', `Cannot read ${path}: ${messageOf(cause)}`, {
      cause,
      actual: path,
      hint: 'Paths in a build file are relative to that file',
    })
  }
}
