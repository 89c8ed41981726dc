import { HoldfastError } from '@holdfast/core'

export function configInvalid(file: string, problems: readonly string[], cause?: unknown): HoldfastError {
  return new HoldfastError('HF_CONFIG_INVALID', `${file}: ${problems.join('; ')}`, {
    operation: 'loadNode',
    context: { file, problems },
    cause,
  })
}
