import type { Upload } from '../../content/ports.ts'
import { RegistryRefusal } from './errors.ts'

/** How long an upload may wait for its next piece, ms: long enough to carry a laptop home, short enough for a disk. */
const IDLE_MS = 3_600_000

/** Uploads at once. Each holds a file descriptor, of which a process has 1024 on many systems. */
const MAX_OPEN = 256

export interface UploadLimits {
  readonly idleMs?: number
  readonly maximum?: number
}

interface Session {
  readonly upload: Upload
  readonly repository: string
  users: number
  idle?: NodeJS.Timeout
}

/** The uploads that wait for their next piece. One that nobody comes back to is forgotten after a while. */
export class UploadSessions implements AsyncDisposable {
  readonly #sessions = new Map<string, Session>()
  readonly #idleMs: number
  readonly #maximum: number
  /** Sessions that count already though their file is still being made. */
  #opening = 0

  constructor({ idleMs = IDLE_MS, maximum = MAX_OPEN }: UploadLimits = {}) {
    this.#idleMs = idleMs
    this.#maximum = maximum
  }

  /** @throws {RegistryRefusal} `TOOMANYREQUESTS`, before anything is begun */
  async open(repository: string, begin: () => Promise<Upload>): Promise<Upload> {
    if (this.#sessions.size + this.#opening >= this.#maximum)
      throw new RegistryRefusal('TOOMANYREQUESTS', `There are ${this.#maximum} unfinished uploads already`)
    this.#opening++
    try {
      const session: Session = { upload: await begin(), repository, users: 0 }
      this.#sessions.set(session.upload.id, session)
      this.#expectReturn(session)
      return session.upload
    } finally {
      this.#opening--
    }
  }

  /** Works with an upload, which does not get old meanwhile. @throws {RegistryRefusal} `BLOB_UPLOAD_UNKNOWN` */
  async use(id: string, repository: string, work: (upload: Upload) => Promise<void>): Promise<void> {
    const session = this.#sessions.get(id)
    if (session?.repository !== repository)
      throw new RegistryRefusal('BLOB_UPLOAD_UNKNOWN', `There is no upload ${id}`)
    session.users++
    clearTimeout(session.idle)
    try {
      await work(session.upload)
    } finally {
      session.users--
      if (session.users === 0) this.#expectReturn(session)
    }
  }

  /** From now on nobody finds it; what becomes of the upload is the caller's business. */
  forget({ id }: Upload): void {
    clearTimeout(this.#sessions.get(id)?.idle)
    this.#sessions.delete(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const uploads = [...this.#sessions.values()].map(({ upload }) => upload)
    for (const upload of uploads) this.forget(upload)
    await Promise.all(uploads.map((upload) => upload.abort()))
  }

  #expectReturn(session: Session): void {
    const { upload } = session
    if (!this.#sessions.has(upload.id)) return
    session.idle = setTimeout(() => {
      this.forget(upload)
      // Nobody is there to be told; what stays is found by the next collection.
      upload.abort().catch(() => {})
    }, this.#idleMs).unref()
  }
}
