import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createProgress, type Terminal, table } from '../progress.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function record(size: { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = []
  const terminal: Terminal = { ...size, write: (text: string | Uint8Array) => written.push(String(text)) > 0 }
  return { terminal, written }
}

test('a pipe gets a line for every tenth', () => {
  const { terminal, written } = record()
  const progress = createProgress({ label: 'hours', total: 4000, terminal })
  for (let done = 1; done <= 4000; done++) {
    vi.advanceTimersByTime(1)
    progress.update(done, 'x')
  }
  progress.end()
  expect(written).toHaveLength(10)
  expect(written[4]).toBe('hours   50 %  2,000/4,000  1,000/s  ETA 0:02  x\n')
  expect(written[9]).toBe('hours  100 %  4,000/4,000  1,000/s  ETA 0:00  x\n')
})

test('a terminal gets one line, redrawn ten times a second', () => {
  const { terminal, written } = record({ isTTY: true, columns: 200 })
  const progress = createProgress({ label: 'hours', total: 4000, terminal })
  for (let done = 1; done <= 2000; done++) {
    vi.advanceTimersByTime(1)
    progress.update(done)
  }
  expect(written.length).toBeGreaterThan(19)
  expect(written.length).toBeLessThan(23)
  progress.end()
  progress.end()
  expect(written.slice(-2)).toEqual([
    '\rhours  [############............]  50 %  2,000/4,000  1,000/s  ETA 0:02\u001b[K',
    '\n',
  ])
})

test('a line does not wrap in a narrow terminal', () => {
  const { terminal, written } = record({ isTTY: true, columns: 20 })
  createProgress({ label: 'hours', total: 10, terminal }).end()
  expect(written[0]).toHaveLength('\r'.length + 19 + '\u001b[K'.length)
})

test('a pipe hears where an early end came', () => {
  const { terminal, written } = record()
  const progress = createProgress({ label: 'hours', total: 100, terminal })
  progress.update(5)
  progress.end()
  expect(written).toEqual([expect.stringContaining('5 %  5/100')])
})

test('a table aligns its first column left and the others right', () => {
  const { terminal, written } = record()
  table(
    [
      ['', 'files', 'rows'],
      ['stored', 4282, 3_000_000],
      ['expired', 2126, 1_494_284],
    ],
    terminal,
  )
  expect(written.join('')).toBe(
    ['         files       rows', 'stored   4,282  3,000,000', 'expired  2,126  1,494,284', ''].join('\n'),
  )
})
