import { memoryBackend } from '@holdfast/testkit'
import { describeBroken } from './base/describe-broken.ts'

// Opened again it is new and empty, though it says that it can be opened.
describeBroken(() => ({}), { reopen: async () => memoryBackend() })
