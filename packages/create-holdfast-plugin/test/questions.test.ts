import { resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
// The questions are no part of what the package exports.
import { answersFor, terminal } from '../src/answers.ts'
import { readCommandLine } from '../src/command-line.ts'

/** Answers each question as it comes; gives the questions too. */
async function dialogue(args: readonly string[], ...answers: string[]) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let said = ''
  const queue = answers.values()
  output.on('data', (part) => {
    said += part
    // A question ends with its default and a space; a complaint ends its line.
    if (!String(part).endsWith(') ')) return
    const answer = queue.next()
    if (!answer.done) input.write(`${answer.value}\n`)
  })
  const asked = terminal(input, output)
  try {
    return { answered: await answersFor(readCommandLine(args), asked.ask), said }
  } finally {
    asked.close()
  }
}

describe('questions', () => {
  it('[K-13] are asked for what the command line leaves open; an empty answer takes the default', async () => {
    const { answered, said } = await dialogue([], 'backend', '', '')
    expect(answered).toEqual({
      kind: 'backend',
      names: {
        name: 'holdfast-backend-example',
        id: 'backend-example',
        factory: 'backendExample',
      },
      folder: resolve('holdfast-backend-example'),
    })
    expect(said).toBe(
      'What will it be, backend or plugin? (plugin) Its name on npm? (holdfast-backend-example) In which folder? (holdfast-backend-example) ',
    )
  })

  it('[K-13] are asked again until the answer is good', async () => {
    const { answered, said } = await dialogue(['mine'], 'store', 'plugin', 'No Name', '@acme/holdfast-tidy')
    expect(answered).toMatchObject({ kind: 'plugin', names: { id: 'tidy' }, folder: resolve('mine') })
    expect(said).toMatch(/store is neither backend nor plugin\n/)
    expect(said).toMatch(/"No Name" cannot be a name on npm/)
  })

  it('[K-13] are not asked when everything was said', async () => {
    const { answered, said } = await dialogue(['mine', '--kind', 'backend', '--name', '@acme/x'])
    expect(answered).toMatchObject({ kind: 'backend', names: { name: '@acme/x' }, folder: resolve('mine') })
    expect(said).toBe('')
  })
})
