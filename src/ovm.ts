#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Compiled code is kept between runs; what is loaded after this line profits.
enableCompileCache()
const { main } = await import('./main.ts')
await main()
