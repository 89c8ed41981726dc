export {
  type __Factory__Options,
  __factory__,
  __factory__ as plugin,
  open__Factory__,
} from './backend.ts'
