import { createNode, type GateRequest } from '@holdfast/core'
import { type OperatingRulesOptions, operatingRules } from '@holdfast/example-custom-plugin'
import { manifest } from '@holdfast/manifest'
import { createTestNode } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

const CONDEMN: GateRequest = { action: 'condemn', actor: 'schedule' }
const at = (time: string) => Date.parse(`2026-06-01T${time}Z`)

async function ask(options: OperatingRulesOptions, now: number, request = CONDEMN) {
  await using test = await createTestNode({
    plugins: ({ dataDir }) => [manifest({ dataDir }), operatingRules(options)],
    now,
  })
  return await test.node.gate.check(request)
}

describe('operating rules', () => {
  it.each([
    ['21:59:59', false, 1000],
    ['22:00:00', true, 0],
    ['23:30:00', true, 0],
    ['05:59:59', true, 0],
    ['06:00:00', false, 16 * 3_600_000],
    ['12:00:00', false, 10 * 3_600_000],
  ])(
    '[K-07] with a window from 22:00 to 06:00, at %s: allowed is %s',
    async (time, allowed, retryAfter = 0) => {
      const verdict = await ask({ maintenance: '22:00-06:00' }, at(time))
      expect(verdict).toMatchObject(allowed ? { allowed } : { allowed, by: 'operating-rules', retryAfter })
    },
  )

  it('[K-07] the licence holds to the end of its last day', async () => {
    const licensedUntil = '2026-06-01'
    expect(await ask({ licensedUntil }, at('23:59:59.999'))).toMatchObject({ allowed: true })
    expect(await ask({ licensedUntil }, Date.UTC(2026, 5, 2))).toMatchObject({
      allowed: false,
      message: expect.stringContaining('2026-06-01'),
    })
  })

  it('[K-07] erasing and dry runs go on at any time, and without options everything is allowed', async () => {
    const rules = { maintenance: '22:00-06:00', licensedUntil: '2020-01-01' }
    expect(await ask(rules, at('12:00:00'), { action: 'erase', actor: 'node' })).toMatchObject({
      allowed: true,
    })
    expect(await ask(rules, at('12:00:00'), { ...CONDEMN, dryRun: true })).toMatchObject({ allowed: true })
    expect(await ask({}, at('12:00:00'))).toMatchObject({ allowed: true })
  })

  it.each(['2026-02-31', '2026-13-01', '2026-2-1', '2026-06-31'])('[K-01] %s is no day', (licensedUntil) => {
    expect(() => createNode({ plugins: [operatingRules({ licensedUntil })], log: 'silent' })).toThrow(
      /it is not a date/,
    )
  })

  it('[K-01] what it cannot read is named', () => {
    expect(() =>
      createNode({
        plugins: [operatingRules({ maintenance: '25:00-06:00', licensedUntil: 'soon' })],
        log: 'silent',
      }),
    ).toThrow(/"maintenance" is "25:00-06:00".*\n.*"licensedUntil" is "soon"/)
  })
})
