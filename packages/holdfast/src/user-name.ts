import { userInfo } from 'node:os'

/** Who runs this process. In a container its number may have no name. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? ''}`
  }
}
