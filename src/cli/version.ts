/** Version of the package; a test holds it equal to package.json. */
export const VERSION = '0.1.0'

/** Version of the spec this program implements. */
export const SPEC_VERSION = '0.1'
